import type { FrameworkName } from "../facts/trainingFacts.ts";
import { configuration } from "./configuration.ts";
import { deepSpeed, deepSpeedInPython } from "./deepSpeed.ts";
import type { Framework, FrameworkFixes } from "./framework.ts";
import { handWritten } from "./handWritten.ts";
import { huggingFace } from "./huggingFace.ts";
import { keras } from "./keras.ts";
import { lightning } from "./lightning.ts";
import { noFixes } from "./noFixes.ts";
import { optax } from "./optax.ts";
import { pytorch } from "./pytorch.ts";
import { tensorflow1 } from "./tensorflow1.ts";
import { tensorflowjs } from "./tensorflowjs.ts";

/** Every library whose training code is understood, one line each. */
export const frameworks: readonly Framework[] = [
  pytorch,
  tensorflowjs,
  handWritten,
  keras,
  tensorflow1,
  optax,
  huggingFace,
  lightning,
  deepSpeed,
  deepSpeedInPython,
  configuration,
];

/** How a framework writes its fixes. */
export function fixesOf(name: FrameworkName): FrameworkFixes {
  return { ...noFixes, ...frameworks.find((framework) => framework.name === name)?.fixes };
}
