import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { TrainerFact } from "../facts/trainerFacts.ts";
import type { Call } from "../syntax/tree.ts";
import { scheduleOf } from "./warmlessSchedules.ts";

/**
 * The schedule of a Trainer's settings where it begins at the full rate and the one Trainer of the file trains a model that is
 * built from its configuration. `warmup_steps` is 0 and `warmup_ratio` unset by default: transformers 5.23 training_args.py.
 */
export function warmlessTrainer(
  source: SourceIndex,
  site: CallSite,
  trainer: TrainerFact,
  index: number,
): readonly SchedulerFact[] {
  const { schedule, warmupSteps, warmupRatio } = trainer.settings;
  const named = schedule?.resolved;
  if (named?.known !== true || !/^(linear|cosine|polynomial)$/.test(String(named.value))) return [];
  const settings = [warmupSteps, warmupRatio].map((each) => each?.resolved);
  const isOff = settings.every(
    (each) =>
      each === undefined ||
      (each.known && [each.value, ...each.alternatives].every((value) => value === null || value === 0)),
  );
  if (!isOff || named.alternatives.length > 0 || !trainsFromScratch(source)) return [];
  return [
    {
      ...scheduleOf(site.call, site.statement, trainer.nameRange),
      framework: "huggingface",
      constructorName: `The ${String(named.value)} schedule`,
      boundTo: null,
      optimizers: [index],
    },
  ];
}

/** Every Trainer of the file gets a model of transformers that is made of a configuration, and nothing loads weights. */
function trainsFromScratch(source: SourceIndex): boolean {
  if (
    /\b(load_state_dict|load_model|load_checkpoint|resume_from_checkpoint|optimizers\s*=|create_scheduler)\b/.test(
      source.text,
    )
  )
    return false;
  const loads = source.callsByTerminalName.get("from_pretrained") ?? [];
  const isModel = ({ call }: CallSite): boolean => {
    const { callee } = call;
    const owner = callee.kind === "attribute" ? (terminalName(callee.object) ?? "") : "";
    return !/(Tokenizer|TokenizerFast|Config|Processor|Extractor|GenerationConfig)$/.test(owner);
  };
  if (loads.some(isModel)) return false;
  const trainers = ["Trainer", "Seq2SeqTrainer", "SFTTrainer"].flatMap(
    (name) => source.callsByTerminalName.get(name) ?? [],
  );
  return (
    trainers.length > 0 &&
    trainers.every(({ call, scope }) => {
      const model = argumentFor(call, "model", 0);
      if (model === null || model === "unclear") return false;
      return linkedCalls(model.value, scope, (made, from) => isBuilt(made, qualifiedName(made.callee, from))).size > 0;
    })
  );
}

/** `GPT2LMHeadModel(config)`, `AutoModelForCausalLM.from_config(config)`. */
function isBuilt(made: Call, name: string | null): boolean {
  if (name === null || !name.startsWith("transformers.")) return false;
  const last = name.split(".").at(-1) ?? "";
  return last === "from_config" || (/(Model|For[A-Z]\w+)$/.test(last) && made.arguments.length > 0);
}
