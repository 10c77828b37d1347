import type { RelatedPlace } from "../rules/rule.ts";
import { indexLines, positionAt, rowColumnAt } from "../text/lineIndex.ts";
import type { Diagnostic, LocatedPlace } from "./diagnostic.ts";

/** Diagnostics whose places in other files say where they are; a place whose file cannot be read is left out. */
export function locatePlaces(
  diagnostics: readonly Diagnostic[],
  path: string,
  textOf: (file: string) => string | null,
): readonly Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    if (diagnostic.related.every((place) => place.path === path)) return diagnostic;
    return { ...diagnostic, related: diagnostic.related.flatMap((place) => located(place, path, textOf) ?? []) };
  });
}

function located(place: RelatedPlace, path: string, textOf: (file: string) => string | null): LocatedPlace | null {
  if (place.path === path) return place;
  const text = textOf(place.path);
  if (text === null) return null;
  const lines = indexLines(text);
  const at = (offset: number) => ({ ...positionAt(lines, offset), ...rowColumnAt(lines, offset) });
  return { ...place, located: { start: at(place.start), end: at(place.end) } };
}
