import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { logLabels, stepLabels, valueLabels } from "../../media/axisLabels.ts";
import { formatCompact, formatDuration, formatRate, formatStep, formatValue } from "../../media/numbers.ts";

test("writes values as people read them", () => {
  const cases: [number | "NaN" | "Infinity" | "-Infinity" | null, string][] = [
    [0.0123, "0.0123"],
    [3e-4, "3e-4"],
    [0.001, "0.001"],
    [0.1, "0.1"],
    [2.784_29, "2.78"],
    [1.000_1, "1.00"],
    [0, "0"],
    [65_536, "65,536"],
    [1234.56, "1234.6"],
    [-0.5, "−0.5"],
    [-3.2e-5, "−3.2e-5"],
    [1.5e9, "1.5e9"],
    ["NaN", "NaN"],
    ["Infinity", "∞"],
    ["-Infinity", "−∞"],
    [null, "–"],
  ];
  for (const [value, text] of cases) assert.equal(formatValue(value), text);
});

test("shortens counts without rounding up to a step that was not reached", () => {
  const cases: [number, string][] = [
    [950, "950"],
    [4_999, "4,999"],
    [12_399, "12.3k"],
    [152_480, "152k"],
    [999_999, "999k"],
    [1_250_000, "1.2M"],
    [3_000_000_000, "3B"],
  ];
  for (const [count, text] of cases) assert.equal(formatCompact(count), text);
  assert.equal(formatStep(152_300), "152,300");
});

test("a written value is within half a per cent of the value", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-12, max: 1e12 }), (value) => {
      const read = Number(formatValue(value).replaceAll(",", ""));
      assert.ok(Math.abs(read - value) <= 0.00501 * value, `${value} as ${formatValue(value)}`);
    }),
  );
});

test("durations keep their two largest units", () => {
  assert.equal(formatDuration(7_980_000), "2 h 13 m");
  assert.equal(formatDuration(65_400), "1 m 5 s");
  assert.equal(formatDuration(3_600_000), "1 h");
  assert.equal(formatDuration(0), "0 s");
});

test("slow steps are told in seconds a step", () => {
  assert.equal(formatRate(41.3), "41 it/s");
  assert.equal(formatRate(0.4), "2.5 s/it");
});

test("neighbouring labels of an axis differ", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -50, max: 50 }),
      fc.constantFrom(0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 500, 20_000),
      (first, increment) => {
        const splits = [0, 1, 2, 3].map((index) => (first + index) * increment);
        assert.equal(new Set(valueLabels(splits, increment)).size, 4);
        if (increment >= 1) assert.equal(new Set(stepLabels(splits, increment)).size, 4);
      },
    ),
  );
  assert.deepEqual(valueLabels([2.781, 2.782], 0.001), ["2.781", "2.782"]);
  assert.deepEqual(stepLabels([1e6, 2e6], 1e6), ["1M", "2M"]);
  assert.deepEqual(stepLabels([960_000, 980_000, 1_000_000, 1_020_000], 20_000).at(-1), "1,020,000");
  assert.deepEqual(stepLabels([1_000_000, 1_000_100], 100), ["1,000,000", "1,000,100"]);
  assert.deepEqual(logLabels([1e-5, null, 10]), ["1e-5", "", "10"]);
});
