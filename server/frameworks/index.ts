import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Framework } from "./framework.ts";
import { pytorch } from "./pytorch.ts";
import { tensorflowjs } from "./tensorflowjs.ts";

/** Every library whose training code is understood. */
export const frameworks: readonly Framework[] = [pytorch, tensorflowjs];

/** The framework of a name. */
export function frameworkNamed(name: FrameworkName): Framework {
  return name === "pytorch" ? pytorch : tensorflowjs;
}
