import { parseNumber } from "./numberText.ts";

/** A number of a line that becomes a column. */
export interface TemplateField {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A line's form, learned from one that was read: the next lines of that form cost one pass over their characters. */
export interface TextTemplate {
  /** The numbers of a line of this form by column, null for a line of another form. */
  read(line: string): Map<string, number> | null;
}

/** What comes next in a line of this form: exact text, a run of digits, a run of blanks, or a number of this column. */
type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "digits" }
  | { readonly kind: "blanks" }
  | { readonly kind: "value"; readonly name: string };

/** Lines with more numbers are read field by field each time. */
const mostFields = 256;

/**
 * The form of `line`: all of its text as it is, but numbers and runs of blanks free. Fields must be in order, must not
 * overlap, and must be plain numbers (no unit that scales them, no thousands separators). Null where that does not hold.
 */
export function learnTemplate(line: string, fields: readonly TemplateField[]): TextTemplate | null {
  if (fields.length === 0 || fields.length > mostFields) {
    return null;
  }
  const parts: Part[] = [];
  let behind = 0;
  for (const { name, start, end } of fields) {
    if (start < behind || valueEnd(line, start) !== end) {
      return null;
    }
    parts.push(...literalParts(line.slice(behind, start)), { kind: "value", name });
    behind = end;
  }
  if (/^[KMBkmb](?!\w)/.test(line.slice(behind))) {
    return null;
  }
  parts.push(...literalParts(line.slice(behind)));
  return { read: (text) => readParts(parts, text) };
}

function literalParts(text: string): Part[] {
  return (text.match(/\d+|[ \t]+|[^\d \t]+/g) ?? []).map((piece) => {
    const first = piece.charCodeAt(0);
    return isDigit(first) ? { kind: "digits" } : isBlank(first) ? { kind: "blanks" } : { kind: "text", text: piece };
  });
}

function readParts(parts: readonly Part[], line: string): Map<string, number> | null {
  const values = new Map<string, number>();
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part === undefined) {
      return null;
    }
    const from = at;
    switch (part.kind) {
      case "text":
        if (!line.startsWith(part.text, at)) {
          return null;
        }
        at += part.text.length;
        break;
      case "value": {
        at = valueEnd(line, at);
        const value = at < 0 ? null : numberOf(line.slice(from, at));
        if (value === null) {
          return null;
        }
        values.set(part.name, value);
        break;
      }
      case "digits":
        while (isDigit(line.charCodeAt(at))) {
          at++;
        }
        break;
      default:
        while (isBlank(line.charCodeAt(at))) {
          at++;
        }
    }
    if (at === from) {
      return null;
    }
  }
  return at === line.length ? values : null;
}

function numberOf(text: string): number | null {
  const number = Number(text);
  return Number.isNaN(number) ? parseNumber(text) : number;
}

/** Where the number that begins here ends, -1 when none does. */
function valueEnd(line: string, start: number): number {
  let at = start;
  const sign = line.charCodeAt(at);
  if (sign === 0x2b || sign === 0x2d) {
    at++;
  }
  const first = line.charCodeAt(at);
  if (!isDigit(first) && first !== 0x2e) {
    const word = /^(?:nan|inf(?:inity)?)(?![A-Za-z])/i.exec(line.slice(at, at + 9))?.[0];
    return word === undefined ? -1 : at + word.length;
  }
  while (isDigit(line.charCodeAt(at))) {
    at++;
  }
  if (line.charCodeAt(at) === 0x2e) {
    at++;
    while (isDigit(line.charCodeAt(at))) {
      at++;
    }
  }
  const mark = line.charCodeAt(at);
  if (mark === 0x65 || mark === 0x45) {
    let power = at + 1;
    const powerSign = line.charCodeAt(power);
    if (powerSign === 0x2b || powerSign === 0x2d) {
      power++;
    }
    const digits = power;
    while (isDigit(line.charCodeAt(power))) {
      power++;
    }
    at = power > digits ? power : at;
  }
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
