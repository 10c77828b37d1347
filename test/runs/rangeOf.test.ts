import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { appendPoint, createSeries, extremesOf, type GrowingSeries } from "../../server/runs/growingSeries.ts";
import { rangeOf } from "../../server/runs/rangeOf.ts";

function seriesOf(points: readonly (readonly [number, number])[]): GrowingSeries {
  const series = createSeries("loss");
  for (const [step, value] of points) {
    appendPoint(series, step, value);
  }
  return series;
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);
const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), value), { minLength: 1, maxLength: 700 });

/** Ascending steps, going back now and then as a resumed run does. */
function asSteps(raw: readonly (readonly [number, number])[]): [number, number][] {
  let step = 0;
  return raw.map(([gap, y]) => {
    step = gap === 40 ? Math.max(0, step - 50) : step + (gap % 3);
    return [step, y];
  });
}

describe("ranges of a series", () => {
  it("find the extremes of any stretch as a plain search does", () => {
    fc.assert(
      fc.property(points, fc.nat(700), fc.nat(700), (raw, a, b) => {
        const series = seriesOf(asSteps(raw));
        const [from, to] = [Math.min(a, b, series.length), Math.min(Math.max(a, b), series.length)];
        const finite = [...series.values.subarray(from, to)].filter(Number.isFinite);
        const { smallest, largest } = extremesOf(series, from, to);
        assert.equal(
          smallest < 0 ? undefined : series.values[smallest],
          finite.length ? Math.min(...finite) : undefined,
        );
        assert.equal(largest < 0 ? undefined : series.values[largest], finite.length ? Math.max(...finite) : undefined);
      }),
    );
  });

  it("drop no extreme and no kind of point, however few columns there are", () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 60 }), fc.boolean(), (raw, columns, part) => {
        const all = asSteps(raw);
        const series = seriesOf(all);
        const [from, to] = part ? [5, 60] : [null, null];
        const inside = all.filter(([step]) => from === null || to === null || (step >= from && step <= to));
        const range = rangeOf(series, from, to, columns);
        assert.equal(range.total, inside.length);
        const finite = inside.map(([, y]) => y).filter(Number.isFinite);
        const sent = range.values.filter((y) => y !== null);
        assert.equal(Math.min(...sent), Math.min(...finite));
        assert.equal(Math.max(...sent), Math.max(...finite));
        assert.equal(range.nonFinite.length > 0, finite.length < inside.length);
        assert.equal(range.nonFinite.length, range.values.filter((y) => y === null).length);
        const branches = series.branches.length;
        assert.ok(range.steps.length <= Math.max(4 * columns, 4 * (columns + 1) * branches));
      }),
    );
  });

  it("send all points when there are no more than four a column", () => {
    const series = seriesOf([
      [0, 1],
      [1, Number.NaN],
      [2, 3],
    ]);
    assert.deepEqual(rangeOf(series, 0, 2, 100), {
      name: "loss",
      steps: [0, 1, 2],
      values: [1, null, 3],
      nonFinite: [{ step: 1, kind: "NaN" }],
      total: 3,
    });
  });

  it("cost little on a million points", () => {
    const series = createSeries("loss");
    for (let i = 0; i < 1_000_000; i++) {
      appendPoint(series, i, Math.sin(i) + (i === 654_321 ? 100 : 0));
    }
    const start = performance.now();
    const range = rangeOf(series, null, null, 1000);
    assert.ok(performance.now() - start < 100, `${performance.now() - start} ms`);
    assert.ok(range.values.some((y) => y !== null && y > 90));
    assert.ok(range.steps.length <= 4000);
  });
});
