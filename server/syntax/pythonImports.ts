import { namedChildren, type Slice } from "./pythonExpressions.ts";
import type { PythonNode } from "./pythonNodes.ts";
import type { Import } from "./tree.ts";

/** One import a module: `import a, b` gives two, both with the range of the whole statement. */
export function convertImport(node: PythonNode, slice: Slice): readonly Import[] {
  const { start, end } = node;
  const parts = namedChildren(node);
  if (node.type === "import_statement") {
    return parts.map((part) => {
      const { imported, local, range } = importedName(part, slice);
      const isAliased = part.type === "aliased_import";
      const names = [{ imported: null, local: isAliased ? local : (imported.split(".")[0] ?? imported), range }];
      return { kind: "import", start, end, module: imported, names };
    });
  }
  const isFuture = node.type === "future_import_statement";
  const from = isFuture ? undefined : parts[0];
  const names = (isFuture ? parts : parts.slice(1)).map((part) => importedName(part, slice));
  return [{ kind: "import", start, end, module: from ? withoutSpace(from, slice) : "__future__", names }];
}

function importedName(node: PythonNode, slice: Slice): { imported: string; local: string; range: PythonRange } {
  const range = { start: node.start, end: node.end };
  if (node.type === "wildcard_import") return { imported: "*", local: "*", range };
  const [name, alias] = node.type === "aliased_import" ? namedChildren(node) : [node];
  const imported = name ? withoutSpace(name, slice) : "";
  return { imported, local: alias ? slice(alias.start, alias.end) : imported, range };
}

type PythonRange = Import["names"][number]["range"];

/** `os . path` is `os.path`; a line may be continued between the two. */
function withoutSpace(node: PythonNode, slice: Slice): string {
  return slice(node.start, node.end).replace(/[\s\\]+/g, "");
}
