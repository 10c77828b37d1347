/** A test that runs inside the extension host; the page carries its outcome to the test that started the host. */
export interface HostTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What the host reports, one JSON object a console line behind `reportMark`. */
export interface HostReport {
  readonly name: string;
  /** The error's text, null for a test that passed. */
  readonly error: string | null;
}

export const reportMark = "haywire host test: ";

/** Runs the tests one after the other and reports each; rejects when one failed. */
export async function runHostTests(tests: readonly HostTest[]): Promise<void> {
  let failed = 0;
  for (const { name, run } of tests) {
    let error: string | null = null;
    try {
      await run();
    } catch (cause) {
      failed++;
      error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    }
    const report: HostReport = { name, error };
    console.log(reportMark + JSON.stringify(report));
  }
  if (failed > 0) throw new Error(`${failed} of ${tests.length} failed`);
}
