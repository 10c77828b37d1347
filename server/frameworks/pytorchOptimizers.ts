import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { Resolved } from "../facts/resolved.ts";
import { bindingsOf, type CallSite, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { isOlder } from "./libraryAge.ts";
import { type Constructor, constructorBehind } from "./optimizerConstructors.ts";
import { ownOptimizerAt } from "./ownOptimizers.ts";
import { parameterGroups } from "./parameterGroups.ts";
import { tunesPretrained } from "./pretrainedParameters.ts";
import { type OptimizerSignature, torchOptimizers } from "./pytorchDefaults.ts";
import { guardedOn } from "./pytorchFlags.ts";
import { argumentsOfSignature, type SignatureParameter } from "./signatureArguments.ts";
import { timmOptimizerAt } from "./timmOptimizers.ts";
import { libraryOptimizer } from "./torchLibraryOptimizers.ts";

/** An optimizer fact with the call that it was read from. */
export interface OptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
}

/** The optimizers for torch that a file builds, with each argument as given or defaulted. */
export function collectTorchOptimizers(
  source: SourceIndex,
  libraryVersions: ReadonlyMap<string, string>,
): readonly OptimizerSite[] {
  const version = libraryVersions.get("torch") ?? null;
  return source.calls.flatMap((site) => torchOptimizerAt(site, version) ?? []);
}

/** The optimizer that a call builds with torch.optim or a library like it, null for any other call. */
export function torchOptimizerAt(site: CallSite, version: string | null): OptimizerSite | null {
  const { callee } = site.call;
  const viaFactory = timmOptimizerAt(site);
  if (viaFactory !== null) return { fact: viaFactory, site };
  const own = ownOptimizerAt(site);
  if (own !== null) return { fact: optimizerFact(site, own.className, own.signature, version), site };
  const built = isSharded(site) ? shardedConstructor(site) : mayConstruct(callee, site) ? constructed(site) : null;
  const signature = built === null ? null : signatureOf(built.name);
  if (built === null || signature === null) return null;
  const fact = optimizerFact(site, built.name.slice(built.name.lastIndexOf(".") + 1), signature, version, {
    filledIn: built.filledIn,
    keywordsOnly: isSharded(site),
  });
  return { fact, site };
}

/** The signature of a class by its full name, null for what is no optimizer that is known here. */
export function signatureOf(name: string): OptimizerSignature | null {
  const inTorch = /^torch\.optim\.(\w+)$/.exec(name)?.[1];
  if (inTorch !== undefined) return Object.hasOwn(torchOptimizers, inTorch) ? (torchOptimizers[inTorch] ?? null) : null;
  return libraryOptimizer(name);
}

/** What the fact of an optimizer says, whichever way its class was found. */
export function optimizerFact(
  site: CallSite,
  constructorName: string,
  signature: OptimizerSignature,
  version: string | null,
  given: { readonly filledIn?: readonly CallSite[]; readonly keywordsOnly?: boolean } = {},
): OptimizerFact {
  const { call, scope } = site;
  const hasVersionedDefault = signature.parameters.some((parameter) => parameter.since !== undefined);
  const known = signature.parameters.filter(
    ({ since, keyword }) =>
      since === undefined || !isOlder(version, since) || call.arguments.some(({ name }) => name === keyword),
  );
  const first: SignatureParameter = { keyword: "params", name: null, default: null };
  const parameters = parametersOf(call);
  const groups = parameters === null ? null : parameterGroups(parameters, scope, signature.parameters);
  const pretrained = parameters === null || !signature.adamFamily ? null : tunesPretrained(parameters, scope);
  return {
    start: call.start,
    end: call.end,
    framework: "pytorch",
    constructorName,
    algorithm: signature.algorithm,
    adaptive: signature.adaptive,
    adamFamily: signature.adamFamily,
    ...(signature.clipsItself === true ? { clipsItself: true } : {}),
    ...(pretrained === null ? {} : { tunesPretrained: pretrained }),
    ...byDefault(guardedOn(site)),
    nameRange: nameRangeOf(call.callee),
    boundTo: boundTo(site),
    parametersText: parameters === null ? null : scope.source.text.slice(parameters.start, parameters.end),
    hasParameterGroups: groups !== null,
    ...(groups === null ? {} : { groups: groups.groups, hasOtherGroups: groups.others }),
    arguments: argumentsOfSignature(
      site,
      [first, ...known.map((each) => (given.keywordsOnly === true ? { ...each, keywordOnly: true } : each))],
      given.filledIn,
    ),
    libraryVersion: hasVersionedDefault ? version : null,
  };
}

