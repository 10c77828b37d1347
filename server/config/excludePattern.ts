import path from "node:path";
import type { ExcludePattern } from "./settings.ts";

/** Whether a file or folder (absolute) is excluded; a glob without a slash holds at any depth, and a folder's glob for all in it. */
export function isExcluded(file: string, patterns: readonly ExcludePattern[]): boolean {
  return patterns.some(({ glob, base }) => {
    const relative = path.relative(base, file).split(path.sep).join("/");
    return relative !== "" && !relative.startsWith("../") && globExpression(glob).test(relative);
  });
}

/** `*` and `?` stay within a name, `**` spans folders, `{a,b}` chooses. */
export function globExpression(glob: string): RegExp {
  const trimmed = glob.replace(/^\.?\//, "").replace(/\/$/, "");
  const anywhere = trimmed.includes("/") ? "" : "(?:.*/)?";
  const body = trimmed.replace(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 1 && part.startsWith("{")) return `(?:${part.slice(1, -1).split(",").map(literal).join("|")})`;
    return literal(part);
  });
  return new RegExp(`^${anywhere}${body}(?:/.*)?$`);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
