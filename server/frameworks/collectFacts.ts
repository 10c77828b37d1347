import { collectHyperparameters } from "../facts/hyperparameters.ts";
import type { SourceIndex } from "../facts/scope.ts";
import { indexSource } from "../facts/sourceIndex.ts";
import type { FrameworkName, ImportFact, TrainingFacts } from "../facts/trainingFacts.ts";
import type { Module } from "../syntax/tree.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { collectTorchGraphAccumulations } from "./pytorchGraphAccumulation.ts";
import { collectTorchLoops } from "./pytorchLoop.ts";
import { collectTorchOptimizers } from "./pytorchOptimizers.ts";
import { collectTorchPrecision } from "./pytorchPrecision.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";
import { collectTfjsLoops } from "./tensorflowjsLoop.ts";
import { collectTfjsOptimizers } from "./tensorflowjsOptimizers.ts";
import { collectTfjsTraits } from "./tensorflowjsTraits.ts";

/** A parsed file as the facts are collected from it. */
export interface FactsInput {
  readonly path: string;
  readonly text: string;
  readonly module: Module;
  /** Pinned versions by library (`"torch"` → `"2.6.0"`); a library that is missing is taken at its newest. */
  readonly libraryVersions: ReadonlyMap<string, string>;
}

/** What a file says about training. Never throws: what is not understood is left out. */
export function collectFacts(input: FactsInput): TrainingFacts {
  const { path, text, module, libraryVersions } = input;
  const source = indexSource(path, text, module);
  const empty: TrainingFacts = {
    path,
    language: module.language,
    frameworks: [],
    optimizers: [],
    loops: [],
    precision: [],
    traits: [],
    lossTerms: [],
    graphAccumulations: [],
    hyperparameters: [],
    imports: importFacts(source),
  };
  if (module.language === "python") {
    const optimizers = collectTorchOptimizers(source, libraryVersions);
    const loops = collectTorchLoops(source, optimizers);
    const drafts = loops.map(({ draft }) => draft);
    const frameworks: FrameworkName[] = /\btorch\b/.test(text) ? ["pytorch"] : [];
    return {
      ...empty,
      frameworks,
      optimizers: optimizers.map(({ fact }) => fact),
      loops: loops.map(({ fact }) => fact),
      precision: collectTorchPrecision(source, optimizers, drafts),
      traits: collectTorchTraits(source),
      lossTerms: collectLossTerms(source, drafts),
      graphAccumulations: collectTorchGraphAccumulations(source, drafts),
      hyperparameters: collectHyperparameters(
        source,
        optimizers.map(({ fact }) => fact),
      ),
    };
  }
  const optimizers = collectTfjsOptimizers(source);
  if (optimizers.length === 0 && !/tensorflow\/tfjs|\btf\./.test(text)) return empty;
  const { drafts, facts } = collectTfjsLoops(source, optimizers);
  const optimizerFacts = optimizers.map(({ fact }) => fact);
  return {
    ...empty,
    frameworks: ["tensorflowjs"],
    optimizers: optimizerFacts,
    loops: facts,
    traits: collectTfjsTraits(source),
    lossTerms: collectLossTerms(source, drafts),
    hyperparameters: collectHyperparameters(source, optimizerFacts),
  };
}

function importFacts(source: SourceIndex): readonly ImportFact[] {
  return source.imports.flatMap(({ statement }) =>
    statement.names.map(({ imported, local, range }) => ({
      start: range.start,
      end: range.end,
      module: statement.module,
      imported,
      local,
      statement: { start: statement.start, end: statement.end },
      uses: source.nameUses.get(local) ?? 0,
    })),
  );
}
