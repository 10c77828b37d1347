import type { AnomalyDetectionFact } from "../facts/anomalyDetectionFacts.ts";
import { argumentFor } from "../facts/candidates.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { type CallSite, functionAround, type SourceIndex } from "../facts/scope.ts";
import type { TrainerFact } from "../facts/trainerFacts.ts";
import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Argument, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { indentationOf, lineStart, wholeLines } from "./sourceLines.ts";

/** Files and functions that look for a fault on purpose. */
const onPurpose = /(^|[/\\_.])(tests?|debug\w*|conftest|gradcheck|repro\w*)([/\\_.]|$)/i;

/** `torch.autograd.set_detect_anomaly(True)` and `with torch.autograd.detect_anomaly():` that no flag decides on. */
export function collectTorchAnomalyDetection(source: SourceIndex): readonly AnomalyDetectionFact[] {
  const switches = sitesOf(source, "set_detect_anomaly", /^torch\.autograd\.(anomaly_mode\.)?set_detect_anomaly$/);
  const contexts = sitesOf(source, "detect_anomaly", /^torch\.autograd\.(anomaly_mode\.)?detect_anomaly$/);
  // Switched off again: it looks at a part.
  if (switches.some((site) => !isOn(site) && site.statement.kind === "expression")) return [];
  return [...switches.filter(isOn), ...contexts].flatMap((site) => factOf(site, source, "pytorch") ?? []);
}

/** `tf.debugging.enable_check_numerics()`. */
export function collectTensorflowAnomalyDetection(source: SourceIndex): readonly AnomalyDetectionFact[] {
  if (source.text.includes("disable_check_numerics")) return [];
  const sites = sitesOf(
    source,
    "enable_check_numerics",
    /^tensorflow\.(compat\.v[12]\.)?debugging\.enable_check_numerics$/,
  );
  return sites.flatMap((site) => factOf(site, source, "keras") ?? []);
}

/** `jax.config.update("jax_debug_nans", True)`. */
export function collectJaxAnomalyDetection(source: SourceIndex): readonly AnomalyDetectionFact[] {
  const sites = sitesOf(source, "update", /^jax\.(_src\.)?config\.(config\.)?update$/).filter(({ call }) => {
    const [name, value] = call.arguments;
    return (
      name?.value.kind === "string" && /^jax_debug_(nans|infs)$/.test(name.value.value ?? "") && isTrue(value?.value)
    );
  });
  return sites.flatMap((site) => factOf(site, source, "optax") ?? []);
}

/** Lightning's `Trainer(detect_anomaly=True)`. */
export function anomalyDetectionOf(
  { settings }: TrainerFact,
  { statement }: CallSite,
  { path, text }: SourceIndex,
): readonly AnomalyDetectionFact[] {
  const setting = settings.detectAnomaly;
  if (setting?.range == null || onPurpose.test(path)) return [];
  const { resolved, range, valueRange } = setting;
  if (!resolved.known || resolved.value !== true || resolved.alternatives.length > 0 || resolved.overridable) return [];
  if (valueRange === null || text.slice(valueRange.start, valueRange.end) !== "True") return [];
  const { start, end } = range;
  const whole = { start: statement.start, end: statement.end };
  return [
    {
      start,
      end,
      framework: "lightning",
      shownBy: text.slice(start, end),
      form: "argument",
      statement: whole,
      body: null,
    },
  ];
}

function sitesOf(source: SourceIndex, name: string, qualified: RegExp): readonly CallSite[] {
  return (source.callsByTerminalName.get(name) ?? []).filter(({ call, scope }) =>
    qualified.test(qualifiedName(call.callee, scope) ?? ""),
  );
}

function isOn({ call }: CallSite): boolean {
  const mode: Argument | null | "unclear" = argumentFor(call, "mode", 0);
  return mode !== null && mode !== "unclear" && isTrue(mode.value);
}

