import { mentionPattern } from "./mentionPattern.ts";
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
    "\\bOptimizer\\)",
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
const words = mentionPattern(
  withoutLonger([
    ...Object.keys(torchOptimizers),
    ...libraryOptimizerNames,
    ...lossesOf("other"),
    "backward(",
    "backward (",
    "loss_scaler(",
    "optim import",
    "create_optimizer",
    "optim,",
    "Optimizer)",
    "cuda.amp",
    "cuda import amp",
    "apex",
    "detect_anomaly",
  ]),
);
const lossOfLogits = new RegExp(lossesOf("logits").join("|"));
/** Of attention, as in most models whose forward pass computes a loss, an activation is no model's last. */
const activation = "(?:[sS]oftmax|[sS]igmoid)\\w*\\s*\\((?!attn|attention)";
const anyActivation = new RegExp(activation);
/** The last of a model is returned, is a layer of its own, or stands in the loss's arguments. */
const lastActivation = new RegExp(
  `return\\b[^\\n]*${activation}|nn\\.(?:Log)?(?:Softmax|Sigmoid)\\w*\\s*\\(|(?:entropy|loss|criterion|BCE)\\w*\\([^\\n]*${activation}`,
  "i",
);
/** Or it is given a name that a loss takes. */
const namedActivation = new RegExp(`\\b(\\w+)\\s*=(?!=)[^\\n]*?${activation}`, "g");

/** `AdamW` is found where `Adam` is looked for. */
function withoutLonger(all: readonly string[]): readonly string[] {
  return all.filter((word, at) => !all.some((other, first) => word.includes(other) && (word !== other || first < at)));
}

/** Whether a text can hold anything that a rule about torch finds: a look that costs a fraction of parsing it. */
export function mayTrainWithTorch(text: string): boolean {
  return (
    (words.test(text) && trains.test(text)) ||
    (lossOfLogits.test(text) && anyActivation.test(text) && activatesLast(text))
  );
}

function activatesLast(text: string): boolean {
  if (lastActivation.test(text)) return true;
  const names = new Set([...text.matchAll(namedActivation)].map(([, name]) => name));
  return [...names].some((name) =>
    new RegExp(`(?:entropy|loss|criterion|BCE)\\w*\\(\\s*(?:input\\s*=\\s*)?${name}\\b`, "i").test(text),
  );
}
