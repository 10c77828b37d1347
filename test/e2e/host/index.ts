/** What VS Code calls inside the extension host. */
import { commandTests } from "./commands.ts";
import { runHostTests } from "./hostTest.ts";
import { lintTests } from "./lint.ts";

export function run(): Promise<void> {
  return runHostTests([...commandTests, ...lintTests]);
}
