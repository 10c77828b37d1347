import { terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { ModelTraitFact } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";

type Trait = ModelTraitFact["trait"];

/** What kind of model and training a file shows, one fact a kind: rules rank their findings by it. */
export function collectTorchTraits(source: SourceIndex): readonly ModelTraitFact[] {
  const found = new Map<Trait, ModelTraitFact>();
  const add = (trait: Trait, shownBy: string, { start, end }: TextRange): void => {
    if (!found.has(trait)) found.set(trait, { trait, shownBy, start, end });
  };
  for (const { statement } of source.imports) {
    const module = statement.module.split(".")[0] ?? "";
    if (/^(gym|gymnasium|pettingzoo|procgen|envpool|stable_baselines3)$/.test(module)) {
      add("reinforcement-learning", module, statement);
    }
    if (module === "transformers") add("transformer", module, statement);
  }
  const layers = new Map<string, Trait>();
  for (const name of source.callsByTerminalName.keys()) {
    const trait = layerTrait(name);
    if (trait !== null) layers.set(name, trait);
  }
  const mayBePretrained = source.text.includes("pretrained");
  for (const { call, scope } of source.calls) {
    const name = terminalName(call.callee);
    if (name === null) continue;
    if (name === "from_pretrained" && !isNoModel.test(source.text.slice(call.callee.start, call.callee.end))) {
      add("pretrained", name, call);
    }
    if (
      name === "step" &&
      call.callee.kind === "attribute" &&
      /^(\w+_)?envs?$/.test(terminalName(call.callee.object) ?? "")
    ) {
      add("reinforcement-learning", "env.step", call);
    }
    const trait = layers.get(name);
    if (trait !== undefined && qualifiedName(call.callee, scope)?.startsWith("torch.nn.") === true) {
      add(trait, `nn.${name}`, call.callee);
    }
    if (!mayBePretrained) continue;
    for (const argument of call.arguments) {
      const { name: keyword, value } = argument;
      if (keyword === "pretrained" && value.kind === "boolean" && value.value)
        add("pretrained", "pretrained=True", argument);
    }
  }
  for (const { definition } of source.classes.values()) {
    if (isTransformerPart.test(definition.name)) add("transformer", definition.name, definition.nameRange);
    if (/^(Actor|Critic|ActorCritic|Policy\w*|QNetwork|DQN)$/.test(definition.name)) {
      add("reinforcement-learning", definition.name, definition.nameRange);
    }
  }
  const gan = ganNames(source);
  if (gan !== null) add("gan", gan, source.module.body[0] ?? source.module);
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

/** Attention alone says little: recurrent, convolutional and graph nets have it too. */
const isTransformerPart =
  /Transformer|Multi_?[Hh]ead(ed)?_?(\w*_)?[Aa]tt(entio)?n|(Self|Causal|Scaled_?[Dd]ot_?[Pp]roduct)_?[Aa]ttention/;

/** What else comes from a hub: a tokenizer says nothing of the weights that are trained. */
const isNoModel = /(Tokenizer\w*|Processor|Extractor|Config|Scheduler)\.from_pretrained$/;

function layerTrait(name: string): Trait | null {
  if (/^(LSTM|GRU|RNN)(Cell)?$/.test(name)) return "recurrent";
  if (/^(Transformer\w*|MultiheadAttention)$/.test(name)) return "transformer";
  return /^(Sync)?BatchNorm(\dd)?$/.test(name) ? "batch-norm" : null;
}

/** A generator and a discriminator by their usual names. */
function ganNames({ nameUses, text }: SourceIndex): string | null {
  const pairs = [
    ["netG", "netD"],
    ["generator", "discriminator"],
    ["Generator", "Discriminator"],
    ["generator", "critic"],
    ["optimizer_G", "optimizer_D"],
    ["G", "D"],
  ] as const;
  for (const [generator, discriminator] of pairs) {
    if (!nameUses.has(generator) || !nameUses.has(discriminator)) continue;
    // Letters stand for sizes and matrices too.
    if (generator !== "G" || /\b[GD]\.(parameters|zero_grad|train)\(/.test(text))
      return `${generator} and ${discriminator}`;
  }
  return null;
}
