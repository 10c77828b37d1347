/** Whether the y axis starts out logarithmic. */
import type { SeriesPoints } from "../server/protocol.ts";

/** On a linear axis 450 pixels high, a change below this share of the highest value moves the line by less than half a pixel. */
const widest = 1_000;
/** The first few values of a run fall steeply before there is anything to see. */
const fewest = 50;

/** A curve that spans three decades and is positive throughout: on a linear axis its later part is a flat line at 0. */
export function spansDecades(points: SeriesPoints): boolean {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const value of points.values) {
    if (value === null) continue;
    if (value <= 0) return false;
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  return points.total >= fewest && largest >= widest * smallest;
}
