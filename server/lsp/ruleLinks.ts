import { existsSync } from "node:fs";

/** The `file:` URL of a rule's document on this disk, null where there is none. */
export function ruleDocumentUrl(name: string): string | null {
  // Bundled, the documents lie in dist/rules, beside the entry or above the chunk; from source, beside this room.
  const places = ["./rules/", "../rules/"].map((folder) => new URL(`${folder}${name}.md`, import.meta.url));
  return places.find((place) => existsSync(place))?.href ?? null;
}
