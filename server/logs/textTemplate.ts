import { parseNumber } from "./numberText.ts";

/** A number of a line that becomes a column. */
export interface TemplateField {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A line's form, learned from one that was read: the next lines of that form cost one regular expression. */
export interface TextTemplate {
  /** The numbers of a line of this form by column, null for a line of another form. */
  read(line: string): Map<string, number> | null;
}

const value = "([+-]?(?:\\d+\\.?\\d*(?:[eE][+-]?\\d+)?|\\.\\d+(?:[eE][+-]?\\d+)?|nan|NaN|-?inf))";

/** Longer lines are read field by field: their expression would be slower than that. */
const mostFields = 64;

/**
 * The form of `line`: all of its text as it is, but numbers and runs of blanks free. Fields must be in order, must not
 * overlap, and must be plain numbers (no unit that scales them, no thousands separators). Null where that does not hold.
 */
export function learnTemplate(line: string, fields: readonly TemplateField[]): TextTemplate | null {
  if (fields.length === 0 || fields.length > mostFields) {
    return null;
  }
  let pattern = "^";
  let behind = 0;
  for (const { start, end } of fields) {
    if (start < behind || !new RegExp(`^${value}$`).test(line.slice(start, end))) {
      return null;
    }
    pattern += literal(line.slice(behind, start)) + value;
    behind = end;
  }
  if (/^[KMBkmb](?!\w)/.test(line.slice(behind))) {
    return null;
  }
  const expression = new RegExp(`${pattern}${literal(line.slice(behind))}$`);
  const names = fields.map((field) => field.name);
  return {
    read(text) {
      const match = expression.exec(text);
      if (match === null) {
        return null;
      }
      const values = new Map<string, number>();
      for (let i = 0; i < names.length; i++) {
        const written = match[i + 1] ?? "";
        const number = Number(written);
        values.set(names[i] ?? "", Number.isNaN(number) ? (parseNumber(written) ?? number) : number);
      }
      return values;
    },
  };
}

function literal(text: string): string {
  return text
    .replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")
    .replace(/\d+/g, "\\d+")
    .replace(/[ \t]+/g, "[ \\t]+");
}
