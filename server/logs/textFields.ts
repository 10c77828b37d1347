import { parseNumber } from "./numberText.ts";
import { isBarePhase, isMeasured, isPlace } from "./textVocabulary.ts";

/** A number of a line with the name that stands before it. */
export interface TextField {
  /** As printed, blanks single; empty when no name stands before it. */
  readonly name: string;
  readonly value: number;
  /** Where the number stands in the line, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** `:` or `=` stands between name and number, else blanks alone. */
  readonly joined: boolean;
  /** The number after a slash: `5100` of `300/5100`. */
  total: number | null;
  totalStart: number;
  totalEnd: number;
  /** What stands between the number before (or the line's start) and this one. */
  readonly gap: string;
}

const numberToken =
  /[+-]?(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\b(?:nan|inf(?:inity)?)\b)/gi;

/** A unit may follow a number at once; another letter makes it a part of a word. */
const unit = /^(?:k|m|b|ms|s|sec|secs|h|hr|hrs|us|it\/s|s\/it|mb|gb|gib|mib|x|samples\/s|tok\/s)(?![a-z])/i;
const thousands: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, B: 1e9 };
const longestName = 48;
const mostWords = 4;

/** All numbers of a line that are values and not parts of words, dates, clock times or versions. */
export function scanFields(line: string): TextField[] {
  const fields: TextField[] = [];
  let behind = 0;
  numberToken.lastIndex = 0;
  for (let match = numberToken.exec(line); match !== null; match = numberToken.exec(line)) {
    const start = match.index;
    const end = start + match[0].length;
    if (!standsAlone(line, start, end)) {
      continue;
    }
    const gap = line.slice(behind, start);
    behind = end + unitLength(line, end);
    const last = fields[fields.length - 1];
    const value = parseNumber(match[0]) ?? Number.NaN;
    if (last !== undefined && /^\s*\/\s*$/.test(gap)) {
      last.total = value;
      last.totalStart = start;
      last.totalEnd = end;
      continue;
    }
    const scale = thousands[line[end] ?? ""] ?? 1;
    const scaled = scale !== 1 && !/\w/.test(line[end + 1] ?? "") ? scale : 1;
    fields.push({
      ...nameIn(gap),
      value: value * scaled,
      start,
      end: scaled === 1 ? end : end + 1,
      total: null,
      totalStart: 0,
      totalEnd: 0,
      gap,
    });
  }
  return fields;
}

function unitLength(line: string, end: number): number {
  return /[a-z]/i.test(line[end] ?? "") ? (unit.exec(line.slice(end, end + 12))?.[0].length ?? 0) : 0;
}

