import type { LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import type { BarState } from "./progressBar.ts";
import { phaseOfWord } from "./recordPhase.ts";
import { looksLikeCode, recordFields, scanFields, type TextField } from "./textFields.ts";
import { messageStart, shownText } from "./textLine.ts";
import { learnTemplate, type TextTemplate } from "./textTemplate.ts";
import { isMeasured, isPlace } from "./textVocabulary.ts";

/** What a line says, before it is given its place in the file. */
export type ParsedLine = Omit<LogRecord, "line" | "endOffset">;

/** Reads lines one after another and remembers what the next ones need: forms of lines, the epoch of a heading. */
export interface LineParser {
  /** A line of a form that was seen before, null for others. */
  known(raw: string): ParsedLine | null;
  shown(raw: string): string;
  parse(shown: string, raw: string): ParsedLine | null;
  barRecord(state: BarState): ParsedLine | null;
  kerasRecord(state: BarState): ParsedLine | null;
}

/** Forms remembered: a script prints a handful, and each that does not fit costs a failed match. */
const mostTemplates = 6;
/** Under this name the total of `n/N` steps goes with its step. */
const stepTotal = "step total";

const heading =
  /^\W*(?:\[?(train|training|eval|valid|validation|test)\]?\W+)?epoch\W{0,3}(\d+)(?:\s*\/\s*\d+)?(?:\D|$)/i;
const phaseTag =
  /^\W*(train(?:ing)?|eval(?:uation)?|val(?:id(?:ation)?)?|test(?:ing)?)\b(?!\s*[:=]?\s*[\d.]|\s*(?:loss|acc|ppl|perplexity|metrics?)\b)/i;
const dictionaryField = /'([^']{1,60})'\s*:\s*'?([^',{}[\]]+?)'?\s*(?=[,}])/g;
const bareColumns = /^\s*(\d+)\s+(train|val|valid|test|hella)\s+([+-]?[\d.]+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const lossAt = /^\W*(\w*loss) at (?:step |iter(?:ation)? )?(\d+):?\s+([+-]?[\d.]+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const stepAndLoss = /^\s*(\d+)\s+([+-]?\d*\.\d+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const overflow = /\b(?:grad(?:ient)? overflow|overflow detected|OVERFLOW!)/i;
const scaleChange =
  /(?:reducing (?:dynamic )?loss scale from \S+ to|reducing to|loss scale:? reducing to)\s+([\d.e+-]+)/i;
const resumed = /\b(?:resum(?:ed|ing)\b.{0,60}\b(?:from|checkpoint|training|at)|loaded checkpoint)\b/i;

export function createLineParser(): LineParser {
  const templates: { template: TextTemplate; phase: "train" | "val" | null; places: boolean; epoch: boolean }[] = [];
  let epoch: number | null = null;
  let epochUsed = false;
  let headingPhase: "train" | "val" | null = null;

  function finished(values: Map<string, number>, phase: "train" | "val" | null, placed: boolean): ParsedLine {
    if (!placed && epoch !== null) {
      values.set("epoch", epoch);
    }
    const said = phase ?? (placed ? null : headingPhase);
    return said === null ? { values } : { values, phase: said };
  }

  function parse(shown: string, raw: string): ParsedLine | null {
    const event = eventIn(shown);
    if (event !== null) {
      return event;
    }
    if (!/\d|nan|inf/i.test(shown)) {
      return null;
    }
    const { start, dated } = messageStart(shown);
    const line = shown.slice(start);
    const dictionary = line.includes("'") ? dictionaryIn(line) : null;
    if (dictionary !== null) {
      return finished(dictionary, null, true);
    }
    const bare = bareIn(line, dated);
    if (bare !== null) {
      return bare;
    }
    const tagged = phaseOfWord((phaseTag.exec(line)?.[1] ?? "").toLowerCase());
    const fields = scanFields(line);
    const chosen = recordFields(line, fields);
    if (chosen === null) {
      readHeading(line);
      return null;
    }
    const { values, placed } = valuesOf(chosen);
    if (shown === raw) {
      learn(raw, start, chosen, tagged, placed);
    }
    noteEpoch(values);
    return finished(values, tagged, placed);
  }

  /** `Epoch 3/30` alone gives the lines under it their epoch. */
  function readHeading(line: string): void {
    const match = heading.exec(line);
    if (match !== null && !looksLikeCode(line)) {
      epoch = Number(match[2]);
      epochUsed = false;
      headingPhase = phaseOfWord(match[1] ?? "");
    }
  }

  function noteEpoch(values: ReadonlyMap<string, number>): void {
    if (values.has("epoch") || values.has("Epoch")) {
      epoch = null;
      headingPhase = null;
    }
  }

  function learn(
    raw: string,
    start: number,
    chosen: readonly { name: string; field: TextField }[],
    phase: "train" | "val" | null,
    places: boolean,
  ): void {
    const fields = chosen.flatMap(({ name, field }) => {
      const own = { name, start: field.start + start, end: field.end + start };
      return field.total !== null && isStepColumn(name)
        ? [own, { name: stepTotal, start: field.totalStart + start, end: field.totalEnd + start }]
        : [own];
    });
    const names = new Set(fields.map(({ name }) => name));
    const template = names.size === fields.length ? learnTemplate(raw, fields) : null;
    if (template !== null) {
      templates.unshift({ template, phase, places, epoch: names.has("epoch") || names.has("Epoch") });
      templates.length = Math.min(templates.length, mostTemplates);
    }
  }

  return {
    known(raw) {
      for (let i = 0; i < templates.length; i++) {
        const known = templates[i];
        const values = known?.template.read(raw) ?? null;
        if (known !== undefined && values !== null) {
          if (known.epoch) {
            noteEpoch(values);
          }
          return finished(values, known.phase, known.places);
        }
      }
      return null;
    },
    shown: shownText,
    parse,
    barRecord(state) {
      if (![...state.values.keys()].some((name) => isMeasured(name))) {
        return null;
      }
      const values = new Map<string, number>();
      values.set("step", state.done);
      if (state.total !== null) {
        values.set(stepTotal, state.total);
      }
      let hasEpoch = false;
      for (const [name, value] of state.values) {
        hasEpoch = hasEpoch || isEpoch(name);
        values.set(isEpoch(name) ? "epoch" : name, value);
      }
      if (!hasEpoch && epoch !== null) {
        values.set("epoch", epoch);
      }
      const phase = phaseOfWord((/^\W*([A-Za-z]+)/.exec(state.label)?.[1] ?? "").toLowerCase());
      return phase === null ? { values } : { values, phase };
    },
    kerasRecord(state) {
      if (![...state.values.keys()].some((name) => isMeasured(name))) {
        return null;
      }
      const values = new Map(state.values);
      // A second bar under one heading is `evaluate()`.
      const evaluation = epoch !== null && epochUsed;
      if (epoch !== null) {
        values.set("epoch", epoch);
        epochUsed = true;
      }
      return evaluation ? { values, phase: "val" } : { values };
    },
  };
}

function isEpoch(name: string): boolean {
  return /^(?:.* )?ep(?:och)?$/i.test(name);
}

function isStepColumn(name: string): boolean {
  return isPlace(name) && !isEpoch(name);
}

function valuesOf(chosen: readonly { name: string; field: TextField }[]): {
  values: Map<string, number>;
  placed: boolean;
} {
  const values = new Map<string, number>();
  let placed = false;
  for (const { name, field } of chosen) {
    if (values.has(name)) {
      continue;
    }
    values.set(name, field.value);
    placed = placed || isPlace(name);
    if (field.total !== null && isStepColumn(name)) {
      values.set(stepTotal, field.total);
    }
  }
  return { values, placed };
}

/** `{'loss': 0.41, 'epoch': 0.3}` and `'step':50, 'ppl': 61.2`, numbers quoted or not; null for settings. */
function dictionaryIn(line: string): Map<string, number> | null {
  if (!/^\W*(?:\w+ )?\{?\s*'/.test(line)) {
    return null;
  }
  const values = new Map<string, number>();
  for (const match of `${line.replace(/\}?\s*$/, "")}}`.matchAll(dictionaryField)) {
    const value = parseNumber(match[2] ?? "");
    if (value !== null && match[1] !== undefined) {
      values.set(match[1], value);
    }
  }
  const names = [...values.keys()];
  const measures = names.some((name) => /loss|nll|ppl|perplexity|accuracy|_acc$|reward|eval_|grad_norm/i.test(name));
  return measures && (names.some((name) => isPlace(name)) || names.some((name) => /loss|eval_/i.test(name)))
    ? values
    : null;
}

function bareIn(line: string, dated: boolean): ParsedLine | null {
  const columns = bareColumns.exec(line);
  if (columns !== null) {
    const name = (columns[2] ?? "").toLowerCase();
    return {
      values: new Map([
        ["step", Number(columns[1])],
        [name, parseNumber(columns[3] ?? "") ?? Number.NaN],
      ]),
    };
  }
  const at = lossAt.exec(line);
  if (at !== null) {
    return {
      values: new Map([
        ["step", Number(at[2])],
        [at[1] ?? "loss", parseNumber(at[3] ?? "") ?? Number.NaN],
      ]),
    };
  }
  const pair = dated ? stepAndLoss.exec(line) : null;
  return pair === null
    ? null
    : {
        values: new Map([
          ["step", Number(pair[1])],
          ["loss", parseNumber(pair[2] ?? "") ?? Number.NaN],
        ]),
      };
}

function eventIn(line: string): ParsedLine | null {
  const text = line.trim().slice(0, 200);
  const scale = parseNumber(scaleChange.exec(line)?.[1]?.replace(/[.,]+$/, "") ?? "");
  if (scale !== null && /loss scale/i.test(line)) {
    return { values: new Map([["loss scale", scale]]), event: { kind: "overflow", text } };
  }
  if (overflow.test(line)) {
    return { values: new Map(), event: { kind: "overflow", text } };
  }
  return resumed.test(line) && !looksLikeCode(line) ? { values: new Map(), event: { kind: "resume", text } } : null;
}
