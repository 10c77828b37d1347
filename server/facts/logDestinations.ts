import type { Call, Expression } from "../syntax/tree.ts";
import { dottedText, terminalName } from "./dottedText.ts";
import type { LogDestinationFact } from "./logDestinationFacts.ts";
import { qualifiedName } from "./qualifiedName.ts";
import type { CallSite, SourceIndex } from "./scope.ts";
import { writtenPath } from "./writtenPath.ts";

interface Writer {
  /** Keywords that hold the path. */
  readonly keywords: readonly string[];
  /** The first positional argument is it too. */
  readonly isFirst: boolean;
  /** Where it writes when it is not told, null for nowhere in particular. */
  readonly fallback: string | null;
  /** What its full name has to match where its last name says too little. */
  readonly from?: RegExp;
  /** Only such paths are logs. */
  readonly ending?: RegExp;
}

const logFile = /\.(jsonl|ndjson|csv|tsv|log|txt|out)$/i;
const file = (...keywords: string[]): Writer => ({ keywords, isFirst: true, fallback: null });
const trainingArguments: Writer = { keywords: ["output_dir", "logging_dir"], isFirst: true, fallback: null };

/**
 * Calls that write logs, by their last name. Fallbacks: torch 2.13 `utils/tensorboard/writer.py` (`runs/`), Keras 3
 * `callbacks/tensorboard.py` (`logs`), wandb 0.22 `sdk/wandb_settings.py` (`wandb/`), dvclive 3 `live.py` (`dvclive`).
 */
const writers: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ["SummaryWriter", { keywords: ["log_dir", "logdir"], isFirst: true, fallback: "runs" }],
  ["create_file_writer", file("logdir")],
  ["TensorBoard", { keywords: ["log_dir"], isFirst: true, fallback: "logs" }],
  ["TensorBoardLogger", file("save_dir", "root_dir")],
  ["CSVLogger", file("filename", "save_dir", "root_dir")],
  ["MLFlowLogger", { keywords: ["save_dir", "tracking_uri"], isFirst: false, fallback: null }],
  ["WandbLogger", { keywords: ["save_dir"], isFirst: false, fallback: "wandb" }],
  ["Trainer", { keywords: ["default_root_dir"], isFirst: false, fallback: "lightning_logs", from: /lightning/ }],
  ["TrainingArguments", trainingArguments],
  ["Seq2SeqTrainingArguments", trainingArguments],
  ["SFTConfig", trainingArguments],
  ["DPOConfig", trainingArguments],
  ["GRPOConfig", trainingArguments],
  ["Accelerator", { keywords: ["project_dir", "logging_dir"], isFirst: false, fallback: null }],
  ["FileHandler", file("filename")],
  ["RotatingFileHandler", file("filename")],
  ["TimedRotatingFileHandler", file("filename")],
  ["WatchedFileHandler", file("filename")],
  ["basicConfig", { keywords: ["filename"], isFirst: false, fallback: null }],
  ["init", { keywords: ["dir"], isFirst: false, fallback: "wandb", from: /^wandb\.init$/ }],
  ["set_tracking_uri", file("uri")],
  ["Live", { keywords: ["dir"], isFirst: true, fallback: "dvclive", from: /^dvclive/ }],
  ["open", { ...file("file"), ending: logFile }],
  ["createWriteStream", { ...file(), ending: logFile }],
  ["appendFileSync", { ...file(), ending: logFile }],
]);

/** The places that a file's own code writes logs to, in the order of the calls; a place that is written to twice comes once. */
export function logDestinations(source: SourceIndex): readonly LogDestinationFact[] {
  const found = new Map<string, LogDestinationFact>();
  for (const [name, writer] of writers) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      for (const destination of writtenBy(name, writer, site)) {
        if (!found.has(destination.path)) found.set(destination.path, destination);
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

function writtenBy(name: string, writer: Writer, { call, scope }: CallSite): LogDestinationFact[] {
  if (writer.from !== undefined && !writer.from.test(qualifiedName(call.callee, scope) ?? "")) return [];
  if (name === "open" && !opensForWriting(call)) return [];
  const given = call.arguments.filter(
    (argument, index) =>
      argument.spread === null &&
      (argument.name === null ? writer.isFirst && index === 0 : writer.keywords.includes(argument.name)),
  );
  const { start, end } = call;
  const made = given.flatMap(({ value }) => {
    const { text, isWhole } = writtenPath(value, scope);
    const path = isWhole ? withoutScheme(text) : folderOf(text);
    if (path === null || (writer.ending !== undefined && isWhole && !writer.ending.test(path))) return [];
    // Of a file whose name is not known, its folder may hold anything.
    if (writer.ending !== undefined && !isWhole) return [];
    return [{ start, end, writer: name, path, isWhole, option: optionOf(value) }];
  });
  if (given.length > 0 || writer.fallback === null || call.arguments.some(({ spread }) => spread !== null)) return made;
  return [{ start, end, writer: name, path: writer.fallback, isWhole: true, option: null }];
}

function opensForWriting({ arguments: given }: Call): boolean {
  const mode = given.find(({ name }, index) => name === "mode" || (name === null && index === 1))?.value;
  return mode?.kind === "string" && /^[awx]/.test(mode.value ?? "");
}

/** The path of a local store; null for a server and for an empty text. */
function withoutScheme(text: string): string | null {
  const local = text.replace(/^(file|sqlite):(\/\/)?\/?(?=\/|[^/])/, "").trim();
  return local === "" || /^[a-z][a-z0-9+.-]+:\/\//i.test(local) ? null : local;
}

/** The folder that a path of which only the beginning is known lies in; null where that could be any folder. */
function folderOf(beginning: string): string | null {
  const end = Math.max(beginning.lastIndexOf("/"), beginning.lastIndexOf("\\"));
  const folder = beginning.slice(0, Math.max(0, end));
  return /^[./\\~]*$/.test(folder) ? null : folder;
}

/** `output_dir` of `args.output_dir`. */
function optionOf(value: Expression): string | null {
  const inner = value.kind === "call" ? value.arguments[0]?.value : value;
  if (inner === undefined || (inner.kind !== "attribute" && inner.kind !== "subscript")) return null;
  const parts = /^(?:self\.)?(?:args|opt|opts|options|flags|FLAGS|hparams|config|cfg|parsed)[.[](\w+)\]?$/.exec(
    dottedText(inner) ?? "",
  );
  return parts?.[1] ?? (inner.kind === "attribute" && inner.object.kind === "name" ? terminalName(inner) : null);
}