function standsAlone(line: string, start: number, end: number): boolean {
  const before = line[start - 1] ?? " ";
  const earlier = line[start - 2] ?? " ";
  const after = line[end] ?? " ";
  const later = line[end + 1] ?? " ";
  if (/[\w@#.$\\]/.test(before) || (/[:\-+]/.test(before) && /\d/.test(earlier))) {
    return false;
  }
  if (/[:\-.]/.test(after) && /\d/.test(later)) {
    return false;
  }
  return !/[a-z_]/i.test(after) || unitLength(line, end) > 0;
}

/** `Epoch(train) [1][50/1000]` of OpenMMLab's engine. */
const epochOfPhase = /\bEpoch\((?:train|val|test)\)\s*\[\s*$/;
/** `Train: 3 [40/100 (40%)]` of timm. */
const bareEpoch = /^\s*(?:train|val|valid|test|eval)\s*$/i;

function nameIn(gap: string): { name: string; joined: boolean } {
  if (epochOfPhase.test(gap)) {
    return { name: "epoch", joined: false };
  }
  const open = gap.replace(/[\s[({<'"]+$/, "");
  const joined = /[:=]$/.test(open);
  const text = open.replace(/[\s:=]+$/, "").replace(/['"]+$/, "");
  const from = Math.max(
    ...["|", ",", ";", "\t", "(", ")", "{", "}", "[", "]", "<", ">", ":", "=", "'", '"', "*"].map((mark) =>
      text.lastIndexOf(mark),
    ),
    lastOf(text, "  "),
    lastOf(text, " - "),
  );
  const name = text
    .slice(from + 1)
    .replace(/^[\s.\-–—%]+/, "")
    .trim();
  const words = name.split(/\s+/);
  const known = /^[A-Za-z_][\w ./@%+-]*$/.test(name) && name.length <= longestName && words.length <= mostWords;
  return known ? { name: words.join(" "), joined } : { name: "", joined: false };
}

function lastOf(text: string, mark: string): number {
  const at = text.lastIndexOf(mark);
  return at < 0 ? -1 : at + mark.length - 1;
}

/** Source code, format strings and settings that look like numbers being reported. */
const code =
  /^\s*(?:def|class|import|from|return|if|elif|else|for|while|with|try|assert|print|raise|async|const|let|var|#|@|>>>|\/\/)(?:\b|\s|$)|\w\((?!(?:train|val|test)\)\s*\[)|[!<>=]=|[+*/-]=|\bself\.|\blambda\b|%[sd]|%\.\d|\{[\w.]*[:!}]|\w\[[\w'"]+\]\s*=/i;

/** Sentences about what was done, not about the step that was made. */
const prose =
  /\b(?:improved|saving|saved|loading|loaded|restored?|best(?![\w ]{0,12}\s?[:=])|early stopping|did not improve|decreased|stopping|skipping|warning|error:|expected|achieved|took|total (?:number|params)|namespace|usage:)\b/i;

export function looksLikeCode(line: string): boolean {
  return code.test(line);
}

export function looksLikeProse(line: string): boolean {
  return prose.test(line);
}

/** True for a line of measured numbers alone, each named and none a setting: under a heading such a line reports. */
export function measuresOnly(line: string, fields: readonly TextField[]): boolean {
  let rest = line;
  for (const field of [...fields].reverse()) {
    if (!field.joined || !isMeasured(field.name) || !isDecimal(line, field) || field.total !== null) {
      return false;
    }
    const from = line.lastIndexOf(field.name.split(" ")[0] ?? "", field.start);
    rest = `${rest.slice(0, Math.max(0, from))} ${rest.slice(field.end)}`;
  }
  return fields.length > 0 && /^[\s|,;%*-]*$/.test(rest) && !looksLikeProse(line);
}

/** The fields of a line that make a record, each with its column's name; null when the line is no record. */
export function recordFields(line: string, fields: readonly TextField[]): { name: string; field: TextField }[] | null {
  const chosen: { name: string; field: TextField }[] = [];
  let measuredCount = 0;
  let lossCount = 0;
  let placeCount = 0;
  let others = 0;
  fields.forEach((field, i) => {
    const { name, joined } = field;
    if (name === "") {
      const step = unnamedStep(line, fields, i);
      if (step) {
        placeCount++;
        chosen.push({ name: "step", field });
      }
      return;
    }
    const brief = name.split(" ").length <= 3;
    if (bareEpoch.test(name) && Number.isInteger(field.value) && !isDecimal(line, field)) {
      if ((fields[i + 1]?.total ?? null) !== null) {
        placeCount++;
        chosen.push({ name: "epoch", field });
      }
      return;
    }
    if (isPlace(name) && (field.total === null || field.total >= field.value)) {
      placeCount++;
      chosen.push({ name, field });
    } else if ((isMeasured(name) || (isBarePhase(name) && isDecimal(line, field))) && (joined || brief)) {
      measuredCount++;
      if (/loss|nll/i.test(name) && (joined ? isReport(line, field) : isDecimal(line, field))) {
        lossCount++;
      }
      chosen.push({ name, field });
    } else if (joined && field.total === null) {
      others++;
      chosen.push({ name, field });
    }
  });
  if (looksLikeProse(line) && placeCount + measuredCount < 3) {
    return null;
  }
  const enough =
    (measuredCount > 0 && placeCount > 0) ||
    (lossCount > 0 && !line.trimEnd().endsWith(",")) ||
    (placeCount > 0 && others >= 3 && chosen.some(({ field }) => isDecimal(line, field)));
  return enough && !looksLikeCode(line) ? chosen : null;
}

/** `[3][40/200]`, `|  600/ 2983 batches`, `143/573 |`, and a number in brackets that begins the line. */
function unnamedStep(line: string, fields: readonly TextField[], i: number): boolean {
  const field = fields[i];
  if (field === undefined || !Number.isInteger(field.value) || field.value < 0 || fields.slice(0, i).some(isStep)) {
    return false;
  }
  if (field.total !== null) {
    return field.total >= field.value && field.total > 1;
  }
  if (i !== 0 || !/^\s*\[?\s*$/.test(field.gap)) {
    return false;
  }
  // A number that begins the line, in brackets or right before the first name: `12 loss: 0.5`.
  const next = fields[1];
  return line[field.end] === "]" || (next?.joined === true && isMeasured(next.name) && isDecimal(line, next));
}

function isStep(field: TextField): boolean {
  return isPlace(field.name) && !/ep/i.test(field.name);
}

function isDecimal(line: string, field: TextField): boolean {
  return !Number.isFinite(field.value) || /[.e]/i.test(line.slice(field.start, field.end));
}

/** `loss: 0.5` and `loss=0.5` report; `loss = 0` is more likely code. */
function isReport(line: string, field: TextField): boolean {
  return isDecimal(line, field) && !/\s=\s*$/.test(field.gap);
}
