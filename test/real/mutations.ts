/** One fault that is put into a script; `make` gives the script's new text, or null where it has no place for the fault. */
export interface Mutation {
  readonly name: string;
  /** The rule that must find it. */
  readonly rule: string;
  readonly make: (text: string) => string | null;
}

const zeroGrad = /^\s*[\w.]+\.zero_grad\([^;]*\)\s*(#.*)?$/;
const backward = /^\s*[\w.()/ ]+\.backward\(.*\)\s*(#.*)?$/;
const optimizerStep = /^\s*(self\.)?\w*(opt|optim|optimizer|trainer)\w*\.step\(\)\s*(#.*)?$/i;
const anyStep = /^\s*((self\.)?\w*(opt|optim|optimizer)\w*\.step\(\)|(self\.)?\w*scaler\w*\.step\(.*\))\s*(#.*)?$/i;
const schedulerStep = /^\s*(self\.)?\w*sched\w*\.step\(\)\s*(#.*)?$/i;
const clip = /^\s*(\w+ = )?(torch\.)?(nn\.)?(utils\.)?clip_grad_(norm|value)_?\(.*\)\s*(#.*)?$/;
const trains = /\.backward\(/;
const validates = /for .* in .*\b(val|valid|test|dev|eval)\w*.*:\n/;

export const mutations: readonly Mutation[] = [
  { name: "zero_grad removed", rule: "zero-grad-missing", make: removing(zeroGrad, /\.step\(\)/) },
  {
    name: "zero_grad moved between backward and step",
    rule: "zero-grad-missing",
    make: (text) => {
      const lines = text.split("\n");
      for (const [at, line] of lines.entries()) {
        if (!backward.test(line) || !anyStep.test(lines[at + 1] ?? "")) continue;
        const zero = lines.findLastIndex((each, index) => index < at && index > at - 15 && zeroGrad.test(each));
        const moved = lines[zero];
        if (moved === undefined || indentOf(moved) !== indentOf(line)) continue;
        return lines
          .toSpliced(at + 1, 0, moved)
          .toSpliced(zero, 1)
          .join("\n");
      }
      return null;
    },
  },
  { name: "clip moved after step", rule: "clip-misplaced", make: moving(clip, anyStep, "after") },
  { name: "clip moved before backward", rule: "clip-misplaced", make: moving(clip, backward, "before") },
  { name: "clip removed", rule: "missing-gradient-clipping", make: removing(clip, trains, /SGD|clip_grad_norm\b/) },
  {
    name: "optax clip removed",
    rule: "missing-gradient-clipping",
    make: replacing(/optax\.clip_by_global_norm\([^()]*(\([^()]*\)[^()]*)*\),\s*/, "", /optax\.(adam|rmsprop)/),
  },
  {
    name: "Keras clipnorm removed",
    rule: "missing-gradient-clipping",
    make: replacing(/,\s*(global_)?clip(norm|value)=[^,()]+/, "", /keras/),
  },
  {
    name: "unscale_ removed",
    rule: "clip-before-unscale",
    make: removing(/^\s*[\w.]*scaler\w*\.unscale_\(.*\)\s*(#.*)?$/, /clip_grad_/),
  },
  {
    name: "scaler.update removed",
    rule: "loss-scaler-misuse",
    make: removing(/^\s*[\w.]*scaler\w*\.update\(\)\s*(#.*)?$/, /scaler\w*\.step\(/),
  },
  {
    name: "optimizer stepped past the scaler",
    rule: "loss-scaler-misuse",
    make: replacing(/^(\s*)[\w.]*scaler\w*\.step\(([\w.]+)\)/m, "$1$2.step()", /scaler\w*\.scale\(/),
  },
  {
    name: "scaler taken out of float16 training",
    rule: "fp16-without-loss-scaling",
    make: (text) => {
      if (
        !/cuda\.amp|float16/.test(text) ||
        /bfloat16|bf16|enabled=|use_amp|args\.(amp|fp16)|if .*(amp|fp16|scaler)/.test(text)
      )
        return null;
      if (!/autocast\(/.test(text) || !/scaler\.scale\(/.test(text)) return null;
      return text
        .replace(/[\w.]*scaler\.scale\((.*?)\)\.backward/g, "$1.backward")
        .replace(/[\w.]*scaler\.step\(([\w.]+)\)/g, "$1.step()")
        .replace(/^.*scaler\.(update|unscale_)\(.*\).*\n/gm, "")
        .replace(/^.*scaler = .*\n/gm, "");
    },
  },
  {
    name: "accumulated loss not divided",
    rule: "accumulation-not-averaged",
    make: removing(/^\s*loss (\/=|= loss \/) [\w.]*(accum|grad_acc)\w*\s*(#.*)?$/i, /%/),
  },
  {
    name: "scheduler stepped before the optimizer",
    rule: "scheduler-step-order",
    make: (text) => {
      // A scheduler of the author's own may be meant to go first, and Accelerate waits for the optimizer by itself.
      if (!/lr_scheduler\.\w+\(|get_\w*schedule/.test(text) || /Accelerator|fabric|apex|deepspeed/.test(text))
        return null;
      return moving(schedulerStep, optimizerStep, "before")(text);
    },
  },
  {
    name: "scheduler never stepped",
    rule: "scheduler-step-order",
    make: removing(schedulerStep, /lr_scheduler\.|get_\w*schedule/, /prepare\(|save|def __init__/),
  },
  {
    name: "AdamW became Adam",
    rule: "adam-l2-weight-decay",
    make: replacing(/(?<=optim\.)AdamW(?=\([^)]*weight_decay=)/, "Adam", trains, /weight_decay=0\.?0?\b(?!\.)/),
  },
  {
    name: "weight decay given to Adam",
    rule: "adam-l2-weight-decay",
    make: replacing(
      /(\boptim\.Adam\((?:[^()]|\([^()]*\))*lr=[^,()]+)\)/,
      "$1, weight_decay=0.01)",
      trains,
      /weight_decay=/,
    ),
  },
  {
    name: "learning rate of 0.1",
    rule: "learning-rate-high",
    make: replacing(
      /(\boptim\.Adam[W]?\((?:[^()]|\([^()]*\))*lr=)[^,()]+/,
      "$10.1",
      trains,
      /lr_scheduler|sched|param_group|'lr'|"lr"|requires_grad_?\(?\s*=?\s*False|lora|peft/i,
    ),
  },
  {
    name: "learning rate of 0.05, Keras",
    rule: "learning-rate-high",
    make: replacing(
      /(\bAdam\((?:lr|learning_rate)=)[^,()]+/,
      "$10.05",
      /keras/,
      /LearningRateScheduler|set_value|schedule|decay/,
    ),
  },
  {
    name: "softmax before CrossEntropyLoss",
    rule: "activation-before-loss",
    make: (text) => {
      const name = /^\s*((?:self\.)?\w+) = (?:torch\.)?nn\.CrossEntropyLoss\(/m.exec(text)?.[1];
      if (name === undefined || !trains.test(text)) return null;
      const call = new RegExp(`^(\\s*\\w+ = ${name.replace(".", "\\.")}\\()(\\w+)(?=, )`, "m");
      return call.test(text) ? text.replace(call, "$1torch.softmax($2, dim=1)") : null;
    },
  },
  {
    name: "sigmoid before BCEWithLogitsLoss",
    rule: "activation-before-loss",
    make: (text) => {
      const name = /^\s*((?:self\.)?\w+) = (?:torch\.)?nn\.BCEWithLogitsLoss\(/m.exec(text)?.[1];
      if (name === undefined) return null;
      const call = new RegExp(`^(\\s*\\w+ = ${name.replace(".", "\\.")}\\()(\\w+)(?=, )`, "m");
      return call.test(text) ? text.replace(call, "$1torch.sigmoid($2)") : null;
    },
  },
  {
    name: "log of softmax",
    rule: "unstable-loss",
    make: replacing(/(\bloss\w* = F\.nll_loss\()F\.log_softmax\(/, "$1torch.log_(F.softmax(", /$^/),
  },
  {
    name: "loss summed with its graph",
    rule: "loss-keeps-graph",
    make: (text) => {
      const lines = text.split("\n");
      for (const [at, line] of lines.entries()) {
        const kept = line.replace(/^(\s*(?:self\.)?\w+ \+= (?:self\.)?loss\w*)\.item\(\)\s*$/, "$1");
        // In the same loop as a backward pass: sums of an evaluation have no graph.
        const above = lines.slice(Math.max(0, at - 25), at).findLast((each) => backward.test(each));
        if (kept === line || above === undefined || indentOf(above) !== indentOf(line)) continue;
        return lines.with(at, kept).join("\n");
      }
      return null;
    },
  },
  {
    name: "losses appended with their graph",
    rule: "loss-keeps-graph",
    make: replacing(/(\w*loss\w*\.append\(loss\w*)\.item\(\)\)/, "$1)", trains),
  },
  {
    name: "set_epoch removed",
    rule: "sampler-epoch-unset",
    make: removing(/^\s*[\w.]*sampler\w*\.set_epoch\(.*\)\s*(#.*)?$/, /DistributedSampler\(/),
  },
  {
    name: "eval() removed",
    rule: "eval-mode-missing",
    make: (text) => {
      // A net without such layers answers alike in both modes; samples of a generator are no validation.
      if (!/Dropout|BatchNorm/.test(text) || !validates.test(text) || /lightning|accelerat/i.test(text)) return null;
      return removing(/^\s*[\w.]*(model|net)\w*\.eval\(\)\s*(#.*)?$/, trains)(text);
    },
  },
  {
    name: "no_grad removed",
    rule: "eval-mode-missing",
    make: (text) => {
      if (!trains.test(text) || !/\.eval\(\)/.test(text) || /@torch\.no_grad/.test(text)) return null;
      const block = /with torch\.no_grad\(\):(?=\n\s+for .* in .*(val|test|dev|eval)\w*.*:\n)/;
      return block.test(text) ? text.replace(block, "if True:") : null;
    },
  },
  {
    name: "training data not shuffled",
    rule: "training-data-not-shuffled",
    make: replacing(
      /(train\w* = (?:torch\.utils\.data\.)?DataLoader\((?:[^()]|\([^()]*\))*)shuffle=True/,
      "$1shuffle=False",
      trains,
    ),
  },
  {
    name: "optimizer left out of the checkpoint",
    rule: "optimizer-state-not-saved",
    make: (text) => {
      const saved = /^[ \t]*["']\w*opt\w*["']\s*:\s*[\w.]+\.state_dict\(\),?[ \t]*\n/gm;
      const loaded = /^([ \t]*)[\w.]*opt\w*\.load_state_dict\(.*\)[ \t]*$/gim;
      if (!saved.test(text) || !loaded.test(text)) return null;
      return text.replace(saved, "").replace(loaded, "$1pass");
    },
  },
];

function removing(line: RegExp, needs: RegExp, unless?: RegExp): (text: string) => string | null {
  return (text) => {
    if (!needs.test(text) || unless?.test(text) === true) return null;
    const lines = text.split("\n");
    const kept = lines.map((each) => (line.test(each) ? `${indentOf(each)}pass` : each));
    return kept.some((each, index) => each !== lines[index]) ? kept.join("\n") : null;
  };
}

function replacing(part: RegExp, by: string, needs: RegExp, unless?: RegExp): (text: string) => string | null {
  return (text) => (needs.test(text) && unless?.test(text) !== true && part.test(text) ? text.replace(part, by) : null);
}

/** Moves a line over another of its block that stands within a few lines. */
function moving(line: RegExp, over: RegExp, to: "before" | "after"): (text: string) => string | null {
  return (text) => {
    const lines = text.split("\n");
    for (const [at, moved] of lines.entries()) {
      if (!line.test(moved)) continue;
      for (let distance = 1; distance <= 6; distance++) {
        const other = to === "after" ? at + distance : at - distance;
        const target = lines[other];
        if (target === undefined || (target.trim() !== "" && indentOf(target).length < indentOf(moved).length)) break;
        if (!over.test(target) || indentOf(target) !== indentOf(moved)) continue;
        const without = lines.toSpliced(at, 1);
        return without.toSpliced(other, 0, moved).join("\n");
      }
    }
    return null;
  };
}

export function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? "";
}
