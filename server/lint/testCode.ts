import path from "node:path";

const testFile = /^(test_.*|.*_tests?|conftest)\.pyi?$|[._-](test|spec)\.[cm]?[jt]sx?$/i;
const testFolder = /^(tests?|__tests__|testing|test_utils)$/i;
const pythonTests =
  /^[ \t]*(import|from)[ \t]+(pytest|unittest|nose|absl\.testing|keras\.src[ \t]+import[ \t]+testing)\b|TestCase\):/m;
const scriptTests = /^[ \t]*(describe|it|test)\w*\(\s*["'`]/m;

/**
 * Whether a file holds unit tests: it is named or kept as one, and uses a test library. What trains there is small and often
 * wrong on purpose.
 */
export function isTestCode(file: string, text: string): boolean {
  const { dir, base } = path.parse(file);
  if (!testFile.test(base) && !dir.split(/[\\/]/).some((folder) => testFolder.test(folder))) return false;
  return /\.pyi?$/i.test(base) ? pythonTests.test(text) : /\.[cm]?[jt]sx?$/i.test(base) && scriptTests.test(text);
}
