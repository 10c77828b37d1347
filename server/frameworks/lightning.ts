import type { Framework } from "./framework.ts";
import { clipByTrainer } from "./huggingFaceFixes.ts";
import { replaceThreshold } from "./ineffectiveClips.ts";

/**
 * PyTorch Lightning's way to write fixes. Its modules build torch's optimizers, so torch's collector reads both: the loops that
 * a Trainer runs stand among its loops, under this name.
 */
export const lightning: Framework = {
  name: "lightning",
  title: "Lightning",
  language: "python",
  mentions: ["lightning"],
  needs: /Trainer\s*\(/,
  collect: (source) => (/\b(pytorch_)?lightning\b/.test(source.text) ? {} : null),
  fixes: { clipGradientNorm: clipByTrainer("gradient_clip_val"), makeClipEffective: replaceThreshold },
};
