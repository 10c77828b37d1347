import assert from "node:assert/strict";
import type { Expression, Module, Statement } from "../../server/syntax/tree.ts";
import { expressionsOf, statementsOf } from "../../server/syntax/walk.ts";

/** Asserts that all ranges of a module lie in its text, that comments and holes are in order, and that no walk overflows. */
export function assertSane(module: Module, text: string): void {
  assert.equal(module.start, 0);
  assert.equal(module.end, text.length);
  const visit = (node: Statement | Expression): void => {
    assert.ok(
      0 <= node.start && node.start <= node.end && node.end <= text.length,
      `${node.kind} ${node.start}-${node.end}`,
    );
    for (const expression of expressionsOf(node)) visit(expression);
    for (const statement of statementsOf(node)) visit(statement);
  };
  for (const statement of module.body) visit(statement);
  for (const comment of module.comments) assert.equal(text.slice(comment.start, comment.end), comment.text);
  for (const extras of [module.comments, module.holes]) {
    for (const [index, { start, end }] of extras.entries()) {
      assert.ok(0 <= start && start <= end && end <= text.length, `${start}-${end}`);
      assert.ok(index === 0 || (extras[index - 1]?.start ?? 0) <= start);
    }
  }
}
