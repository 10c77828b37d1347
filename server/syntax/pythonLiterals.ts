/** The value of a Python numeric literal, or null for complex numbers and text that is not a number. */
export function pythonNumber(text: string): number | null {
  const digits = text.replace(/_/g, "").replace(/[lL]$/, "");
  if (/[jJ]$/.test(digits) && !/^0[xX]/.test(digits)) return null;
  const value = Number(digits);
  return Number.isNaN(value) ? null : value;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
  "\r\n": "",
};

/**
 * The text that the inside of a Python string literal stands for; `prefix` is what comes before its quotes (`rb`, `f`, …).
 * Escapes that Python does not know stay as they are, and so do `\N{…}` names.
 */
export function pythonStringText(inside: string, prefix: string): string {
  const kind = prefix.toLowerCase();
  const braced = kind.includes("f") || kind.includes("t") ? inside.replace(/\{\{/g, "{").replace(/\}\}/g, "}") : inside;
  if (kind.includes("r") || !braced.includes("\\")) return braced;
  return braced.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(\r\n|[\s\S]))/g,
    (whole: string, hex?: string, short?: string, long?: string, octal?: string, other?: string) => {
      const code = hex ?? (kind.includes("b") ? undefined : (short ?? long));
      if (code !== undefined) return codePoint(Number.parseInt(code, 16), whole);
      if (octal !== undefined) return codePoint(Number.parseInt(octal, 8), whole);
      return escapes[other ?? ""] ?? whole;
    },
  );
}

function codePoint(code: number, whole: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

const plainString = /^([a-zA-Z]*)("""|'''|"|')/;

/** Whether a string literal holds no interpolation by its prefix, and has both its quotes. */
export function isPlainString(literal: string): boolean {
  const [opening = "", prefix = "", quotes = ""] = plainString.exec(literal) ?? [];
  if (opening === "" || /[fFtT]/.test(prefix)) return false;
  return literal.length >= opening.length + quotes.length && literal.endsWith(quotes);
}

/** The text of a string literal for which `isPlainString` holds. */
export function plainStringText(literal: string): string {
  const [opening = "", prefix = "", quotes = ""] = plainString.exec(literal) ?? [];
  return pythonStringText(literal.slice(opening.length, literal.length - quotes.length), prefix);
}
