/** What is drawn over and under the lines: onset bands, and marks where a value was not finite. */
import type uPlot from "uplot";
import type { SeriesPoints, VerdictView } from "../server/protocol.ts";
import type { Theme } from "./theme.ts";

const markSize = 5;

/** A verdict's onset as a band over its interval, at least two pixels wide. */
export function drawOnsets(plot: uPlot, verdicts: readonly VerdictView[], theme: Theme): void {
  const { ctx, bbox } = plot;
  ctx.save();
  clipTo(plot);
  for (const verdict of verdicts) {
    const left = plot.valToPos(verdict.onsetRange[0], "x", true);
    const right = plot.valToPos(verdict.onsetRange[1], "x", true);
    const width = Math.max(2 * devicePixelRatio, right - left);
    if (left + width < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = verdict.severity === "error" ? theme.error : theme.warning;
    ctx.globalAlpha = 0.22;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 0.9;
    ctx.fillRect(plot.valToPos(verdict.onsetStep, "x", true), bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}

/** NaN as ▼ at the last finite value, +Infinity as ▲ at the top edge, −Infinity as ▼ at the bottom; never one over another. */
export function drawNonFinite(plot: uPlot, points: SeriesPoints, color: string): void {
  const { ctx, bbox } = plot;
  const size = markSize * devicePixelRatio;
  const lastX = {
    NaN: Number.NEGATIVE_INFINITY,
    Infinity: Number.NEGATIVE_INFINITY,
    "-Infinity": Number.NEGATIVE_INFINITY,
  };
  ctx.save();
  clipTo(plot);
  ctx.fillStyle = color;
  let cursor = 0;
  let lastFinite: number | null = null;
  for (const { step, kind } of points.nonFinite) {
    // Both lists are in the order of writing; a restart only makes the last finite value a later one.
    while (cursor < points.steps.length && (points.steps[cursor] ?? 0) <= step) {
      lastFinite = points.values[cursor] ?? lastFinite;
      cursor += 1;
    }
    const x = Math.round(plot.valToPos(step, "x", true));
    if (Math.abs(x - lastX[kind]) < 3 * size) continue;
    lastX[kind] = x;
    const bottom = bbox.top + bbox.height;
    if (kind === "Infinity") triangle(ctx, x, bbox.top + size, -size);
    else if (kind === "-Infinity" || lastFinite === null) triangle(ctx, x, bottom - size, size);
    else triangle(ctx, x, clamp(plot.valToPos(lastFinite, "y", true), bbox.top + size, bottom - size), size);
  }
  ctx.restore();
}

function clipTo({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

/** Points down for a positive `size`, up for a negative one. */
function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x - Math.abs(size), y - size);
  ctx.lineTo(x + Math.abs(size), y - size);
  ctx.lineTo(x, y + size);
  ctx.closePath();
  ctx.fill();
}

function clamp(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : high;
}
