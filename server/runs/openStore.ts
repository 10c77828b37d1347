import { openEventFiles } from "../logs/eventFiles.ts";
import type { LogStore } from "../logs/logStore.ts";
import { openMetricsDatabase } from "../logs/metricsDatabase.ts";
import { openMlflowFiles } from "../logs/mlflowFiles.ts";

/** A log of another form than one growing file, as a search finds it. */
export type FoundStore =
  | { readonly kind: "mlflow-files" }
  | { readonly kind: "event-files"; readonly below: readonly string[] }
  | { readonly kind: "database"; readonly tables: "mlflow-db" | "trackio" };

/** Begins to read the store at `path`. */
export function openStore(path: string, store: FoundStore): LogStore {
  switch (store.kind) {
    case "mlflow-files":
      return openMlflowFiles(path);
    case "event-files":
      return openEventFiles(path, store.below);
    case "database":
      return openMetricsDatabase(path, store.tables);
  }
}

/** A run's identity: that of its store, with the run's own where there are several. */
export function storeRunId(path: string, id: string): string {
  return id === "" ? path : `${path}#${id}`;
}

/** What a run of a store is shown as. */
export function storeRunName(storeName: string, runName: string, id: string): string {
  return runName === "" || id === "" ? storeName : runName;
}
