/** Which key does what: the one table behind the keyboard and the sheet that `?` opens. */

export type PanelCommand =
  | { readonly type: "moveCrosshair"; readonly by: number }
  | { readonly type: "stepVerdict"; readonly by: 1 | -1 }
  | { readonly type: "zoom"; readonly factor: number }
  | { readonly type: "toggleRun"; readonly index: number }
  | {
      readonly type:
        | "resetZoom"
        | "follow"
        | "logY"
        | "smoothing"
        | "robust"
        | "filter"
        | "goToCode"
        | "openAlone"
        | "leave"
        | "keys";
    };

/** What a key press asks for, null for nothing. `index` of a run is 0-based. */
export function commandOf(key: string, modified: { shift: boolean; other: boolean }): PanelCommand | null {
  if (modified.other) return null;
  if (/^[1-9]$/.test(key)) return { type: "toggleRun", index: Number(key) - 1 };
  const stride = modified.shift ? 10 : 1;
  switch (key) {
    case "ArrowLeft":
      return { type: "moveCrosshair", by: -stride };
    case "ArrowRight":
      return { type: "moveCrosshair", by: stride };
    case "[":
      return { type: "stepVerdict", by: -1 };
    case "]":
      return { type: "stepVerdict", by: 1 };
    case "+":
    case "=":
      return { type: "zoom", factor: 0.5 };
    case "-":
      return { type: "zoom", factor: 2 };
    default: {
      const type = plainKeys.get(key);
      return type ? { type } : null;
    }
  }
}

type PlainCommand = Exclude<PanelCommand["type"], "moveCrosshair" | "stepVerdict" | "zoom" | "toggleRun">;

const plainKeys: ReadonlyMap<string, PlainCommand> = new Map([
  ["0", "resetZoom"],
  ["f", "follow"],
  ["l", "logY"],
  ["s", "smoothing"],
  ["r", "robust"],
  ["/", "filter"],
  ["g", "goToCode"],
  ["Enter", "openAlone"],
  ["Escape", "leave"],
  ["?", "keys"],
]);

/** Rows of the sheet: keys and what they do. */
export const keySheet: readonly (readonly [keys: string, does: string])[] = [
  ["← →", "Move the crosshair, with Shift by ten"],
  ["[ ]", "Previous or next verdict"],
  ["+ −", "Zoom in or out; drag over a chart to zoom"],
  ["0", "Show the whole run; so does a double click"],
  ["f", "Follow the newest step"],
  ["l", "Logarithmic or linear y axis"],
  ["s", "Smoothing on or off"],
  ["r", "Leave outliers outside the y axis"],
  ["1 … 9", "Show or hide a run"],
  ["/", "Filter charts by name"],
  ["g", "Go to the verdict's line of code"],
  ["Enter", "Show one chart alone"],
  ["Esc", "Back"],
  ["?", "This list"],
];
