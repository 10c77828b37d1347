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

/** Records in a row that show the same whole epoch and the same columns: then the epoch does not tell them apart. */
const mostOfEpoch = 3;

interface AxisField {
  readonly name: string;
  readonly axis: StepAxis;
  readonly rank: number;
  readonly whole: boolean;
}

/** One count of a run: a log may hold several, as steps within an epoch, steps of the whole run, and a library's own. */
interface Lane {
  readonly last: { train: number; val: number };
  epoch: number;
  offset: number;
  stride: number;
  trainTotal: number | undefined;
}

function newLane(): Lane {
  return {
    last: { train: Number.NaN, val: Number.NaN },
    epoch: Number.NaN,
    offset: 0,
    stride: 1,
    trainTotal: undefined,
  };
}

/**
 * Chooses the axis of a run by the columns of its records (step, else epoch, tokens, samples, time, else the record's
 * ordinal from 0) and places each record on it. Steps that begin again with each epoch are joined to one ascending count:
 * by `n/N` where it is printed, else by the last step and stride of the epoch before. The count that comes first tells
 * when the run begins again; others go their own way beside it.
 */
export function createStepClock(): StepClock {
  const ranks = new Map<string, AxisField | null>();
  const lanes = new Map<string, Lane>();
  let axis: StepAxis = "record";
  let chosen: AxisField | null = null;
  /** The lane of the count that came first, and whether it is a library's. */
  let primary: string | null = null;
  let primaryInBackground = false;
  let place = Number.NaN;
  let ordinal = 0;
  let sameEpoch = 0;
  let column = "";
  /** Records are counted, since epochs do not tell them apart. */
  let counted = false;

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
    let bestWorth = 0;
    let inEpoch = Number.NaN;
    for (const [name, value] of record.values) {
      const field = fieldOf(name);
      if (field === null || !Number.isFinite(value)) {
        continue;
      }
      if (field.axis === "epoch") {
        inEpoch = value;
      }
      const worth = (field.whole ? 2 : 1) - (field.axis === "step" && !Number.isInteger(value) ? 1 : 0);
      if (best === null || field.rank < best.rank || (field.rank === best.rank && worth > bestWorth)) {
        best = field;
        bestWorth = worth;
      }
    }
    return { best, epoch: inEpoch };
  }

  function forget(): void {
    lanes.clear();
    primary = null;
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
      const { best, epoch } = fieldsOf(record);
      if (best !== null && (chosen === null || best.rank < chosen.rank)) {
        clock.changedAxis = clock.changedAxis || ordinal > 0;
        chosen = best;
        axis = best.axis;
        counted = false;
        forget();
      }
      ordinal++;
      const placed = placeOn(record, best, epoch);
      place = placed.step;
      return placed;
    },
  };

  function standing(otherwise: number): Place {
    return { step: Number.isNaN(place) ? otherwise : place, restarted: false };
  }

  function placeOn(record: LogRecord, best: AxisField | null, recordEpoch: number): Place {
    if (chosen === null) {
      return { step: ordinal - 1, restarted: record.restart === true };
    }
    const name = best !== null && best.rank === chosen.rank ? best.name : null;
    const raw = name === null ? undefined : record.values.get(name);
    if (name === null || raw === undefined) {
      return standing(0);
    }
    const total = record.values.get(stepTotalField);
    const key = total === undefined ? name : `${name}/`;
    const inBackground = record.background === true;
    if (primary === null || (primaryInBackground && !inBackground)) {
      clock.changedAxis = clock.changedAxis || primary !== null;
      primary = key;
      primaryInBackground = inBackground;
    } else if (inBackground && !primaryInBackground) {
      return standing(raw);
    }
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = newLane();
      lanes.set(key, lane);
    }
    const placed = placeIn(lane, record, raw, recordEpoch, total, key === primary);
    if (Number.isFinite(recordEpoch) && record.phase !== "val") {
      lane.epoch = recordEpoch;
    }
    return chosen.axis === "epoch" ? placeByCount(record, raw, placed) : placed;
  }

  /** Several records an epoch: from then on they are counted, and the epoch only tells when the run begins again. */
  function placeByCount(record: LogRecord, raw: number, placed: Place): Place {
    const first = record.phase === undefined ? otherColumn(record) : "";
    sameEpoch = raw === place && first !== "" && first === column && Number.isInteger(raw) ? sameEpoch + 1 : 1;
    column = first;
    if (!counted && sameEpoch >= mostOfEpoch && ordinal <= 2 * mostOfEpoch) {
      counted = true;
      axis = "record";
      clock.changedAxis = true;
    }
    return counted ? { step: ordinal - 1, restarted: placed.restarted } : placed;
  }

  function otherColumn(record: LogRecord): string {
    for (const name of record.values.keys()) {
      if (fieldOf(name) === null) {
        return name;
      }
    }
    return "";
  }

  function placeIn(
    lane: Lane,
    record: LogRecord,
    raw: number,
    recordEpoch: number,
    total: number | undefined,
    isPrimary: boolean,
  ): Place {
    const phase = record.phase === "val" ? "val" : "train";
    const { last } = lane;
    const before = last[phase];
    last[phase] = raw;
    if (record.restart === true) {
      lane.offset = 0;
      last.train = raw;
      last.val = Number.NaN;
      return { step: raw, restarted: true };
    }
    if (phase === "train") {
      lane.trainTotal = total;
    }
    // Held-out data is counted on its own: such a record belongs to where training stands.
    const ownCount =
      lane.offset > 0 ||
      (total !== undefined && lane.trainTotal !== undefined && (total !== lane.trainTotal || raw < last.train));
    if (phase === "val" && chosen?.axis === "step" && ownCount) {
      return standing(raw);
    }
    const nextEpoch = recordEpoch > lane.epoch;
    if ((raw >= before && !(raw === before && nextEpoch && total !== undefined)) || Number.isNaN(before)) {
      if (raw > before) {
        lane.stride = raw - before;
      }
      return { step: lane.offset + raw, restarted: false };
    }
    if (chosen?.axis === "step") {
      if (nextEpoch) {
        const epochs = Math.max(1, Math.round(recordEpoch - lane.epoch));
        lane.offset += total === undefined ? before + (raw === 0 ? lane.stride : 0) : total * epochs;
        return { step: lane.offset + raw, restarted: false };
      }
      const barEnded = total !== undefined && !Number.isFinite(recordEpoch) && before >= nearlyDone * total;
      if (barEnded) {
        lane.offset += total;
        return { step: lane.offset + raw, restarted: false };
      }
      if (phase === "val") {
        return standing(raw);
      }
    }
    lane.offset = 0;
    if (isPrimary) {
      lanes.clear();
      lanes.set(primary ?? "", lane);
      last.train = raw;
      last.val = Number.NaN;
    }
    return { step: raw, restarted: isPrimary };
  }

  return clock;
}
