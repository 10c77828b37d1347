import { qualifiedName } from "../facts/qualifiedName.ts";
import { removeAnomalyDetection } from "./anomalyDetection.ts";
import type { Framework } from "./framework.ts";
import { clipByTrainer } from "./huggingFaceFixes.ts";
import { replaceThreshold } from "./ineffectiveClips.ts";
import { isLightning } from "./lightningModules.ts";
import { saveEverything, weightsOnlyTrainer } from "./trainerCheckpoints.ts";

/**
 * PyTorch Lightning's way to write fixes. Its modules build torch's optimizers, so torch's collector reads both: the loops that
 * a Trainer runs stand among its loops, under this name.
 */
export const lightning: Framework = {
  name: "lightning",
  title: "Lightning",
  language: "python",
  mentions: ["lightning"],
  // All else that is found begins at an optimizer, which torch looks for.
  needs: {
    words: ["gradient_clip_val", "detect_anomaly", "save_weights_only"],
    test: (text) => /gradient_clip_val\s*=|detect_anomaly\s*=|save_weights_only\s*=/.test(text),
  },
  collect(source) {
    if (!/\b(pytorch_)?lightning\b/.test(source.text)) return null;
    const callbacks = (source.callsByTerminalName.get("ModelCheckpoint") ?? []).filter(({ call, scope }) =>
      isLightning(qualifiedName(call.callee, scope), "ModelCheckpoint"),
    );
    return { unsavedState: weightsOnlyTrainer(source, "lightning", callbacks) };
  },
  fixes: {
    saveState: saveEverything,
    clipGradientNorm: clipByTrainer("gradient_clip_val"),
    makeClipEffective: replaceThreshold,
    removeAnomalyDetection,
  },
};
