import type { HyperparameterFact } from "../facts/trainingFacts.ts";
import type { EarlierHyperparameter } from "../rules/hyperparameterChanges.ts";

/** A place as people count; a cell only in notebooks. */
export type Locate = (offset: number) => { readonly row: number; readonly cell: number | null };

/** The hyperparameters of a text as an earlier state to compare with. */
export function earlierState(facts: readonly HyperparameterFact[], locate: Locate): readonly EarlierHyperparameter[] {
  return facts.map(({ name, value, valueText, valueRange }) => ({
    name,
    value,
    valueText,
    place: placeText(locate(valueRange.start)),
  }));
}

/** `line 12`, `cell 3, line 2` */
export function placeText({ row, cell }: ReturnType<Locate>): string {
  return cell === null ? `line ${row}` : `cell ${cell}, line ${row}`;
}
