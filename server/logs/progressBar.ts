import { scanFields } from "./textFields.ts";

/** One state of a progress bar. */
export interface BarState {
  /** tqdm's bars count steps; Keras's show running means that reach the epoch's value at the end. */
  readonly kind: "tqdm" | "keras";
  /** Its text before the numbers, digits left out: tells one bar from the next. */
  readonly label: string;
  readonly done: number;
  readonly total: number | null;
  /** Numbers by column; empty for a bar that shows none. */
  readonly values: ReadonlyMap<string, number>;
}

const tqdmBar = /^(.*?)\d+%\|[^|]*\|\s*(\d+)\/(\d+)\s*\[([^\]]*)\]?(.*)$/;
const tqdmCount = /^(.*?)(\d+)it \[([^\]]*)\]?(.*)$/;
const kerasBar =
  /^\s*(\d+)\/(\d+|Unknown)\s+(?:\[[=>.\s]*\]|[━╸╺─\s]*)\s*(?:-|\d[\d:]*[a-z]*)\s.*?(?:\/(?:step|sample|epoch)|s)\b(?: - |\s|$)/;

/** Reads a line that a progress bar shows, null for other lines. */
export function readBar(line: string): BarState | null {
  const isTqdm = line.includes("%|") || line.includes("it [");
  if (isTqdm) {
    return readTqdm(line);
  }
  return /^\s*\d+\/(?:\d+|Unknown) /.test(line) ? readKeras(line) : null;
}

function readTqdm(line: string): BarState | null {
  const full = tqdmBar.exec(line);
  const match = full ?? tqdmCount.exec(line);
  if (match === null) {
    return null;
  }
  const label = match[1] ?? "";
  const total = full === null ? null : Number(full[3]);
  const inside = (full === null ? match[3] : full[4]) ?? "";
  // Inside stand the time, the rate, and then what the script gave as a postfix.
  const shown = inside.split(",").slice(2).join(",");
  const behind = (full === null ? match[4] : full[5]) ?? "";
  const values = new Map<string, number>();
  const text = `${label.replace(/[:\s]+$/, "")}, ${shown}, ${behind}`;
  for (const { name, value, joined } of scanFields(text)) {
    if (name !== "" && (joined || /^(?:.* )?ep(?:och)?$/i.test(name))) {
      values.set(name, value);
    }
  }
  return { kind: "tqdm", label: label.replace(/[\d.\s]+/g, ""), done: Number(match[2]), total, values };
}

function readKeras(line: string): BarState | null {
  const match = kerasBar.exec(line);
  if (match === null) {
    return null;
  }
  const values = new Map<string, number>();
  const fields = scanFields(line);
  for (const { name, value, joined } of fields) {
    if (joined && name !== "" && name !== "ETA") {
      values.set(name, value);
    }
  }
  const total = match[2] === "Unknown" ? null : Number(match[2]);
  return { kind: "keras", label: "", done: Number(match[1]), total, values };
}
