import { defaultSettings } from "../../server/config/settings.ts";
import type { Diagnostic } from "../../server/lint/diagnostic.ts";
import { earlierState } from "../../server/lint/earlierState.ts";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { locateIn } from "../../server/report/reportedFile.ts";

const linter = createLinter(createParsers());

export interface ExampleOptions {
  readonly path?: string;
  readonly libraryVersions?: ReadonlyMap<string, string>;
  /** An earlier state of the text, as git's HEAD would have it. */
  readonly before?: string;
  /** Values of the rule's own options. */
  readonly options?: Readonly<Record<string, number>>;
}

/** What one rule says about a text. */
export async function findingsFor(
  rule: string,
  text: string,
  options: ExampleOptions = {},
): Promise<readonly Diagnostic[]> {
  const { path = "train.py", libraryVersions = new Map<string, string>(), before } = options;
  const settings = {
    ...defaultSettings.lint,
    options: options.options === undefined ? {} : { [rule]: options.options },
  };
  const earlier = before === undefined ? null : await linter.lintText({ path, text: before, libraryVersions });
  const baseline =
    earlier === null
      ? null
      : { name: "HEAD", hyperparameters: earlierState(earlier.facts.hyperparameters, locateIn(before ?? "")) };
  const { diagnostics } = await linter.lintText({ path, text, settings, baseline, libraryVersions });
  return diagnostics.filter((diagnostic) => diagnostic.rule === rule);
}

/** A training loop of torch around the lines given: what comes before it, and what stands between backward and step. */
export function torchLoop(setup: string, beforeStep = ""): string {
  return `import torch
from torch import nn
${setup}

for inputs, labels in train_loader:
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss.backward()
${beforeStep}    optimizer.step()
`;
}