function byDefault(on: Resolved<boolean>): Pick<OptimizerFact, "byDefault"> {
  if (!on.known || on.alternatives.length > 0) return { byDefault: "unclear" };
  return on.value ? {} : { byDefault: "off" };
}

/** Words that a name for a class of optimizers holds; anything else is not looked up. */
const classWords = /opt|adam|adagrad|rmsprop|sgd|cls|class|algo|solver|lamb|lion/i;

/** Whether a callee can name an optimizer at all: a cheap look before it is followed. */
function mayConstruct(callee: Expression, { scope }: CallSite): boolean {
  switch (callee.kind) {
    case "name":
      return (
        classWords.test(callee.name) ||
        (bindingsOf(callee.name, scope)?.some(({ kind }) => kind === "import" || kind === "assignment") ?? true)
      );
    case "attribute":
      return Object.hasOwn(torchOptimizers, callee.name) || classWords.test(callee.name);
    case "subscript":
      return true;
    case "call":
      return /^(getattr|partial)$/.test(terminalName(callee.callee) ?? "");
    default:
      return false;
  }
}

function constructed({ call, scope }: CallSite): Constructor | null {
  const { callee } = call;
  const name = qualifiedName(callee, scope);
  if (name !== null) return { name, filledIn: [] };
  // Any other variable is followed only where its name speaks of optimizers.
  const named = callee.kind === "subscript" ? terminalName(callee.object) : terminalName(callee);
  const isPlain = callee.kind === "name" || callee.kind === "attribute" || callee.kind === "subscript";
  if (isPlain && named !== null && !classWords.test(named) && !isPartial(callee, scope)) return null;
  return constructorBehind(callee, scope);
}

/** A name that is set to `partial(…)`. */
function isPartial(callee: Expression, scope: Scope): boolean {
  const [only] = callee.kind === "name" ? (bindingsOf(callee.name, scope) ?? []) : [];
  return only?.kind === "assignment" && only.value.kind === "call" && terminalName(only.value.callee) === "partial";
}

/** `ZeroRedundancyOptimizer(params, optimizer_class=torch.optim.Adam, lr=…)`: torch distributed/optim/zero_redundancy_optimizer.py. */
function isSharded({ call, scope }: CallSite): boolean {
  return (
    terminalName(call.callee) === "ZeroRedundancyOptimizer" &&
    qualifiedName(call.callee, scope)?.startsWith("torch.distributed.optim.") === true
  );
}

function shardedConstructor({ call, scope }: CallSite): Constructor | null {
  const given = argumentFor(call, "optimizer_class", 1);
  return given === null || given === "unclear" ? null : constructorBehind(given.value, scope);
}

/** The last name of a callee. */
function nameRangeOf(callee: Expression): { readonly start: number; readonly end: number } {
  const range = callee.kind === "attribute" ? callee.nameRange : callee;
  return { start: range.start, end: range.end };
}

function parametersOf(call: Call): Expression | null {
  for (const keyword of ["params", "model_params", "model_or_params"]) {
    const argument = argumentFor(call, keyword, 0);
    if (argument !== null && argument !== "unclear") return argument.value;
  }
  return null;
}
