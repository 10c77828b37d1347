import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Framework, FrameworkFixes } from "./framework.ts";
import { handWritten } from "./handWritten.ts";
import { noFixes } from "./noFixes.ts";
import { pytorch } from "./pytorch.ts";
import { tensorflowjs } from "./tensorflowjs.ts";

/** Every library whose training code is understood, one line each. */
export const frameworks: readonly Framework[] = [pytorch, tensorflowjs, handWritten];

/** How a framework writes its fixes. */
export function fixesOf(name: FrameworkName): FrameworkFixes {
  return { ...noFixes, ...frameworks.find((framework) => framework.name === name)?.fixes };
}
