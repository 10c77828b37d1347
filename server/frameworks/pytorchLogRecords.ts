import type { LossLogFact } from "../facts/lossLogFacts.ts";
import { tagBeside } from "./logExtensions.ts";
import { definitionAround, quoteOf } from "./sourceLines.ts";

/** One value of a record: the name that it is logged under, and the Python expression. */
export interface RecordField {
  readonly name: string;
  readonly value: string;
  /** A number for curves, with the format that messages show it in; words go where a logger takes any. */
  readonly kind: "number" | "words";
  readonly format?: string;
}

export interface LogRecord {
  readonly fields: readonly RecordField[];
  /** The count that messages begin with, null where the fields say it. */
  readonly step: string | null;
}

/**
 * Statements that log a record of its own at `offset`, with the logger of a loss log; with `print` where nothing is logged or the
 * logger takes no words. Null where that logger cannot be reached from there.
 */
export function recordLines(
  text: string,
  offset: number,
  log: LossLogFact | null,
  record: LogRecord,
): readonly string[] | null {
  if (log === null) return withMessage(text, "print", record, "");
  const isNear = definitionAround(text, log.statement.start) === definitionAround(text, offset);
  if (!isNear && !isReachable(text, log.callee)) return null;
  const receiver = log.callee.split(".").slice(0, -1).join(".");
  switch (log.logger) {
    case "print":
    case "logging":
      return withMessage(text, log.callee, record, "");
    case "progress bar":
      return withMessage(text, /\.(write|print)$/.test(log.callee) ? log.callee : `${receiver}.write`, record, "");
    case "file":
      return withMessage(text, log.callee, record, "\\n");
    case "meter":
      return withKeywords(text, log, record);
    case "tensorboard":
    case "metrics":
    case "json":
      return withEntries(text, log, record, isNear) ?? withCalls(text, log, receiver, record, isNear);
    case "lightning":
      return null;
  }
}

/** A name that every function of the file sees. */
function isReachable(text: string, callee: string): boolean {
  const root = callee.split(".")[0] ?? "";
  return (
    root === "print" ||
    new RegExp(
      `^(${root}\\s*=[^=]|import ${root}\\b|import .* as ${root}\\b|from .* import .*\\b${root}\\b)`,
      "m",
    ).test(text)
  );
}

/** `logger.info(f"step {step} adam_rms {adam_rms:.4g}")`. */
function withMessage(
  text: string,
  callee: string,
  { fields, step }: LogRecord,
  ending: string,
): readonly string[] | null {
  const shown = fields.map(
    ({ name, value, format }) => `${name} {${value}${format === undefined ? "" : `:${format}`}}`,
  );
  const message = [...(step === null ? [] : [`${lastName(step)} {${step}}`]), ...shown].join(" ");
  const usual = quoteOf(text);
  const other = usual === '"' ? "'" : '"';
  const quote = [usual, other].find((each) => !message.includes(each));
  return quote === undefined ? null : [`${callee}(f${quote}${message}${ending}${quote})`];
}

/** `metric_logger.update(adam_rms=adam_rms)`, which averages: words, and numbers that only name something, are printed. */
function withKeywords(text: string, { callee }: LossLogFact, record: LogRecord): readonly string[] | null {
  if (record.fields.some(({ kind }) => kind === "words") || record.step === null)
    return withMessage(text, "print", record, "");
  if (!callee.endsWith(".update")) return null;
  return [`${callee}(${record.fields.map(({ name, value }) => `${name}=${value}`).join(", ")})`];
}

/** A call like the log's own with another dictionary: `wandb.log({"adam_rms": adam_rms}, step=step)`. */
function withEntries(
  text: string,
  log: LossLogFact,
  { fields, step }: LogRecord,
  isNear: boolean,
): readonly string[] | null {
  const { extension, callee } = log;
  const quote = quoteOf(text);
  const written = fields.map(
    ({ name, value, kind }) => `${quote}${name}${quote}: ${kind === "words" ? `str(${value})` : value}`,
  );
  const call = text.slice(log.start, log.end);
  const open =
    extension?.form === "entry"
      ? call.indexOf("{") + 1
      : extension?.form === "key" && call.startsWith(`${callee}(${extension.dictionary}`)
        ? callee.length + 1
        : 0;
  if (open === 0) return null;
  const isLiteral = extension?.form === "entry";
  const opening = call.slice(0, open).replace(/\s*\n\s*/g, "");
  const head = isLiteral ? opening : `${opening}{`;
  const rest =
    extension?.form === "entry"
      ? call.slice(extension.at - log.start)
      : `}${call.slice(open + (extension?.form === "key" ? extension.dictionary.length : 0))}`;
  const end = rest
    .replace(/\s*\n\s*/g, " ")
    .replace(/,?\s*\}/, "}")
    .replace(/,\s*\)$/, ")");
  // A dictionary without a step of its own, in a file of lines, would stand for no step.
  const counted = log.logger === "json" && step !== null ? [`${quote}step${quote}: ${step}`, ...written] : written;
  const said = `${head}${counted.join(", ")}`;
  if (!isNear) return /^}\s*\)$/.test(end) || isWandb(text, callee) ? [`${said}})`] : null;
  if (isWandb(text, callee) && !/step\s*=|commit\s*=/.test(end)) {
    // Each call makes a step of its own unless it leaves that to the next one.
    return [log.place === "iteration" ? `${said}}, commit=False)` : `${said}})`];
  }
  return [`${said}${end}`];
}

function isWandb(text: string, callee: string): boolean {
  return (
    /(^|\.)log$/.test(callee) && (/^wandb\./.test(callee) || (/\bwandb\b/.test(text) && /run|wandb/i.test(callee)))
  );
}

/** One call a value: `writer.add_scalar("train/adam_rms", adam_rms, step)`. */
function withCalls(
  text: string,
  { extension, callee }: LossLogFact,
  receiver: string,
  { fields }: LogRecord,
  isNear: boolean,
): readonly string[] | null {
  if (extension?.form !== "call" || !isNear) return null;
  const { tag, rest } = extension;
  const quote = quoteOf(text);
  const takesWords = callee.endsWith(".add_scalar");
  const lines = fields.flatMap(({ name, value, kind }) => {
    const tagged = `${quote}${tagBeside(tag, name)}${quote}`;
    if (kind === "number") return [`${callee}(${tagged}, ${value}${rest})`];
    return takesWords ? [`${receiver}.add_text(${tagged}, str(${value})${rest})`] : [];
  });
  return lines.length === 0 ? null : lines;
}

function lastName(step: string): string {
  return step.split(".").at(-1) ?? step;
}
