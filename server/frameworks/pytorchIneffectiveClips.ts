import { argumentFor } from "../facts/candidates.ts";
import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import { uselessThreshold } from "./ineffectiveClips.ts";

/** Names of torch's and Accelerate's clips, with the keyword of their threshold. */
const thresholds = { clip_grad_norm_: "max_norm", clip_grad_norm: "max_norm", clip_grad_value_: "clip_value" } as const;

/** Clips of a torch program whose threshold, or whose engine, makes them do nothing. */
export function collectTorchIneffectiveClips(source: SourceIndex): readonly IneffectiveClipFact[] {
  return Object.entries(thresholds).flatMap(([name, keyword]) =>
    (source.callsByTerminalName.get(name) ?? []).flatMap((site) => {
      const under = underDeepSpeed(site, name);
      return under === null ? byThreshold(site, name, keyword) : [under];
    }),
  );
}

function byThreshold(site: CallSite, name: string, keyword: string): readonly IneffectiveClipFact[] {
  const { call, scope, statement, guard } = site;
  if (!isClip(call, site)) return [];
  const given = argumentFor(call, keyword, 1);
  if (given === null || given === "unclear") return [];
  const threshold = thresholdOf(given.value, scope);
  if (!threshold.known || threshold.alternatives.length > 0 || typeof threshold.value !== "number") return [];
  const place = { start: given.start, end: given.end, framework: "pytorch", name, threshold, because: null } as const;
  if (threshold.value === 0) {
    // `if args.clip > 0:` and `if clip:` around the call switch it off, whatever the default is.
    return guard === null && !threshold.overridable ? [{ ...place, cause: "threshold-zero" }] : [];
  }
  // With an endless threshold the call returns the norm and leaves the gradients alone: often all that is wanted.
  const isNormRead = statement.kind !== "expression" || statement.expression !== call;
  if (threshold.value < uselessThreshold || isNormRead || isSwitch(threshold, given)) return [];
  return [{ ...place, cause: "threshold-too-high" }];
}

/** `float("inf")` and its kin are how an endless threshold is written. */
function thresholdOf(value: Expression, scope: Scope): Resolved<ScalarValue> {
  const { start, end } = value;
  const { text, path } = scope.source;
  if (!/^(float\(["']inf["']\)|(math|np|numpy|torch)\.inf)$/.test(text.slice(start, end))) return resolve(value, scope);
  const chain = [{ path, start, end, via: "endless" }];
  return { known: true, value: Number.POSITIVE_INFINITY, alternatives: [], chain, overridable: false };
}

/** A large default of an option is how clipping is left to the command line. */
function isSwitch(threshold: Resolved<ScalarValue>, { value }: Argument): boolean {
  return threshold.known && threshold.overridable && value.kind !== "number";
}

function isClip({ callee }: Call, { scope }: CallSite): boolean {
  if (qualifiedName(callee, scope)?.startsWith("torch.nn.utils.") === true) return true;
  return (
    callee.kind === "attribute" && /accelerator/i.test(scope.source.text.slice(callee.object.start, callee.object.end))
  );
}

/** Source: accelerate 1.15 accelerator.py L3023–3027: under DeepSpeed the call returns the norm and clips nothing. */
function underDeepSpeed({ call, scope }: CallSite, name: string): IneffectiveClipFact | null {
  if (call.callee.kind !== "attribute" || name !== "clip_grad_norm_") return null;
  const receiver = call.callee.object;
  const made = linkedCalls(receiver, scope, (each) => isNamed(each, "Accelerator"));
  const [accelerator, ...others] = made;
  if (accelerator === undefined || others.length > 0) return null;
  const given = argumentFor(accelerator, "deepspeed_plugin", null);
  if (given === null || given === "unclear") return null;
  const [plugin, ...more] = linkedCalls(given.value, scope, (each) => isNamed(each, "DeepSpeedPlugin"));
  if (plugin === undefined || more.length > 0 || given.value.kind === "conditional") return null;
  // Its own threshold, or a file's that is not read here.
  const settings = plugin.arguments.some(
    ({ name: keyword, spread }) => spread !== null || keyword === "gradient_clipping" || keyword === "hf_ds_config",
  );
  if (settings) return null;
  const because = { start: plugin.start, end: plugin.end, text: "DeepSpeedPlugin" };
  const { start, end } = call;
  return { start, end, framework: "pytorch", name, cause: "accelerate-under-deepspeed", threshold: null, because };
}

function isNamed({ callee }: Call, name: string): boolean {
  return (callee.kind === "name" || callee.kind === "attribute") && callee.name === name;
}
