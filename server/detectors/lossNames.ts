import type { SeriesRole } from "../runs/run.ts";
import { isLossName } from "../runs/seriesRole.ts";

/** A part of the training loss (`box_loss`, `loss_ce_3`), by its name; held-out losses are none. */
export function isLossComponent(series: string, role: SeriesRole): boolean {
  return (
    role === "other" &&
    isLossName(series) &&
    !/(?:^|[/_ .-])(?:val|valid|validation|eval|test|dev)(?:[/_ .-]|$)/i.test(series)
  );
}
