import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createConfigurationParser } from "../../server/syntax/configuration.ts";
import type { Expression, Module } from "../../server/syntax/tree.ts";

const json = createConfigurationParser("json");
const yaml = createConfigurationParser("yaml");

function root(module: Module): Expression | undefined {
  const [statement] = module.body;
  return statement?.kind === "expression" ? statement.expression : undefined;
}

/** The plain value that an expression stands for. */
function plain(expression: Expression | undefined): unknown {
  switch (expression?.kind) {
    case "dictionary":
      return Object.fromEntries(
        expression.entries.map(({ key, value }) => [String(plain(key ?? undefined)), plain(value)]),
      );
    case "list":
      return expression.items.map(plain);
    case "number":
    case "boolean":
    case "string":
      return expression.value;
    case "null":
      return null;
    default:
      return undefined;
  }
}

describe("configuration parsers", () => {
  it("read what JSON.parse reads, in both formats", () => {
    const key = fc
      .string({ minLength: 1 })
      .filter((each) => each !== "<<" && each !== "__proto__" && !/\$\{|\{\{/.test(each));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.boolean(),
        fc.constant(null),
        fc.integer(),
        key,
        tie("list"),
        tie("map"),
      ),
      list: fc.array(tie("value"), { maxLength: 4 }),
      map: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value, (each) => {
        const text = JSON.stringify(each, null, 2);
        assert.deepEqual(plain(root(json.open(text).module)), JSON.parse(text));
        assert.deepEqual(plain(root(yaml.open(text).module)), JSON.parse(text));
      }),
    );
  });

  it("never throw, and keep ranges inside the text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parser of [json, yaml]) {
          for (const { start, end } of parser.open(text).module.body)
            assert.ok(0 <= start && start <= end && end <= text.length);
        }
      }),
    );
  });

  it("give each entry its place", () => {
    const text = "trainer:\n  gradient_clip_val: 0.5 # low\n";
    const { module } = yaml.open(text);
    const trainer = root(module);
    const inner = trainer?.kind === "dictionary" ? trainer.entries[0]?.value : undefined;
    const entry = inner?.kind === "dictionary" ? inner.entries[0]?.range : undefined;
    assert.equal(text.slice(entry?.start, entry?.end), "gradient_clip_val: 0.5");
    assert.deepEqual(
      module.comments.map((comment) => comment.text),
      ["# low"],
    );
  });

  it("take no sign inside quotes or words for a comment", () => {
    assert.deepEqual(
      yaml.open("a: '# no'\nb: c#d\n# yes\n").module.comments.map(({ text }) => text),
      ["# yes"],
    );
  });

  it("leave text that is filled in later unknown", () => {
    assert.deepEqual(plain(root(yaml.open(`lr: $\{oc.env:LR}\n`).module)), { lr: null });
  });

  it("follow a changed text", () => {
    const document = json.open('{"a": 1}');
    document.update('{"a": 2}');
    assert.deepEqual(plain(root(document.module)), { a: 2 });
  });
});
