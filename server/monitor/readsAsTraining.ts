import { text as textFormat } from "../logs/text.ts";
import { createRunReading } from "./runReading.ts";

/** Lines with a loss that are asked for: one may be the result of an evaluation. */
const fewestPoints = 2;

/** Whether output is that of training: a loss that is told again and again, at steps or epochs that go up. */
export function readsAsTraining(output: string): boolean {
  const reading = createRunReading("", "", "", { format: textFormat });
  reading.push(Buffer.from(output, "utf8"));
  const { series } = reading.run;
  return [...series.values()].some(
    ({ role, length }) => (role === "train-loss" || role === "val-loss") && length >= fewestPoints,
  );
}
