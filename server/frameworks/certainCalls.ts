import { calledFunction } from "../facts/calledFunctions.ts";
import { type Candidates, candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { candidatesOfField } from "../facts/fieldCandidates.ts";
import type { Scope } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";

const maximumDepth = 10;
/** Methods that hand back the object they are called on. */
const chained = /^(to|cuda|cpu|float|double|half|train|eval|requires_grad_|apply|share_memory)$/;
/** Wrappers that call what they wrap with the same input and hand back its output. */
const wrappers =
  /^(DataParallel|DistributedDataParallel|DDP|FSDP|FullyShardedDataParallel|compile|convert_sync_batchnorm)$/;

/** A call with the scope it stands in. */
export interface CertainCall {
  readonly call: Call;
  readonly scope: Scope;
}

/**
 * The one call that an expression's value certainly comes from, through names, attributes, parameters with known callers, device
 * moves and data-parallel wrappers. Null as soon as anything on the way is not known or there are two.
 */
export function certainCall(expression: Expression, scope: Scope): CertainCall | null {
  const found = new Map<Call, Scope>();
  if (!follow(expression, scope, found, new Set(), 0)) return null;
  const [only, ...others] = found;
  return only === undefined || others.length > 0 ? null : { call: only[0], scope: only[1] };
}

function follow(
  expression: Expression,
  scope: Scope,
  found: Map<Call, Scope>,
  visited: Set<Expression>,
  depth: number,
): boolean {
  if (depth > maximumDepth) return false;
  if (visited.has(expression)) return true;
  visited.add(expression);
  switch (expression.kind) {
    case "call": {
      const { callee } = expression;
      const name = terminalName(callee) ?? "";
      if (callee.kind === "attribute" && chained.test(name))
        return follow(callee.object, scope, found, visited, depth + 1);
      const first = expression.arguments[0];
      if (wrappers.test(name) && first !== undefined && first.name === null)
        return follow(first.value, scope, found, visited, depth + 1);
      const callable = calledFunction(expression, scope);
      if (callable !== null) {
        const [returned, ...more] = callable.returns;
        return (
          returned !== undefined && more.length === 0 && follow(returned, callable.scope, found, visited, depth + 1)
        );
      }
      found.set(expression, scope);
      return true;
    }
    case "name":
      return followCandidates(candidatesOfName(expression.name, expression, scope), found, visited, depth);
    case "attribute":
      return followCandidates(
        candidatesOfField(expression.object, expression.name, expression, scope),
        found,
        visited,
        depth,
      );
    case "conditional":
      return (
        follow(expression.whenTrue, scope, found, visited, depth + 1) &&
        follow(expression.whenFalse, scope, found, visited, depth + 1)
      );
    default:
      return false;
  }
}

function followCandidates(
  found: Candidates,
  calls: Map<Call, Scope>,
  visited: Set<Expression>,
  depth: number,
): boolean {
  return (
    found.known &&
    found.candidates.length > 0 &&
    found.candidates.every(
      ({ expression, scope, position }) => position === null && follow(expression, scope, calls, visited, depth + 1),
    )
  );
}
