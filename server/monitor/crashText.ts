/** The end of a log that tells of a program's death, in the words of its runtime. */

/** Kept of a log's end, in UTF-16 code units. */
const longestTail = 16_384;

export interface CrashText {
  /** Takes the next bytes of a text log. */
  push(bytes: Uint8Array): void;
  /** Records have come: what was told before them did not end the run. */
  clear(): void;
  /** The line that says why the program ended (`RuntimeError: CUDA out of memory. …`), null where none does. */
  reason(): string | null;
}

/** Python's traceback ends with the exception's name at the start of a line (Library/traceback: `format_exception_only`). */
const traceback = /Traceback \(most recent call last\):/;
const exception =
  /^(?:\[?rank\d+\]?:? ?)?((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|OutOfMemoryError|Failure)\b(?::.*)?)$/;
/** Of a shell, of Slurm (`slurmstepd: error: …`), of Python's fault handler, and of Node (`node:internal/…` and a stack). */
const death =
  /^(?:.*\bSegmentation fault(?: \(core dumped\))?|Killed|.*\bBus error\b.*|Fatal Python error: .*|slurmstepd: error: .*(?:CANCELLED|oom.?kill|Exceeded|DUE TO).*|Aborted \(core dumped\)|FATAL ERROR: .*heap out of memory)$/;

export function createCrashText(): CrashText {
  let tail = "";
  return {
    push(bytes) {
      tail = (tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")).slice(
        -longestTail,
      );
    },
    clear() {
      tail = "";
    },
    reason() {
      const lines = tail.split(/\r?\n|\r/).map((line) => line.trimEnd());
      const fatal = lines.findLast((line) => death.test(line));
      if (fatal !== undefined) {
        return fatal;
      }
      const from = lines.findLastIndex((line) => traceback.test(line));
      const named = from < 0 ? undefined : lines.slice(from).findLast((line) => exception.test(line));
      return named === undefined ? null : (exception.exec(named)?.[1] ?? null);
    },
  };
}
