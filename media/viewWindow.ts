/** Which steps are shown: all, or a zoomed window that may follow the newest step. */

export type Window = readonly [from: number, to: number];

/** The window moved to end at `last`, its width kept. */
export function follow(window: Window, last: number): Window {
  return [last - (window[1] - window[0]), last];
}

/** The window after zooming about its middle; `factor` below 1 goes in. Null when it would hold everything. */
export function zoomBy(window: Window | null, factor: number, full: Window): Window | null {
  const [from, to] = window ?? full;
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * factor;
  if (half <= 0) return window;
  return clamp([middle - half, middle + half], full);
}

/** The window inside `full`, null when it covers all of it. */
export function clamp(window: Window, full: Window): Window | null {
  const width = window[1] - window[0];
  if (width >= full[1] - full[0]) return null;
  const from = Math.min(Math.max(window[0], full[0]), full[1] - width);
  return [from, from + width];
}
