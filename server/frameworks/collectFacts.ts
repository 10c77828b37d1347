import { emptyFacts } from "../facts/emptyFacts.ts";
import { collectHyperparameters } from "../facts/hyperparameters.ts";
import { logDestinations } from "../facts/logDestinations.ts";
import type { NeighbouringSources, SourceIndex } from "../facts/scope.ts";
import { indexSource } from "../facts/sourceIndex.ts";
import { type ImportFact, optimizersHere, type TrainingFacts } from "../facts/trainingFacts.ts";
import type { Module } from "../syntax/tree.ts";
import type { Framework, FrameworkFacts } from "./framework.ts";
import { frameworks } from "./index.ts";
import { mentionPattern } from "./mentionPattern.ts";

const readable = frameworks.map((framework) => ({ framework, mention: mentionPattern(framework.mentions) }));

/** A parsed file as the facts are collected from it. */
export interface FactsInput {
  readonly path: string;
  readonly text: string;
  readonly module: Module;
  /** Pinned versions by library (`"torch"` → `"2.6.0"`); a library that is missing is taken at its newest. */
  readonly libraryVersions: ReadonlyMap<string, string>;
  /** Where its imports lead; a file that stands alone leads nowhere. */
  readonly neighbours?: NeighbouringSources;
}

/** What a file says about training. Never throws: what is not understood is left out. */
export function collectFacts(input: FactsInput): TrainingFacts {
  const { path, text, module, libraryVersions, neighbours } = input;
  const source = indexSource(path, text, module, neighbours);
  let facts: TrainingFacts = { ...emptyFacts(path), language: module.language, imports: importFacts(source) };
  for (const { framework, mention } of readable) {
    if (framework.language !== module.language || !mention.test(text)) continue;
    const found = framework.collect(source, libraryVersions);
    if (found !== null) facts = merged(facts, framework, found);
  }
  if (facts.frameworks.length === 0) return facts;
  return {
    ...facts,
    hyperparameters: collectHyperparameters(source, optimizersHere(facts), facts.trainers),
    logDestinations: logDestinations(source),
  };
}

function merged(facts: TrainingFacts, framework: Framework, found: FrameworkFacts): TrainingFacts {
  const shift = facts.optimizers.length;
  const shifted = (indices: readonly number[]) => indices.map((index) => index + shift);
  const loops = (found.loops ?? []).map((loop) => ({
    ...loop,
    optimizers: shifted(loop.optimizers),
    events: loop.events.map((event) => ({ ...event, optimizers: shifted(event.optimizers) })),
  }));
  return {
    ...facts,
    frameworks: [...facts.frameworks, framework.name],
    optimizers: [...facts.optimizers, ...(found.optimizers ?? [])],
    loops: [...facts.loops, ...loops],
    precision: [...facts.precision, ...(found.precision ?? [])],
    traits: [...facts.traits, ...(found.traits ?? [])],
    lossTerms: [...facts.lossTerms, ...(found.lossTerms ?? [])],
    l2Penalties: [
      ...facts.l2Penalties,
      ...(found.l2Penalties ?? []).map((each) => ({ ...each, optimizers: shifted(each.optimizers) })),
    ],
    lossCalls: [...facts.lossCalls, ...(found.lossCalls ?? [])],
    graphAccumulations: [...facts.graphAccumulations, ...(found.graphAccumulations ?? [])],
    trainers: [...facts.trainers, ...(found.trainers ?? [])],
    ineffectiveClips: [...facts.ineffectiveClips, ...(found.ineffectiveClips ?? [])],
    hiddenNonfinites: [...facts.hiddenNonfinites, ...(found.hiddenNonfinites ?? [])],
    deepSpeedKeys: [...facts.deepSpeedKeys, ...(found.deepSpeedKeys ?? [])],
    schedulers: [
      ...facts.schedulers,
      ...(found.schedulers ?? []).map((each) => ({ ...each, optimizers: shifted(each.optimizers) })),
    ],
    learningRateWrites: [...facts.learningRateWrites, ...(found.learningRateWrites ?? [])],
    epochLoops: [
      ...facts.epochLoops,
      ...(found.epochLoops ?? []).map((each) => ({ ...each, optimizers: shifted(each.optimizers) })),
    ],
    unaveragedAccumulations: [...facts.unaveragedAccumulations, ...(found.unaveragedAccumulations ?? [])],
    lossScalerCalls: [...facts.lossScalerCalls, ...(found.lossScalerCalls ?? [])],
    evaluationModes: [...facts.evaluationModes, ...(found.evaluationModes ?? [])],
    unvalidatedTrainings: [...facts.unvalidatedTrainings, ...(found.unvalidatedTrainings ?? [])],
    unshuffledData: [...facts.unshuffledData, ...(found.unshuffledData ?? [])],
    smallNormBatches: [...facts.smallNormBatches, ...(found.smallNormBatches ?? [])],
    samplerEpochs: [...facts.samplerEpochs, ...(found.samplerEpochs ?? [])],
    exhaustedParameters: [...facts.exhaustedParameters, ...(found.exhaustedParameters ?? [])],
    deprecatedAmp: [...facts.deprecatedAmp, ...(found.deprecatedAmp ?? [])],
    missingParameters: [...facts.missingParameters, ...(found.missingParameters ?? [])],
    unsavedState: [...facts.unsavedState, ...(found.unsavedState ?? [])],
    unguardedLoops: [...facts.unguardedLoops, ...(found.unguardedLoops ?? [])],
    anomalyDetections: [...facts.anomalyDetections, ...(found.anomalyDetections ?? [])],
    decayedNorms: [
      ...facts.decayedNorms,
      ...(found.decayedNorms ?? []).map((each) => ({ ...each, optimizers: shifted(each.optimizers) })),
    ],
    lossLogs: [...facts.lossLogs, ...(found.lossLogs ?? [])],
    batchLoops: [...facts.batchLoops, ...(found.batchLoops ?? [])],
    optimizerRestores: [...facts.optimizerRestores, ...(found.optimizerRestores ?? [])],
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
