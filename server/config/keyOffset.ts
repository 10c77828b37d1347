/**
 * Where a key stands in a TOML text: the offset of the line that sets it inside the named table, also when the path to it is
 * dotted or inline (then the line that begins the path). Null when it is not found. TOML parsers give no places.
 */
export function keyOffset(text: string, table: string, key: string): number | null {
  const wanted = [...(table === "" ? [] : table.split(".")), key];
  let current: string[] = [];
  let offset = 0;
  let nearest: { readonly offset: number; readonly depth: number } | null = null;
  for (const line of text.split("\n")) {
    const header = /^\s*\[([^[\]]+)\]/.exec(line)?.[1];
    const assigned = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(line)?.[1];
    if (header !== undefined) current = keyParts(header);
    else if (assigned !== undefined) {
      const path = [...current, ...keyParts(assigned)];
      const isOnTheWay = path.every((part, index) => part === wanted[index]);
      if (isOnTheWay && path.length > (nearest?.depth ?? 0)) nearest = { offset, depth: path.length };
    }
    offset += line.length + 1;
  }
  return nearest?.offset ?? null;
}

function keyParts(dotted: string): string[] {
  return [...dotted.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}
