import type { FrameworkName, OptimizerFact, PrecisionFact, TrainingFacts } from "../facts/trainingFacts.ts";

const spikyTraits = {
  recurrent: "recurrent nets",
  transformer: "transformers",
  "reinforcement-learning": "reinforcement learning",
  gan: "adversarial training",
} as const;

/** Why gradients of this file are prone to sudden large values: `"recurrent nets (nn.LSTM)"`; null when nothing says so. */
export function spikyBecause(facts: TrainingFacts, framework: FrameworkName): string | null {
  for (const { trait, shownBy } of facts.traits) {
    if (trait in spikyTraits) return `${spikyTraits[trait as keyof typeof spikyTraits]} (${shownBy})`;
  }
  const mixed = precisionInUse(facts, framework).find(({ type }) => type !== "unknown");
  if (mixed === undefined) return null;
  return `${mixed.scope === "parameters" ? "half" : "mixed"} precision (${mixed.shownBy})`;
}

/** Reduced precision that is not certainly off. */
export function precisionInUse(facts: TrainingFacts, framework: FrameworkName): readonly PrecisionFact[] {
  return facts.precision.filter((fact) => fact.framework === framework && !isOff(fact));
}

/** Switched off, and nothing outside the code can switch it on. */
export function isOff({ enabled }: PrecisionFact): boolean {
  return isOffByDefault(enabled) && enabled.known && !enabled.overridable;
}

/** Off unless a flag, a config or a caller switches it on. */
export function isOffByDefault(enabled: PrecisionFact["enabled"]): boolean {
  return enabled.known && !enabled.value && !enabled.alternatives.includes(true);
}

/**
 * A literal list of tensors: an image, an embedding or a temperature is optimized rather than a net (style transfer, adversarial
 * examples, entropy coefficients), where rates near 0.1 are usual and there is no norm over many weights to clip.
 */
export function optimizesTensors({
  parametersText,
  hasParameterGroups,
}: Pick<OptimizerFact, "parametersText" | "hasParameterGroups">): boolean {
  return (
    parametersText !== null && /^[[(]/.test(parametersText) && !hasParameterGroups && !/param/i.test(parametersText)
  );
}

/** A library that keeps float32 master weights takes part: DeepSpeed, Apex, fairseq. */
export function keepsMasterWeights(facts: TrainingFacts): boolean {
  return (
    facts.loops.some(({ wrappedBy }) => wrappedBy !== null && /deepspeed|apex/i.test(wrappedBy)) ||
    facts.imports.some(({ module, imported }) => /deepspeed|\bapex\b|fairseq/i.test(`${module}.${imported ?? ""}`))
  );
}

/** A script that times training steps: what its weights become does not matter. */
export function timesOnly({ facts, text }: { readonly facts: TrainingFacts; readonly text: string }): boolean {
  return (
    /(^|[\\/])(\w+_)?bench(mark)?(_\w+)?\.\w+$/i.test(facts.path) &&
    /perf_counter|time\.time\(|\.synchronize\(|elapsed_time|torch\.utils\.benchmark|timeit/.test(text)
  );
}
