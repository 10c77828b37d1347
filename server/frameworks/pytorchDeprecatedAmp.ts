import type { DeprecatedAmpCall, DeprecatedAmpFact } from "../facts/deprecatedAmpFacts.ts";
import { dottedText } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Import } from "../syntax/tree.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { isOlder } from "./libraryAge.ts";
import { quoteOf } from "./sourceLines.ts";

/** `torch.amp.autocast` and `torch.amp.GradScaler` take the device from 2.3 on; the old names warn from 2.4 on. */
const deprecatedSince = [2, 4] as const;

/** Code that chooses between old and new torch itself, or sets the type that the new spelling would take. */
const choosesItself =
  /try:\s*\n(?:[ \t]+.*\n){0,4}?[ \t]+(?:from|import)[ \t]+torch[\w.]*(?:[ \t]+import.*)?amp|except\s*\(?(?:AttributeError|TypeError|ImportError)[^\n]*\n(?:[ \t]+.*\n){0,4}?.*cuda\.amp|hasattr\(\s*torch|torch\.__version__|version\.parse|TORCH_\w*\d|torch_version|torch_[gl]te?\b|is_torch_\w*(?:version|greater)|LooseVersion|digit_version|check_version|set_autocast_(?:gpu_)?dtype/;
const old = /^torch\.(cuda|cpu)\.amp\.(?:autocast_mode\.|grad_scaler\.)?(autocast|GradScaler)$/;
/** torch 2.13 cuda/amp/autocast_mode.py L44-50; the new one is (device_type, dtype, enabled, cache_enabled). */
const autocastParameters = ["enabled", "dtype", "cache_enabled"];

/** Spellings of mixed precision that torch 2.4 has deprecated, and Apex. */
export function collectDeprecatedAmp(
  source: SourceIndex,
  libraryVersions: ReadonlyMap<string, string>,
): readonly DeprecatedAmpFact[] {
  const { text } = source;
  if (!/\bamp\b/.test(text)) return [];
  const apex = apexCalls(source);
  if (
    !/(?:cuda|cpu)\b.*\bamp\b/.test(text) ||
    isOlder(libraryVersions.get("torch") ?? null, deprecatedSince) ||
    choosesItself.test(text)
  )
    return apex;
  const imports = source.imports.filter(({ statement }) => bringsAmp(statement));
  const aliases = imports.flatMap(({ statement }) => statement.names.map(({ local }) => local));
  const sites = [...new Set(["autocast", "GradScaler", ...aliases])].flatMap(
    (name) => source.callsByTerminalName.get(name) ?? [],
  );
  const ofImport: CallSite[] = [];
  const facts: DeprecatedAmpFact[] = [];
  for (const site of sites) {
    const match = qualifiedName(site.call.callee, site.scope)?.match(old);
    if (!match) continue;
    const written = dottedText(site.call.callee);
    const device = match[1] === "cpu" ? "cpu" : "cuda";
    if (written !== `torch.${device}.amp.${match[2]}`) {
      ofImport.push(site);
      continue;
    }
    const { callee } = site.call;
    const call = rewritten(site, device, `torch.amp.${match[2]}`);
    facts.push({
      start: callee.start,
      end: callee.end,
      framework: "pytorch",
      name: written,
      replacement: `torch.amp.${match[2]}("${device}", …)`,
      imported: null,
      calls: call === null ? null : [call],
    });
  }
  const [only, second] = imports;
  if (ofImport.length > 0 && only !== undefined) {
    facts.push(importFact(only.statement, second === undefined, ofImport, source));
  }
  return [...facts, ...apex].toSorted((a, b) => a.start - b.start);
}

function bringsAmp({ module, names }: Import): boolean {
  if (/^torch\.(cuda|cpu)\.amp\b/.test(module)) return names.some(({ local }) => local !== "torch");
  return /^torch\.(cuda|cpu)$/.test(module) && names.some(({ imported }) => imported === "amp");
}

/** `from torch.cuda.amp import autocast, GradScaler` with every call of the two; `from torch.cuda import amp` likewise. */
function importFact(
  statement: Import,
  isOnly: boolean,
  sites: readonly CallSite[],
  source: SourceIndex,
): DeprecatedAmpFact {
  const device = statement.module.includes("cpu") ? "cpu" : "cuda";
  const calls = sites.map((site) => rewritten(site, device, null));
  const written = source.text.slice(statement.start, statement.end);
  const module = written.indexOf(statement.module);
  const whole = calls.flatMap((call) => call ?? []);
  const isWhole =
    isOnly &&
    module >= 0 &&
    whole.length === calls.length &&
    !/torch\.amp\b/.test(source.text) &&
    areAllUses(statement, sites, source);
  const names = [...new Set(sites.map(({ call }) => dottedText(call.callee)?.split(".").at(-1) ?? ""))];
  const start = statement.start + module;
  return {
    start: statement.start,
    end: statement.end,
    framework: "pytorch",
    name: statement.module.endsWith("amp") ? statement.module : `${statement.module}.amp`,
    replacement: `torch.amp, where ${names.join(" and ")} take${names.length === 1 ? "s" : ""} the device first ("${device}")`,
    imported: isWhole
      ? {
          start,
          end: start + statement.module.length,
          newText: statement.module.endsWith("amp") ? "torch.amp" : "torch",
        }
      : null,
    calls: isWhole ? whole : null,
  };
}

/** Everything that the import brings is called, and nothing else is done with it. */
function areAllUses({ module, names }: Import, sites: readonly CallSite[], source: SourceIndex): boolean {
  const isModule = !module.endsWith("amp");
  return names.every(({ imported, local }) => {
    if (imported === "*" || (imported === null && local !== "amp")) return false;
    if (!isModule && imported !== null && imported !== "autocast" && imported !== "GradScaler") return false;
    if (isModule && imported !== "amp") return false;
    const called = sites.filter(({ call }) => {
      const { callee } = call;
      return (callee.kind === "attribute" ? dottedText(callee.object) : dottedText(callee)) === local;
    });
    return (source.nameUses.get(local) ?? 0) === called.length;
  });
}

/** How a call changes; null where its arguments are not all plain. */
function rewritten({ call, scope }: CallSite, device: "cuda" | "cpu", name: string | null): DeprecatedAmpCall | null {
  if (call.arguments.some(({ spread }) => spread !== null)) return null;
  const positional = call.arguments.filter((argument) => argument.name === null);
  if (positional.length > autocastParameters.length + 2) return null;
  const isAutocast = /autocast$/.test(dottedText(call.callee) ?? "") || call.callee.kind === "name";
  const open = scope.source.text.indexOf("(", call.callee.end) + 1;
  if (open === 0 || scope.source.text.slice(call.callee.end, open).trim() !== "(") return null;
  const isScaler = qualifiedName(call.callee, scope)?.endsWith("GradScaler") === true;
  return {
    device,
    callee: name === null ? null : { start: call.callee.start, end: call.callee.end, newText: name },
    open,
    hasArguments: call.arguments.length > 0,
    named:
      isAutocast && !isScaler
        ? positional.map(({ value }, index) => ({ at: value.start, keyword: autocastParameters[index] ?? "" }))
        : [],
  };
}

function apexCalls(source: SourceIndex): readonly DeprecatedAmpFact[] {
  return (source.callsByTerminalName.get("initialize") ?? []).flatMap(({ call, scope }) => {
    if (qualifiedName(call.callee, scope) !== "apex.amp.initialize") return [];
    const { start, end } = call.callee;
    return [
      { start, end, framework: "pytorch", name: "apex.amp", replacement: null, imported: null, calls: null } as const,
    ];
  });
}

/** The new spelling: the device first, and what has moved by keyword. */
export function currentAmp({ text }: FixContext, { calls, imported, replacement }: DeprecatedAmpFact): FixDraft | null {
  if (calls === null || replacement === null) return null;
  const quote = quoteOf(text);
  const edits = calls.flatMap(({ callee, open, device, hasArguments, named }) => [
    ...(callee === null ? [] : [{ start: callee.start, end: callee.end, newText: callee.newText }]),
    {
      start: open,
      end: open,
      newText: `${quote}${device}${quote}${!hasArguments ? "" : /\s/.test(text[open] ?? "") ? "," : ", "}${named[0]?.at === open ? `${named[0].keyword}=` : ""}`,
    },
    ...named.filter(({ at }) => at !== open).map(({ at, keyword }) => ({ start: at, end: at, newText: `${keyword}=` })),
  ]);
  return {
    title: imported === null ? `Write ${replacement}` : "Import it from torch.amp, with the device in every call",
    edits: [...(imported === null ? [] : [imported]), ...edits]
      .map(({ start, end, newText }) => ({ start, end, newText }))
      .toSorted((a, b) => a.start - b.start),
  };
}
