import type { ImportFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext } from "./framework.ts";
import { insertLineAfter } from "./sourceLines.ts";

/** A name as this file writes it, with the edit that imports it where it has to be. */
export interface NameInFile {
  readonly name: string;
  readonly edits: readonly TextEdit[];
}

/**
 * How the file writes `module.name` (`torch.nn.utils.clip_grad_norm_`, `nn.utils.clip_grad_norm_`, or the bare name when it is
 * imported); an import is added after the last one at the top of the file. Null when there is no place for it.
 */
export function torchName({ text, facts }: FixContext, module: string, name: string): NameInFile | null {
  const direct = facts.imports.find((each) => each.module === module && each.imported === name);
  if (direct !== undefined) return { name: direct.local, edits: [] };
  let best: string | null = null;
  for (const each of facts.imports) {
    const bound = boundModule(each);
    if (bound === null || (bound !== module && !module.startsWith(`${bound}.`))) continue;
    if (bound === module) return { name: `${each.local}.${name}`, edits: [] };
    const written = `${each.local}${module.slice(bound.length)}.${name}`;
    // `torch.…` says most plainly what it is; otherwise the first way that the file has.
    if (best === null || each.local === "torch") best = written;
  }
  if (best !== null) return { name: best, edits: [] };
  const last = facts.imports.findLast(({ statement }) => isTopLevel(text, statement.start));
  const insertion = last === undefined ? null : insertLineAfter(text, last.statement, `from ${module} import ${name}`);
  return insertion === null ? null : { name, edits: [insertion] };
}

/** Several names of one module: beside those that the file imports from it, else with one import for those that need it. */
export function torchNames(
  context: FixContext,
  module: string,
  names: readonly string[],
): { readonly names: readonly string[]; readonly edits: readonly TextEdit[] } | null {
  const { imports } = context.facts;
  const sibling = imports.findLast((each) => each.module === module && each.imported !== null && each.imported !== "*");
  if (sibling !== undefined && isTopLevel(context.text, sibling.statement.start)) {
    const local = (name: string) => imports.find((each) => each.module === module && each.imported === name)?.local;
    const added = names.filter((name) => local(name) === undefined);
    const newText = added.map((name) => `, ${name}`).join("");
    const edits = added.length === 0 ? [] : [{ start: sibling.end, end: sibling.end, newText }];
    return { names: names.map((name) => local(name) ?? name), edits };
  }
  const found = names.map((name) => ({ name, inFile: torchName(context, module, name) }));
  const missing = found.filter(({ inFile }) => inFile === null || inFile.edits.length > 0);
  const written = found.map(({ name, inFile }) => inFile?.name ?? name);
  if (missing.length === 0) return { names: written, edits: [] };
  const all = torchName(context, module, missing.map(({ name }) => name).join(", "));
  return all === null ? null : { names: written, edits: all.edits };
}

function isTopLevel(text: string, offset: number): boolean {
  return offset === 0 || text[offset - 1] === "\n";
}

/** The module that an imported name is bound to, null for names that are no torch module. */
function boundModule({ module, imported, local }: ImportFact): string | null {
  if (module.split(".")[0] !== "torch") return null;
  if (imported === null) return module.startsWith(`${local}.`) ? local : module;
  const submodule = /^(nn|optim|functional|utils|amp|cuda)$/;
  return submodule.test(imported) ? `${module}.${imported}` : null;
}
