import { classHere } from "../facts/classFields.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { ClassInfo, Scope, SourceIndex } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";

/** Whether a model has layers that behave otherwise in training: the name of one, `"none"` for certain, or not known. */
export type ModeLayers = { readonly layer: string } | "none" | "unknown";

const modeLayer =
  /\b(Alpha|Feature)?Dropout\w*|\b(Sync|Lazy)?BatchNorm\w*|\bDropPath\w*|\bRReLU\b|\bTransformer(En|De)coderLayer\b|\bnn\.Transformer\b|\bdropout\b/;

/** Methods that hand back the model, and wrappers that call what they wrap. */
const chained = /^(to|cuda|cpu|float|double|half|train|eval|requires_grad_|apply)$/;
const wrapping = /^(DataParallel|DistributedDataParallel|DDP|FSDP|FullyShardedDataParallel|compile)$/;

/** What the classes of the file say of the model that an expression calls. */
export function modeLayersOf(model: Expression, scope: Scope): ModeLayers {
  const { source } = scope;
  const made = new Set<Call>();
  const followed = new Set<Call>();
  const classes = new Set<ClassInfo>();
  const isModel = (call: Call, from: Scope): boolean => {
    const { callee } = call;
    const first = call.arguments[0];
    const isChained = callee.kind === "attribute" && chained.test(callee.name);
    const inner = isChained ? callee.object : wrapping.test(terminalName(callee) ?? "") ? first?.value : undefined;
    if (inner !== undefined) {
      if (!followed.has(call)) {
        followed.add(call);
        linkedCalls(inner, from, isModel);
      }
      return true;
    }
    const own = classHere(call.callee, from);
    if (own !== null) classes.add(own);
    else if (qualifiedName(call.callee, from)?.startsWith("torch.nn.") === true) made.add(call);
    else return false;
    return true;
  };
  linkedCalls(model, scope, isModel);
  if (classes.size === 0 && made.size === 0) return "unknown";
  const texts = [...made].map(({ start, end }) => source.text.slice(start, end));
  let unread = false;
  for (const own of classes) unread = !readClass(own, classes, texts) || unread;
  for (const text of texts) {
    const layer = modeLayer.exec(withoutComments(text));
    if (layer !== null) return { layer: layer[0] };
  }
  return unread ? "unknown" : "none";
}

/** Adds a class's text, and the classes of the file that it uses; false where it uses what is not in the file. */
function readClass(own: ClassInfo, classes: Set<ClassInfo>, texts: string[]): boolean {
  const { source } = own.scope;
  const { start, end } = own.definition;
  texts.push(source.text.slice(start, end));
  let isRead = own.definition.bases.every((base) =>
    /^(torch\.)?nn\.Module$|^Module$|^object$/.test(source.text.slice(base.start, base.end)),
  );
  for (const { call, scope } of source.calls) {
    if (call.start < start || call.end > end) continue;
    const used = classHere(call.callee, scope);
    if (used !== null) {
      // The set is walked while it grows.
      classes.add(used);
      continue;
    }
    const name = terminalName(call.callee) ?? "";
    const isModuleLike = /^[A-Z]/.test(name) || /pretrained|resnet|create_model|get_model|load/.test(name);
    if (isModuleLike && qualifiedName(call.callee, scope)?.startsWith("torch.") !== true) isRead = false;
  }
  return isRead;
}

function withoutComments(text: string): string {
  return text.replace(/#.*$/gm, "");
}

/** Weights come from elsewhere, which leaves a model in evaluation mode (transformers' `from_pretrained`) or in any. */
export function mayComeInEvaluation({ text }: SourceIndex): boolean {
  return /from_pretrained|torch\.load\b|hub\.load|load_from_checkpoint/.test(text);
}
