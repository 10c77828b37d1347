const trainWords = /^(train|training|trn|tr)(_epoch|_iter|_step)?$/;
const valWords =
  /^(val|valid|validate|validating|validation|eval|evaluate|evaluating|evaluation|test|testing|dev)(_epoch|_iter|_step)?$/;

/** `train` or `val` for a word that names a phase (`eval`, `test` and `dev` count as `val`), null for others. */
export function phaseOfWord(word: string): "train" | "val" | null {
  const lower = word.trim().toLowerCase();
  return trainWords.test(lower) ? "train" : valWords.test(lower) ? "val" : null;
}

/** Fields whose text says which phase a record belongs to. */
export const phaseFields: ReadonlySet<string> = new Set([
  "mode",
  "phase",
  "split",
  "_type",
  "stage_name",
  "set",
  "subset",
]);
