/** Which charts a set of runs gets, and in which order: loss first, then what explains it, then the rest. */
import type { RunView, SeriesView } from "../server/protocol.ts";

type Role = SeriesView["role"];

export interface ChartPlan {
  /** Stable over the run's life: it names the chart in saved state. */
  readonly id: string;
  readonly title: string;
  /** Names of the series drawn in it, training before validation. */
  readonly series: readonly { readonly name: string; readonly role: Role }[];
  /** Loss is drawn taller and as wide as the panel. */
  readonly main: boolean;
}

const roleCharts: readonly { readonly title: string; readonly roles: readonly Role[] }[] = [
  { title: "loss", roles: ["train-loss", "val-loss"] },
  { title: "gradient norm", roles: ["grad-norm"] },
  { title: "learning rate", roles: ["learning-rate"] },
  { title: "loss scale", roles: ["loss-scale"] },
  { title: "update ratio", roles: ["update-ratio"] },
  { title: "update norm", roles: ["update-norm"] },
  { title: "weight norm", roles: ["weight-norm"] },
];

/** Charts beyond this many are folded. */
export const openCharts = 12;

/** Steps, epochs and clocks are axes, not charts. */
export function planCharts(runs: readonly RunView[]): ChartPlan[] {
  const roles = new Map<string, Role>();
  for (const run of runs) {
    for (const { name, role, points } of run.series) if (points > 0 && !roles.has(name)) roles.set(name, role);
  }
  const plans: ChartPlan[] = [];
  for (const chart of roleCharts) {
    const series = chart.roles.flatMap((role) =>
      [...roles].filter(([, itsRole]) => itsRole === role).map(([name]) => ({ name, role })),
    );
    if (series.length > 0) plans.push({ id: chart.title, title: chart.title, series, main: chart.title === "loss" });
  }
  const single = (wanted: Role) =>
    [...roles]
      .filter(([, role]) => role === wanted)
      .map(([name, role]) => ({ id: `series:${name}`, title: name, series: [{ name, role }], main: false }))
      .sort((a, b) => a.title.localeCompare(b.title, "en", { numeric: true }));
  return [...plans, ...single("metric"), ...single("other")];
}

/** Values that the run sets rather than measures: they have no noise, and an average would lag behind them. */
export function isSetting({ series }: ChartPlan): boolean {
  return series.every(({ role }) => role === "learning-rate" || role === "loss-scale");
}

/** The charts whose title or series contain every word of the filter. */
export function filterCharts(plans: readonly ChartPlan[], filter: string): ChartPlan[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return plans.filter((plan) => {
    const text = [plan.title, ...plan.series.map(({ name }) => name)].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
