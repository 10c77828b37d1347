import type { LogRecord } from "../logs/logFormat.ts";
import type { StepAxis } from "./run.ts";
import { axisRank } from "./seriesRole.ts";

/** Where a record stands on the run's axis. */
export interface Place {
  readonly step: number;
  /** The step went back with no new epoch to explain it: the run was begun anew or resumed here. */
  readonly restarted: boolean;
}

export interface StepClock {
  axis: StepAxis;
  /** Places the next record; records must come in the order of writing. */
  place(record: LogRecord): Place;
  /** The axis was chosen anew: points placed so far stand before all steps to come. Reset by the reader of it. */
  changedAxis: boolean;
}

/** What the reader of progress bars and `n/N` steps adds to a record: how many steps one epoch (or the run) has. */
export const stepTotalField = "step total";

/** A bar that stops this close to its end was at its end: the last refresh is often left out. */
const nearlyDone = 0.9;

interface AxisField {
  readonly name: string;
  readonly axis: StepAxis;
  readonly rank: number;
}

/**
 * Chooses the axis of a run by the columns of its records (step, else epoch, tokens, samples, time, else the record's
 * ordinal from 0) and places each record on it. Steps that begin again with each epoch are joined to one ascending count:
 * by `n/N` where it is printed, else by the last step and stride of the epoch before.
 */
export function createStepClock(): StepClock {
  const ranks = new Map<string, AxisField | null>();
  const last = { train: Number.NaN, val: Number.NaN };
  let axis: StepAxis = "record";
  let chosen: AxisField | null = null;
  let place = Number.NaN;
  let ordinal = 0;
  let epoch = Number.NaN;
  let offset = 0;
  let stride = 1;
  let trainTotal: number | undefined;

  function fieldOf(name: string): AxisField | null {
    let field = ranks.get(name);
    if (field === undefined) {
      const ranked = axisRank(name);
      field = ranked === null ? null : { name, ...ranked };
      ranks.set(name, field);
    }
    return field;
  }

  /** The best axis column of a record and its epoch. */
  function fieldsOf(record: LogRecord): { best: AxisField | null; epoch: number } {
    let best: AxisField | null = null;
    let inEpoch = Number.NaN;
    for (const [name, value] of record.values) {
      const field = fieldOf(name);
      if (field === null || !Number.isFinite(value)) {
        continue;
      }
      if (field.axis === "epoch") {
        inEpoch = value;
      }
      if (best === null || field.rank < best.rank) {
        best = field;
      }
    }
    return { best, epoch: inEpoch };
  }

  const clock: StepClock = {
    get axis() {
      return axis;
    },
    set axis(value) {
      axis = value;
    },
    changedAxis: false,
    place(record) {
      if (record.step !== undefined) {
        axis = "step";
        ordinal++;
        place = record.step;
        return { step: record.step, restarted: record.restart === true };
      }
      const { best, epoch: recordEpoch } = fieldsOf(record);
      if (best !== null && (chosen === null || best.rank < chosen.rank)) {
        clock.changedAxis = clock.changedAxis || ordinal > 0;
        chosen = best;
        axis = best.axis;
        last.train = Number.NaN;
        last.val = Number.NaN;
      }
      ordinal++;
      const placed = placeOn(record, best, recordEpoch);
      if (Number.isFinite(recordEpoch) && record.phase !== "val") {
        epoch = recordEpoch;
      }
      place = placed.step;
      return placed;
    },
  };

  function placeOn(record: LogRecord, best: AxisField | null, recordEpoch: number): Place {
    if (chosen === null) {
      return { step: ordinal - 1, restarted: record.restart === true };
    }
    const name = best !== null && best.rank === chosen.rank ? best.name : null;
    const raw = name === null ? undefined : record.values.get(name);
    if (raw === undefined) {
      return { step: Number.isNaN(place) ? 0 : place, restarted: false };
    }
    const phase = record.phase === "val" ? "val" : "train";
    const before = last[phase];
    last[phase] = raw;
    if (record.restart === true) {
      offset = 0;
      last.train = raw;
      last.val = Number.NaN;
      return { step: raw, restarted: true };
    }
    const total = record.values.get(stepTotalField);
    if (phase === "train") {
      trainTotal = total;
    }
    // Held-out data is counted on its own: such a record belongs to where training stands.
    const ownCount = offset > 0 || (total !== undefined && trainTotal !== undefined && total !== trainTotal);
    if (phase === "val" && chosen.axis === "step" && ownCount) {
      return { step: Number.isNaN(place) ? raw : place, restarted: false };
    }
    const nextEpoch = recordEpoch > epoch;
    if ((raw >= before && !(raw === before && nextEpoch && total !== undefined)) || Number.isNaN(before)) {
      if (raw > before) {
        stride = raw - before;
      }
      return { step: offset + raw, restarted: false };
    }
    if (chosen.axis === "step") {
      if (nextEpoch) {
        const epochs = Math.max(1, Math.round(recordEpoch - epoch));
        offset += total === undefined ? before + (raw === 0 ? stride : 0) : total * epochs;
        return { step: offset + raw, restarted: false };
      }
      const barEnded = total !== undefined && !Number.isFinite(recordEpoch) && before >= nearlyDone * total;
      if (barEnded) {
        offset += total;
        return { step: offset + raw, restarted: false };
      }
      if (phase === "val") {
        return { step: Number.isNaN(place) ? raw : place, restarted: false };
      }
    }
    offset = 0;
    return { step: raw, restarted: true };
  }

  return clock;
}