function isTrue(value: Expression | undefined): boolean {
  return value?.kind === "boolean" && value.value;
}

function factOf(site: CallSite, source: SourceIndex, framework: FrameworkName): AnomalyDetectionFact | null {
  const { call, statement, scope, guard } = site;
  const own = functionAround(scope)?.definition.name ?? "";
  if (onPurpose.test(source.path) || onPurpose.test(own) || decides(guard, source)) return null;
  const { start, end } = call;
  const shownBy = source.text.slice(start, end);
  const base = { start, end, framework, shownBy, statement: { start: statement.start, end: statement.end } };
  if (statement.kind === "expression" && statement.expression === call)
    return { ...base, form: "statement", body: null };
  if (statement.kind !== "with" || !statement.items.some(({ value }) => value === call)) return null;
  // One pass that is looked at by hand is no training.
  const block = source.text.slice(statement.start, statement.end);
  const [first] = statement.body;
  if (
    !/backward\(|\bstep\(|\bfit\(|train/.test(block) ||
    first === undefined ||
    (site.loop === null && !/\bfor\b|\bwhile\b|train/.test(block))
  )
    return null;
  const last = statement.body.at(-1) ?? first;
  const body = statement.items.length === 1 ? { start: first.start, end: last.end } : null;
  return { ...base, form: "with", body };
}

/** Under an `if` that asks for it. */
function decides(guard: CallSite["guard"], { text }: SourceIndex): boolean {
  for (let each = guard; each !== null; each = each.outer) {
    if (!/__name__|^True$/.test(text.slice(each.test.start, each.test.end))) return true;
  }
  return false;
}

/** Takes the statement, the `with` around its block, or the argument away. */
export function removeAnomalyDetection({ text }: FixContext, fact: AnomalyDetectionFact): FixDraft | null {
  const title = `Remove ${fact.shownBy}`;
  if (fact.form === "argument") return { title, edits: [{ ...argumentWithComma(text, fact), newText: "" }] };
  if (fact.form === "statement") {
    const lines = wholeLines(text, fact.statement);
    if (lines === null || isOnlyStatement(text, fact.statement)) return null;
    return { title, edits: [{ ...lines, newText: "" }] };
  }
  const { body, statement } = fact;
  const outer = indentationOf(text, statement.start);
  const inner = body === null ? null : indentationOf(text, body.start);
  if (body === null || outer === null || inner === null || !inner.startsWith(outer)) return null;
  const block = text.slice(lineStart(text, body.start), body.end);
  // The inside of a long string must not move.
  if (/"""|'''/.test(block)) return null;
  const moved = block
    .split("\n")
    .map((line) => (line.startsWith(inner) ? outer + line.slice(inner.length) : line))
    .join("\n");
  const comments = text.slice(statement.start, lineStart(text, body.start)).split("\n").slice(1).join("\n");
  if (comments.trim() !== "") return null;
  return { title, edits: [{ start: lineStart(text, statement.start), end: body.end, newText: moved }] };
}

/** An argument with the comma and the white space that separate it from the one before, else from the one behind. */
function argumentWithComma(text: string, { start, end }: TextRange): TextRange {
  const before = /,\s*$/.exec(text.slice(0, start));
  if (before !== null) return { start: before.index, end };
  const behind = /^\s*,\s*/.exec(text.slice(end));
  return { start, end: end + (behind?.[0].length ?? 0) };
}

/** The only one of its block: the line above opens it, and the line below belongs to another. */
function isOnlyStatement(text: string, statement: TextRange): boolean {
  const indentation = indentationOf(text, statement.start) ?? "";
  if (indentation === "") return false;
  const above = text.slice(0, lineStart(text, statement.start)).trimEnd();
  const below = /^[^\n]*\n(?:[ \t]*\r?\n)*([ \t]*)\S/.exec(text.slice(statement.end))?.[1] ?? "";
  return above.endsWith(":") && below.length < indentation.length;
}
