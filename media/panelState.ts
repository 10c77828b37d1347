/** What outlives the panel's page: VS Code keeps it while the panel is hidden and across a reload of the window. */
import type { Window } from "./viewWindow.ts";

export interface PanelState {
  readonly selected: string | null;
  readonly shown: readonly string[];
  /** Null shows the whole run. */
  readonly zoom: Window | null;
  readonly following: boolean;
  /** Null until the user has moved it: then the setting holds. */
  readonly smoothing: number | null;
  /** Null until the user has chosen: then the curve decides. */
  readonly logY: boolean | null;
  readonly robust: boolean;
  readonly filter: string;
  readonly alone: string | null;
}

export const initialState: PanelState = {
  selected: null,
  shown: [],
  zoom: null,
  following: false,
  smoothing: null,
  logY: null,
  robust: false,
  filter: "",
  alone: null,
};

/** The saved state with what is missing or of another type taken from the initial one. */
export function restoreState(saved: unknown): PanelState {
  if (typeof saved !== "object" || saved === null) return initialState;
  const part = saved as Partial<Record<keyof PanelState, unknown>>;
  const { zoom } = part;
  return {
    selected: typeof part.selected === "string" ? part.selected : null,
    shown: Array.isArray(part.shown) ? part.shown.filter((id) => typeof id === "string") : [],
    zoom:
      Array.isArray(zoom) && Number.isFinite(zoom[0]) && Number.isFinite(zoom[1]) && zoom[0] < zoom[1]
        ? [zoom[0], zoom[1]]
        : null,
    following: part.following === true,
    smoothing: typeof part.smoothing === "number" ? Math.min(0.99, Math.max(0, part.smoothing)) : null,
    logY: typeof part.logY === "boolean" ? part.logY : null,
    robust: part.robust === true,
    filter: typeof part.filter === "string" ? part.filter : "",
    alone: typeof part.alone === "string" ? part.alone : null,
  };
}

/** Makes the run the one that the header and the verdicts are about, and shows it. */
export function selectRun(state: PanelState, runId: string): PanelState {
  return { ...state, selected: runId, shown: state.shown.includes(runId) ? state.shown : [runId], zoom: null };
}

/** Shows or hides a run; the last one shown stays. */
export function toggleRun(state: PanelState, runId: string): PanelState {
  if (!state.shown.includes(runId)) return { ...state, shown: [...state.shown, runId] };
  return state.shown.length > 1 ? { ...state, shown: state.shown.filter((id) => id !== runId) } : state;
}
