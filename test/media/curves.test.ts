import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alignBranches, branchesOf } from "../../media/alignment.ts";
import { quantileRange } from "../../media/quantileRange.ts";
import { smooth } from "../../media/smoothing.ts";
import type { SeriesPoints } from "../../server/protocol.ts";

const points = (steps: number[], values: (number | null)[] = steps): SeriesPoints => ({
  name: "loss",
  steps,
  values,
  nonFinite: [],
  total: steps.length,
});

test("smoothing follows the debiased average", () => {
  // m1 = 0.5·2 = 1, /0.5 = 2; m2 = 0.5·1 + 0.5·4 = 2.5, /0.75 = 3.333…
  assert.deepEqual(smooth([2, 4], 0.5), [2, 2.5 / 0.75]);
  assert.deepEqual(smooth([2, 4, 1], 0), [2, 4, 1]);
});

test("smoothing of a constant is that constant, from the first point on", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (level, weight) => {
        for (const value of smooth(Array(20).fill(level), weight)) {
          assert.ok(typeof value === "number" && Math.abs(value - level) <= 1e-9 * Math.max(1, Math.abs(level)));
        }
      },
    ),
  );
});

test("smoothing passes over what is not finite and does not spread it", () => {
  assert.deepEqual(
    smooth([2, null, undefined, 2], 0.9).map((value) => value && Math.round(value)),
    [2, null, undefined, 2],
  );
});

test("a restart begins a new branch, so that both are drawn", () => {
  const branches = branchesOf(points([0, 10, 20, 15, 25], [3, 2, 1, 1.5, 1.2]));
  assert.deepEqual(
    branches.map(({ steps }) => steps),
    [
      [0, 10, 20],
      [15, 25],
    ],
  );
  const { x, columns } = alignBranches(branches);
  assert.deepEqual(x, [0, 10, 15, 20, 25]);
  assert.deepEqual(columns[0], [3, 2, undefined, 1, undefined]);
  assert.deepEqual(columns[1], [undefined, undefined, 1.5, undefined, 1.2]);
});

test("points of one step keep their own rows", () => {
  const { x, columns } = alignBranches(branchesOf(points([5, 5, 5], [1, 9, 2])));
  assert.deepEqual(x, [5, 5, 5]);
  assert.deepEqual(columns[0], [1, 9, 2]);
});

test("aligning loses no point, adds none, and keeps x rising", () => {
  const series = fc.array(fc.tuple(fc.nat(50), fc.option(fc.double({ noNaN: true }))), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(series, { maxLength: 4 }), (all) => {
      const branches = all.flatMap((pairs) =>
        branchesOf(
          points(
            pairs.map(([step]) => step),
            pairs.map(([, value]) => value),
          ),
        ),
      );
      const { x, columns } = alignBranches(branches);
      assert.ok(x.every((step, index) => index === 0 || step >= (x[index - 1] ?? 0)));
      branches.forEach((branch, place) => {
        const column = columns[place] ?? [];
        assert.equal(column.length, x.length);
        assert.deepEqual(
          column.filter((value) => value !== undefined),
          branch.values,
        );
        assert.deepEqual(
          x.filter((_, index) => column[index] !== undefined),
          branch.steps,
        );
      });
    }),
  );
});

test("the robust range leaves a single outlier outside", () => {
  const values = Array.from({ length: 100 }, (_, index) => 1 + index / 100);
  const range = quantileRange([...values, 1e9, null, undefined]);
  assert.ok(range && range[1] < 2 && range[0] > 1);
  assert.equal(quantileRange([null, 3]), null);
});
