import type { Call, Expression } from "../syntax/tree.ts";
import { type Candidate, type Candidates, unknown } from "./candidates.ts";
import { terminalName } from "./dottedText.ts";
import type { SourceIndex } from "./scope.ts";

/** One option or flag of the file's command line; a null default is an option that has to be given or has no literal here. */
export interface CommandLineOption {
  /** As an attribute of the namespace: dashes are underscores. */
  readonly destination: string;
  readonly call: Call;
  readonly candidate: Candidate | null;
}

/** Every option that the file adds to a parser, whichever parser or group that is, and every flag that it defines. */
export function commandLineOptions(source: SourceIndex): readonly CommandLineOption[] {
  const options: CommandLineOption[] = [];
  for (const [destination, sites] of source.commandLineOptions) {
    for (const { call, scope } of sites) {
      const expression = defaultOf(call);
      const candidate =
        expression === null ? null : { expression, scope, via: "argparse default", overridable: true, position: null };
      options.push({ destination, call, candidate });
    }
  }
  return options;
}

/** What an attribute of the namespace is when the command line does not say. */
export function commandLineDefault(source: SourceIndex, name: string): Candidates | null {
  const candidates: Candidate[] = [];
  for (const { call, scope } of source.callsByTerminalName.get("set_defaults") ?? []) {
    const argument = call.arguments.find((each) => each.name === name);
    if (argument === undefined) continue;
    candidates.push({ expression: argument.value, scope, via: "argparse default", overridable: true, position: null });
  }
  if (candidates.length > 0) return { known: true, candidates };
  const sites = source.commandLineOptions.get(name);
  if (sites === undefined) return null;
  for (const { call, scope } of sites) {
    const expression = defaultOf(call);
    if (expression === null) return unknown(`${name} is given on the command line`);
    candidates.push({ expression, scope, via: "argparse default", overridable: true, position: null });
  }
  return { known: true, candidates };
}

/** Functions of absl.flags, and of tf.app.flags before it, that define one flag: `DEFINE_float("lr", 1e-3, "…")`. */
export const flagDefinitions = ["DEFINE_float", "DEFINE_integer", "DEFINE_bool", "DEFINE_boolean", "DEFINE_string"];

function isFlagDefinition({ callee }: Call): boolean {
  return flagDefinitions.includes(terminalName(callee) ?? "");
}

/** The attribute of the namespace that a call fills: `weight_decay` of `add_argument("--weight-decay")`. */
export function destinationOf(call: Call): string | null {
  let destination: string | null = null;
  for (const { name, value, spread } of call.arguments) {
    if (spread !== null || value.kind !== "string" || value.value === null) continue;
    if (name === "dest" || (name === "name" && isFlagDefinition(call))) return value.value;
    if (name !== null) continue;
    const isLong = value.value.startsWith("--");
    if (destination === null || (isLong && destination.length === 1)) {
      destination = value.value.replace(/^-+/, "").replaceAll("-", "_");
    }
    if (isLong) break;
  }
  for (const { name, value } of call.arguments) {
    if (name === "dest" && value.kind === "string") return value.value;
  }
  return destination;
}

/** The default as an expression: the one given, False of `store_true`, None of an option; null where it must be given. */
function defaultOf(call: Call): Expression | null {
  if (isFlagDefinition(call)) {
    const given = call.arguments.find(({ name }) => name === "default") ?? call.arguments[1];
    return given === undefined || given.spread !== null ? null : given.value;
  }
  let action: string | null = null;
  let isOption = false;
  let required = false;
  for (const { name, value } of call.arguments) {
    if (name === "default") return value;
    if (name === "action" && value.kind === "string") action = value.value;
    if (name === "required") required = !(value.kind === "boolean" && !value.value);
    if (name === null && value.kind === "string" && value.value?.startsWith("-") === true) isOption = true;
  }
  if (required || !isOption) return null;
  const { start, end } = call;
  if (action === "store_true") return { kind: "boolean", value: false, start, end };
  if (action === "store_false") return { kind: "boolean", value: true, start, end };
  return { kind: "null", start, end };
}
