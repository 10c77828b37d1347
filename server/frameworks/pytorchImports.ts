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
