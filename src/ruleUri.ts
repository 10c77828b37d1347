/** Where a rule's document lives in the editor: `haywire-rule:/NAME.md`. */
export const ruleScheme = "haywire-rule";

export function ruleUri(name: string): { readonly scheme: string; readonly path: string } {
  return { scheme: ruleScheme, path: `/${name}.md` };
}

/** The rule that a link's path ends in (`…/NAME.md`), null when it is no such path. */
export function ruleNameOf(path: string): string | null {
  return /(?:^|\/)([a-z0-9]+(?:-[a-z0-9]+)*)\.md$/.exec(path)?.[1] ?? null;
}
