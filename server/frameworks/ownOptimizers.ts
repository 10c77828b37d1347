import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type CallSite, type ClassInfo } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { adamFamily, adaptive, type OptimizerSignature, other, plain, torchOptimizers } from "./pytorchDefaults.ts";
import type { SignatureParameter } from "./signatureArguments.ts";

/** A class of the file that subclasses one of torch's optimizers, as the signature of its constructor. */
export interface OwnOptimizer {
  readonly className: string;
  readonly signature: OptimizerSignature;
}

const names = { lr: "learningRate", eps: "eps", weight_decay: "weightDecay" } as const;

/** The optimizer class of the file that a call makes an object of; null for any other call. */
export function ownOptimizerAt({ call, scope }: CallSite): OwnOptimizer | null {
  const info = call.callee.kind === "name" ? classNamed(call.callee.name, scope) : null;
  const signature = info === null ? null : signatureOf(info, 0);
  return info === null || signature === null ? null : { className: info.definition.name, signature };
}

function classNamed(name: string, scope: CallSite["scope"]): ClassInfo | null {
  const bindings = bindingsOf(name, scope) ?? [];
  const [only] = bindings;
  if (only?.kind !== "class" || bindings.length > 1) return null;
  return scope.source.classes.get(only.definition) ?? null;
}

function signatureOf(info: ClassInfo, depth: number): OptimizerSignature | null {
  const [base, ...others] = info.definition.bases;
  if (base === undefined || others.length > 0 || depth > 4) return null;
  const above = baseSignature(base, info, depth);
  if (above === null || (info.methods.has("step") && !/\bgrad\b/.test(textOf(info)))) return null;
  const initializer = info.methods.get("__init__");
  // What it does with the decay is its own affair once it steps by itself.
  const own = info.methods.has("step") ? ownKind(info, above) : above;
  if (initializer === undefined) return own;
  // Every setting may be changed on the way, so that a default is not told of.
  const parameters = initializer.definition.parameters
    .slice(2)
    .map(
      ({ name, variadic }): SignatureParameter =>
        variadic === null && Object.hasOwn(names, name)
          ? { keyword: name, name: names[name as keyof typeof names], default: null }
          : other(name),
    );
  return { ...own, algorithm: `own ${info.definition.name}`, parameters };
}

function baseSignature(base: Expression, info: ClassInfo, depth: number): OptimizerSignature | null {
  const name = qualifiedName(base, info.scope);
  if (name === "torch.optim.Optimizer") return plain("own", []);
  const inTorch = name === null ? undefined : /^torch\.optim\.(\w+)$/.exec(name)?.[1];
  if (inTorch !== undefined && Object.hasOwn(torchOptimizers, inTorch)) return torchOptimizers[inTorch] ?? null;
  const above = base.kind === "name" ? classNamed(base.name, info.scope) : null;
  return above === null || above === info ? null : signatureOf(above, depth + 1);
}

/** A class that steps by itself: what it is by its name and by the averages that it keeps. */
function ownKind(info: ClassInfo, above: OptimizerSignature): OptimizerSignature {
  const { definition } = info;
  const text = textOf(info);
  const algorithm = `own ${definition.name}`;
  const clips = /clip|max_grad_norm|clamp|trust/i.test(text) ? ({ clipsItself: true } as const) : {};
  if (!/exp_avg_sq|square_avg|\bv_t\b|second_moment/.test(text))
    return { ...plain(algorithm, above.parameters), ...clips };
  const kind = /adam/i.test(definition.name) ? adamFamily : adaptive;
  return { ...kind(algorithm, above.parameters), ...clips };
}

/** A stand-in that steps nothing has no gradient in it. */
function textOf({ definition, scope }: ClassInfo): string {
  return scope.source.text.slice(definition.start, definition.end);
}
