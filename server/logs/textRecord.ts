import type { LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import type { BarState } from "./progressBar.ts";
import { phaseOfWord } from "./recordPhase.ts";
import { looksLikeCode, measuresOnly, recordFields, scanFields, type TextField } from "./textFields.ts";
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

/** `Episode 250` above the lines of its scores, with what else counts upwards beside it. */
const stepHeading =
  /^\W*(?:(?:train(?:ing)?|global) )?(episode|step|iter|iteration|round|update)\W{0,3}(\d+)(?:\s*\/\s*\d+)?(?:[^\d.]*\b(?:frames?|steps?|time|elapsed|took)\W{0,3}[\d:.]+\s*s?)*\W*$/i;
/** `3epoch:train:101-150batch: loss=0.5` of ESPnet. */
const epochBatch = /^(\d+)epoch:(train|valid):\d+-(\d+)batch: /;
const heading =
  /^\W*(?:\[?(train|training|eval|valid|validation|test)\]?\W+)?epoch\W{0,3}(\d+)(?:\s*\/\s*\d+)?(?:\D|$)/i;
/** CycleGAN's programs write it when they begin (util/visualizer.py), and append to the log of the run before. */
const runHeading = /^=+ Training Loss \(.*\) =+\s*$/;
const phaseTag =
  /^(?:Epoch\((train|val|test)\)|saving dict for global (step)|(validation) loss at iteration)|^\W*(train(?:ing)?|eval(?:uat(?:e|ing|ion))?|val(?:id(?:at(?:e|ing|ion))?)?|test(?:ing)?)\b(?!\s*[:=]?\s*[\d.]|\s*(?:loss|acc|ppl|perplexity|metrics?)\b)/i;
const dictionaryField = /'([^']{1,60})'\s*:\s*'?([^',{}[\]]+?)'?\s*(?=[,}])/g;
const bareColumns = /^\s*(\d+)\s+(train|val|valid|test|hella)\s+([+-]?[\d.]+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const lossAt = /^\W*(\w*loss) at (?:step |iter(?:ation)? )?(\d+):?\s+([+-]?[\d.]+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const stepAndLoss = /^\s*(\d+)\s+([+-]?\d*\.\d+(?:e[+-]?\d+)?|nan|inf)\s*$/i;
const deepSpeedLogger = /\[(?:logging|timer)\.py:\d+:(?:log_dist|stop|print_perf)\]/;
const overflow = /\b(?:grad(?:ient)? overflow|overflow detected|OVERFLOW!)/i;
const scaleChange =
  /(?:reducing (?:dynamic )?loss scale from \S+ to|reducing to|loss scale:? reducing to)\s+([\d.e+-]+)/i;
const attemptedScale = /attempted loss scale:\s*(\d[\d.e+]*\d|\d)/i;
const resumed = /\b(?:resum(?:ed|ing)\b.{0,60}\b(?:from|checkpoint|training|at)|loaded checkpoint)\b/i;

export function createLineParser(): LineParser {
  const templates: {
    readonly template: TextTemplate;
    readonly phase: "train" | "val" | null;
    readonly places: boolean;
    readonly epoch: boolean;
    readonly background: boolean;
  }[] = [];
  let epoch: number | null = null;
  let epochUsed = false;
  let headingPhase: "train" | "val" | null = null;
  let headingStep: { readonly name: string; readonly value: number } | null = null;
  let hasRecords = false;
  let begunAnew = false;

  function finished(values: Map<string, number>, phase: "train" | "val" | null, placed: boolean): ParsedLine {
    if (!placed && epoch !== null) {
      values.set("epoch", epoch);
    }
    if (placed) {
      headingStep = null;
    } else if (headingStep !== null) {
      values.set(headingStep.name, headingStep.value);
    }
    const said = phase ?? (placed ? null : headingPhase);
    const record: ParsedLine = said === null ? { values } : { values, phase: said };
    const restarts = begunAnew;
    begunAnew = false;
    hasRecords = true;
    return restarts ? { ...record, restart: true } : record;
  }

  /** Lines of numbers alone follow a heading or a record; elsewhere they are summaries and tables. */
  function followsRecord(): boolean {
    return epoch !== null || headingPhase !== null || headingStep !== null || templates.length > 0;
  }

  function parse(shown: string, raw: string): ParsedLine | null {
    if (runHeading.test(shown)) {
      begunAnew = hasRecords;
      return null;
    }
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
    const tagged = phaseIn(line);
    const background = isOfDeepSpeed(shown, start);
    const batch = epochBatch.exec(line);
    const fields = background ? withStepOfTimer(line, scanFields(line)) : scanFields(line);
    const alone = followsRecord() && measuresOnly(line, fields);
    const chosen = alone ? fields.map((field) => ({ name: field.name, field })) : recordFields(line, fields);
    if (chosen === null) {
      readHeading(line);
      return null;
    }
    const { values, placed } = valuesOf(chosen);
    if (batch !== null) {
      values.set("epoch", Number(batch[1]));
      values.set("step", Number(batch[3]));
      return finished(values, phaseOfWord(batch[2] ?? ""), true);
    }
    if (shown === raw) {
      learn(raw, start, chosen, tagged, placed, background);
    }
    if (background) {
      return { values, background };
    }
    noteEpoch(values);
    return finished(values, tagged, placed);
  }

  /** `Epoch 3/30` alone gives the lines under it their epoch. */
  function readHeading(line: string): void {
    const step = stepHeading.exec(line);
    if (step !== null) {
      headingStep = { name: (step[1] ?? "step").toLowerCase(), value: Number(step[2]) };
      headingPhase = null;
      return;
    }
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
    background: boolean,
  ): void {
    const fields = chosen.flatMap(({ name: printed, field }) => {
      const name = columnOf(printed);
      const own = { name, start: field.start + start, end: field.end + start };
      return field.total !== null && isStepColumn(name)
        ? [own, { name: stepTotal, start: field.totalStart + start, end: field.totalEnd + start }]
        : [own];
    });
    const names = new Set(fields.map(({ name }) => name));
    const template = names.size === fields.length ? learnTemplate(raw, fields) : null;
    if (template !== null) {
      templates.unshift({ template, phase, places, epoch: names.has("epoch") || names.has("Epoch"), background });
      templates.length = Math.min(templates.length, mostTemplates);
    }
  }

  return {
    known(raw) {
      for (let i = 0; i < templates.length; i++) {
        const known = templates[i];
        const values = known?.template.read(raw) ?? null;
        if (known !== undefined && values !== null) {
          if (known.background) {
            return { values, background: true };
          }
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

/** The phase that begins a line; an estimator saves a dictionary after it has evaluated. */
function phaseIn(line: string): "train" | "val" | null {
  const [, ofEngine, saved, atIteration, tag] = phaseTag.exec(line) ?? [];
  return saved === undefined ? phaseOfWord(ofEngine ?? atIteration ?? tag ?? "") : "val";
}

/** DeepSpeed's own reports: `[logging.py:96:log_dist] [Rank 0] step=20, lr=[…]`, `[timer.py:215:stop] epoch=0/micro_step=40/global_step=20, …`. */
function isOfDeepSpeed(shown: string, start: number): boolean {
  return start > 0 && deepSpeedLogger.test(shown.slice(0, start));
}

/** Older timers print `0/264`: the epoch and the count of steps. */
function withStepOfTimer(line: string, fields: TextField[]): TextField[] {
  const [first, ...others] = fields;
  if (first === undefined || first.name !== "" || first.total === null || first.gap.trim() !== "") {
    return fields;
  }
  const { total, totalStart, totalEnd } = first;
  const step = { ...first, name: "step", value: total, start: totalStart, end: totalEnd, total: null };
  return line[totalEnd] === "," ? [step, ...others] : fields;
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
  for (const { name: printed, field } of chosen) {
    const name = columnOf(printed);
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

/** `test epoch` counts as `epoch` does; that the line is about held-out data is its phase. */
function columnOf(printed: string): string {
  const place = /^(?:val|valid|validation|eval|test) (.*)$/i.exec(printed)?.[1];
  return place !== undefined && isPlace(place) ? place : printed;
}

/** `{'loss': 0.41, 'epoch': 0.3}` and `'step':50, 'ppl': 61.2`, numbers quoted or not; null for settings. */
function dictionaryIn(line: string): Map<string, number> | null {
  const open = /^\W*?(?:\w+ )?(\{?)\s*'/.exec(line);
  if (open === null || (open[1] === "{" && !line.trimEnd().endsWith("}"))) {
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
  const placed = names.some((name) => isPlace(name));
  return measures && (placed || (open[1] === "{" && names.some((name) => /loss|eval_/i.test(name)))) ? values : null;
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
    // DeepSpeed's hysteresis keeps the scale at the first overflow.
    const kept = parseNumber(attemptedScale.exec(line)?.[1] ?? "");
    return { values: kept === null ? new Map() : new Map([["loss scale", kept]]), event: { kind: "overflow", text } };
  }
  return resumed.test(line) && !looksLikeCode(line) ? { values: new Map(), event: { kind: "resume", text } } : null;
}
