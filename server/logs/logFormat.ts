/**
 * Bytes of a log become records. A format is a resumable reader: it is fed whole chunks of bytes in any split, keeps a torn
 * tail itself, and gives the same records for every split of the same bytes.
 */
export interface LogRecord {
  /** Names and numbers as logged, NaN and ±Infinity included; step, epoch and time fields too. */
  readonly values: ReadonlyMap<string, number>;
  /** The line it came from, 1-based, for text formats; the record's ordinal, 1-based, for others. */
  readonly line: number;
  /** Byte offset in the file just behind this record: where a later read can resume. */
  readonly endOffset: number;
  /**
   * The step, where the format itself gives each record one; `restart` then says whether it went back, since series of one
   * file may count in different units. Absent where the step is a column among others.
   */
  readonly step?: number;
  /** When it was written, in seconds since 1970, where the format says so apart from the values. */
  readonly wallTime?: number;
  /** The run's own word that it has ended, with its exit status; such a record has no values. */
  readonly exitStatus?: number;
  /** A sign that the run started anew here (a header again, a restart line). */
  readonly restart?: boolean;
  /** `train` or `val` when the record says so in words (`[eval]`, `valid`, a `mode` field), else absent. */
  readonly phase?: "train" | "val";
  /** A library's own report, whose count of steps runs beside the script's: it places records only while no other count does. */
  readonly background?: true;
  /** Something that happened besides numbers: a checkpoint saved, a stage begun, a resume, a loss scale halved. */
  readonly event?: { readonly kind: "checkpoint" | "stage" | "resume" | "overflow"; readonly text: string };
}

export interface LogReader {
  /** Feeds the next bytes; returns the records completed by them. Never throws on bad input. */
  push(chunk: Uint8Array): LogRecord[];
  /** The file has ended for good: gives what an unterminated last line holds. */
  finish(): LogRecord[];
  /** What is fed next comes from the start of a file that was begun anew; what was torn stays so. For formats with a frame. */
  beginAgain?(): void;
  /** Records or lines that could not be read so far, with the first such place. */
  readonly skipped: {
    readonly count: number;
    readonly first: { readonly line: number; readonly reason: string } | null;
  };
}

export interface LogFormat {
  /** `"text"`, `"jsonl"`, `"csv"`, … as shown to users and in `diagnose --format json`. */
  readonly name: string;
  /** Set for formats that are not text; only these are asked about the first `binaryHeadSize` bytes of a file. */
  readonly binary?: true;
  /** How surely these first bytes (up to 64 KiB) are of this format, 0…1; detection is by content, the name only breaks ties. */
  recognize(head: Uint8Array, fileName: string): number;
  createReader(): LogReader;
}
