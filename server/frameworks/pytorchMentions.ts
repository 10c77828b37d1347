import type { FrameworkNeeds } from "./framework.ts";
import { torchOptimizers } from "./pytorchDefaults.ts";
import { torchLosses } from "./pytorchLossCalls.ts";
import { libraryOptimizerNames } from "./torchLibraryOptimizers.ts";

const lossesOf = (expects: "logits" | "other") =>
  Object.keys(torchLosses).filter((name) => (torchLosses[name]?.expects === "logits") === (expects === "logits"));

const optimizer = `(?:${[...Object.keys(torchOptimizers), ...libraryOptimizerNames].join("|")})`;

/** Facts begin at an optimizer, a backward pass or a loss: where it is called, imported, or handed on by its name. */
const trains = new RegExp(
  [
    `\\b${optimizer}\\s*\\(`,
    `optim\\w*\\.${optimizer}\\b`,
    `import\\b[^\\n]*\\b${optimizer}\\b`,
    `[[{(,:=]\\s*${optimizer}\\s*[,)\\]}\\n]`,
    "optim\\w* import \\*",
    "getattr\\s*\\([\\w.]*optim",
    "create_optimizer",
    "\\.backward\\s*\\(",
    "manual_backward\\s*\\(",
    "loss_scaler\\s*\\(",
    "cuda(?:\\.| import )amp",
    "(?:import|from)\\s+apex\\b",
    "detect_anomaly",
    ...lossesOf("other").map((name) => `\\b${name}\\b`),
  ].join("|"),
);
/** Without one of these words the closer look is spared: most files have none. */
const trainingWords = withoutLonger([
  ...Object.keys(torchOptimizers),
  ...libraryOptimizerNames,
  ...lossesOf("other"),
  "backward(",
  "backward (",
  "loss_scaler(",
  "optim import",
  "create_optimizer",
  "optim,",
  "cuda.amp",
  "cuda import amp",
  "apex",
  "detect_anomaly",
]);
const lossesOfLogits = lossesOf("logits");
/** Of attention, as in most models whose forward pass computes a loss, an activation is no model's last. */
const notOfAttention = "(?![^\\n]*(?:attn|attention))";
const activation = `(?:[sS]oftmax|[sS]igmoid)\\w*\\s*\\(${notOfAttention}`;
const anyActivation = new RegExp(activation);
/** The last of a model is returned, is a layer of its own, or stands in the loss's arguments. */
const lastActivation = new RegExp(
  `return\\b[^\\n]*${activation}|nn\\.(?:Log)?(?:Softmax|Sigmoid)\\w*\\s*\\(${notOfAttention}|(?:entropy|loss|criterion|BCE)\\w*\\([^\\n]*${activation}`,
  "i",
);
/** Or it is given a name that a loss takes. */
const namedActivation = new RegExp(`^([ \\t]*)((?:\\w+\\.)*)(\\w+)\\s*=(?!=)[^\\n]*?${activation}`, "gm");
const nextFunction = /^[ \t]*(?:async[ \t]+)?def[ \t]/gm;

/** `AdamW` is found where `Adam` is looked for. */
function withoutLonger(all: readonly string[]): readonly string[] {
  return all.filter((word, at) => !all.some((other, first) => word.includes(other) && (word !== other || first < at)));
}

/** Whether a text can hold anything that a rule about torch finds: a look that costs a fraction of parsing it. */
export const torchNeeds: FrameworkNeeds = {
  words: [...trainingWords, ...lossesOfLogits],
  test: (text, found) =>
    (trainingWords.some((word) => found.has(word)) && trains.test(text)) ||
    (lossesOfLogits.some((word) => found.has(word)) && anyActivation.test(text) && activatesLast(text)),
};

function activatesLast(text: string): boolean {
  if (lastActivation.test(text)) return true;
  for (const { 0: whole, 1: indentation = "", 2: object = "", 3: name = "", index } of text.matchAll(namedActivation)) {
    const from = index + whole.length;
    // A function's own name is read in it alone.
    const isLocal = indentation !== "" && object === "";
    nextFunction.lastIndex = from;
    const end = isLocal ? (nextFunction.exec(text)?.index ?? text.length) : text.length;
    const taken = new RegExp(`(?:entropy|loss|criterion|BCE)\\w*\\(\\s*(?:input\\s*=\\s*)?(?:\\w+\\.)*${name}\\b`, "i");
    if (taken.test(isLocal ? text.slice(from, end) : text)) return true;
  }
  return false;
}
