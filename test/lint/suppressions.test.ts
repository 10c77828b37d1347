import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applySuppressions, readSuppressions, unusedSuppressions } from "../../server/lint/suppressions.ts";
import { applyEdits } from "../../server/text/edits.ts";

const known = new Set(["a-rule", "b-rule"]);

/** Comments by a rule of thumb that holds for these texts: from `#` or `//` to the end of the line. */
function commentsOf(text: string) {
  return [...text.matchAll(/(?:#|\/\/|\/\*).*/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
  }));
}

function at(text: string, needle: string, rule = "a-rule") {
  const start = text.indexOf(needle);
  return { rule, start, end: start + needle.length };
}

function silenced(text: string, needle: string, rule?: string): boolean {
  const suppressions = readSuppressions(text, commentsOf(text));
  return applySuppressions(text, [at(text, needle, rule)], suppressions).kept.length === 0;
}

function removeUnused(text: string, found: readonly ReturnType<typeof at>[] = []): string {
  const suppressions = readSuppressions(text, commentsOf(text));
  const { used } = applySuppressions(text, found, suppressions);
  const [first] = unusedSuppressions(text, suppressions, used, known, () => true);
  return applyEdits(text, first?.fixes[0]?.edits ?? []).text;
}

describe("suppressions", () => {
  it("silence their own line", () => {
    assert.ok(silenced("x = 1\nstep()  # haywire: ignore[a-rule] because\ny = 2\n", "step()"));
    assert.ok(silenced("step(); // haywire: ignore[a-rule]\n", "step()"));
  });

  it("silence the next line of code when alone, past blank lines and other comments", () => {
    assert.ok(silenced("  # haywire: ignore[a-rule]\n\n  # more\n  step()\n", "step()"));
    assert.ok(!silenced("  # haywire: ignore[a-rule]\n  other()\n  step()\n", "step()"));
  });

  it("silence a finding over several lines from its last line too", () => {
    assert.ok(silenced("f(\n  1,\n)  # haywire: ignore[a-rule]\n", "f(\n  1,\n)"));
  });

  it("silence only the rules that they name, several with commas", () => {
    assert.ok(!silenced("step()  # haywire: ignore[b-rule]\n", "step()"));
    assert.ok(silenced("step()  # haywire: ignore[b-rule, a-rule]\n", "step()"));
    assert.ok(!silenced("step()  # haywire: ignore\n", "step()"));
  });

  it("silence the whole file with ignore-file", () => {
    assert.ok(silenced("# haywire: ignore-file[a-rule]\nx = 1\n\nstep()\n", "step()"));
  });

  it("stand behind other comments on the line", () => {
    assert.ok(silenced("step()  # type: ignore  # haywire: ignore[a-rule]\n", "step()"));
  });

  it("are reported with the name that silences nothing", () => {
    const text = "step()  # haywire: ignore[a-rule, b-rule]\n";
    const suppressions = readSuppressions(text, commentsOf(text));
    const { used } = applySuppressions(text, [at(text, "step()")], suppressions);
    const unused = unusedSuppressions(text, suppressions, used, known, () => true);
    assert.deepEqual(
      unused.map(({ start, end }) => text.slice(start, end)),
      ["b-rule"],
    );
  });

  it("are not reported when the rule cannot speak, but are when no rule has the name", () => {
    const text = "step()  # haywire: ignore[a-rule, c-rule]\n";
    const suppressions = readSuppressions(text, commentsOf(text));
    const unused = unusedSuppressions(text, suppressions, new Set(), known, () => false);
    assert.deepEqual(
      unused.map(({ message }) => message),
      ["There is no rule named c-rule, so the comment silences nothing. Correct the name or remove it."],
    );
  });

  it("go as a whole line, behind code, or by one name", () => {
    assert.equal(removeUnused("a()\n  # haywire: ignore[a-rule]\n  step()\n"), "a()\n  step()\n");
    assert.equal(removeUnused("step()  # haywire: ignore[a-rule] why\r\nb()\r\n"), "step()\r\nb()\r\n");
    assert.equal(removeUnused("step()  # tuned # haywire: ignore[a-rule]\n"), "step()  # tuned\n");
    assert.equal(removeUnused("step()  # tuned, haywire: ignore[a-rule]\n"), "step()  # tuned,\n");
    const both = "step()  # haywire: ignore[a-rule, b-rule] why\n";
    assert.equal(removeUnused(both, [at(both, "step()")]), "step()  # haywire: ignore[a-rule] why\n");
    assert.equal(removeUnused(both, [at(both, "step()", "b-rule")]), "step()  # haywire: ignore[b-rule] why\n");
    assert.equal(removeUnused("step(); /* haywire: ignore[a-rule] */\n"), "step();\n");
  });
});
