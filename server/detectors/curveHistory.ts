/** A stretch of a curve for a second look: record numbers (from 0), their steps and values, ascending. */
export interface Stretch {
  readonly records: readonly number[];
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Remembers a curve in bounded memory: the newest records as they are, older ones as means of ever more records. */
export interface CurveHistory {
  add(step: number, value: number): void;
  /** From this record on, as finely as it is remembered. */
  since(record: number): Stretch;
  readonly count: number;
}

const newest = 2048;
const olderPoints = 2048;

interface Older {
  records: number[];
  steps: number[];
  values: number[];
}

export function createCurveHistory(): CurveHistory {
  const steps = new Float64Array(newest);
  const values = new Float64Array(newest);
  let older: Older = { records: [], steps: [], values: [] };
  /** Records in each older point, a power of two, and how many of the next point are in. */
  let stride = 1;
  let filling = 0;
  let sum = 0;
  let firstStep = 0;
  let count = 0;

  function remember(record: number, step: number, value: number): void {
    if (filling === 0) {
      firstStep = step;
      sum = 0;
    }
    sum += value;
    filling++;
    if (filling < stride) {
      return;
    }
    older.records.push(record - stride + 1);
    older.steps.push(firstStep);
    older.values.push(sum / stride);
    filling = 0;
    if (older.records.length === olderPoints) {
      older = halved(older);
      stride *= 2;
    }
  }

  return {
    add(step, value) {
      const slot = count % newest;
      if (count >= newest) {
        remember(count - newest, steps[slot] ?? 0, values[slot] ?? 0);
      }
      steps[slot] = step;
      values[slot] = value;
      count++;
    },
    since(record) {
      const found: { records: number[]; steps: number[]; values: number[] } = { records: [], steps: [], values: [] };
      older.records.forEach((at, i) => {
        if (at >= record) {
          found.records.push(at);
          found.steps.push(older.steps[i] ?? 0);
          found.values.push(older.values[i] ?? 0);
        }
      });
      for (let at = Math.max(record, count - newest, 0); at < count; at++) {
        found.records.push(at);
        found.steps.push(steps[at % newest] ?? 0);
        found.values.push(values[at % newest] ?? 0);
      }
      return found;
    },
    get count() {
      return count;
    },
  };
}

function halved(older: Older): Older {
  const next: Older = { records: [], steps: [], values: [] };
  for (let i = 0; i + 1 < older.records.length; i += 2) {
    next.records.push(older.records[i] ?? 0);
    next.steps.push(older.steps[i] ?? 0);
    next.values.push(((older.values[i] ?? 0) + (older.values[i + 1] ?? 0)) / 2);
  }
  return next;
}
