import type { Expression } from "../syntax/tree.ts";
import { bindingsOf, type Scope } from "./scope.ts";

/** The adaptive and other optimizers of torch.optim, which a star import brings in. */
const torchOptimizer =
  /^(Adadelta|Adafactor|Adagrad|Adam|AdamW|Adamax|ASGD|LBFGS|Muon|NAdam|RAdam|RMSprop|Rprop|SGD|SparseAdam)$/;

const kerasOptimizer = /^(SGD|RMSprop|Adam|AdamW|Adamax|Nadam|Adagrad|Adadelta)$/;
/** Layers and their functions; optimizers and models are left to the modules that define them. */
const kerasLayer = /^(?!(SGD|RMSprop|Adam|AdamW|Adamax|Nadam|Adagrad|Adadelta|Model|Sequential)$)[A-Z]\w*$/;

/** What a star import of a known module binds; other modules are not guessed at. */
const starExports: Readonly<Record<string, RegExp>> = {
  torch: /^[a-z]\w*$/,
  "torch.nn": /^[A-Z]\w*$/,
  "torch.optim": torchOptimizer,
  "torch.nn.functional": /^[a-z]\w*$/,
  "keras.layers": kerasLayer,
  "keras.models": /^(Model|Sequential)$/,
  "keras.optimizers": kerasOptimizer,
  "tensorflow.keras.layers": kerasLayer,
  "tensorflow.keras.models": /^(Model|Sequential)$/,
  "tensorflow.keras.optimizers": kerasOptimizer,
};

const maximumDepth = 8;

/**
 * The full dotted name that an expression stands for through imports and aliases: `"torch.optim.Adam"` of `A` after
 * `from torch.optim import Adam as A`. TensorFlow.js packages are all called `"tf"`. Null where it is not certain, and for
 * names that the file itself defines.
 */
export function qualifiedName(expression: Expression, scope: Scope): string | null {
  const { qualifiedNames } = scope.source;
  const known = qualifiedNames.get(expression);
  if (known?.scope === scope) return known.name;
  const unfolded = unfold(expression, scope, 0);
  const name = unfolded === null ? null : canonical(unfolded);
  qualifiedNames.set(expression, { scope, name });
  return name;
}

function unfold(expression: Expression, scope: Scope, depth: number): string | null {
  if (depth > maximumDepth) return null;
  switch (expression.kind) {
    case "name":
      return unfoldName(expression.name, scope, depth);
    case "attribute": {
      const object = unfold(expression.object, scope, depth);
      return object === null ? null : `${object}.${expression.name}`;
    }
    case "await":
      return unfold(expression.operand, scope, depth);
    case "call": {
      const [first, second] = expression.arguments;
      if (expression.callee.kind !== "name" || first === undefined) return null;
      const callee = expression.callee.name;
      if ((callee === "require" || callee === "import") && first.value.kind === "string") return first.value.value;
      if (callee !== "getattr" || second?.value.kind !== "string" || second.value.value === null) return null;
      const object = unfold(first.value, scope, depth + 1);
      return object === null ? null : `${object}.${second.value.value}`;
    }
    default:
      return null;
  }
}

function unfoldName(name: string, scope: Scope, depth: number): string | null {
  const bindings = bindingsOf(name, scope);
  if (bindings === null) {
    for (const module of scope.source.starImports) {
      if (starExports[module]?.test(name) === true) return `${module}.${name}`;
    }
    const globals = scope.source.module.language === "python" ? "torch" : "tf";
    return name === globals ? name : null;
  }
  // `try: from a import x` with a fallback binds twice: the first import is what the author means.
  for (const binding of bindings) {
    if (binding.kind !== "import") continue;
    return binding.imported === null
      ? binding.module.split(".", boundParts(binding.module, name)).join(".")
      : `${binding.module}.${binding.imported}`;
  }
  // `let tf = require("@tensorflow/tfjs")` with `tfjs-node` in a branch: one library under one name.
  const names = new Set<string | null>();
  for (const binding of bindings) {
    if (binding.kind !== "assignment" || binding.operator !== "=" || binding.position !== null) return null;
    const assigned = unfold(binding.value, binding.scope, depth + 1);
    names.add(assigned === null ? null : canonical(assigned));
  }
  const [only] = names;
  return names.size === 1 ? (only ?? null) : null;
}

/** `import torch.optim` binds `torch` alone, `import torch.optim as optim` the whole module. */
function boundParts(module: string, local: string): number | undefined {
  return module.startsWith(`${local}.`) ? 1 : undefined;
}

function canonical(name: string): string {
  if (name.startsWith("@tensorflow/tfjs"))
    return name.replace(/^@tensorflow\/tfjs(-[a-z-]+)?(\/[\w./-]*)?(\.default)?/, "tf");
  if (!name.startsWith("torch.")) return name;
  return name.replace(/^torch\.optim\.(?!lr_scheduler|swa_utils)_?[a-z]\w*\.([A-Z])/, "torch.optim.$1");
}
