import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { asFlag, resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { CallSite, Guard, SourceIndex } from "../facts/scope.ts";
import type { Call } from "../syntax/tree.ts";

/** The surroundings of a call, found again by the call itself. */
export function siteOf(call: Call, source: SourceIndex): CallSite | null {
  const name = terminalName(call.callee);
  const sites = name === null ? source.calls : (source.callsByTerminalName.get(name) ?? []);
  return sites.find((site) => site.call === call) ?? null;
}

/** Whether a GradScaler is on: its `enabled` argument, and the `if` that it is made under. */
export function gradScalerEnabled(site: CallSite): Resolved<boolean> {
  return enabledBy(site, "enabled", null);
}

/** Whether a call takes effect: its flag argument where given, else the tests of the `if`s around it; true with neither. */
export function enabledBy(site: CallSite, keyword: string, position: number | null): Resolved<boolean> {
  const argument = argumentFor(site.call, keyword, position);
  if (argument === "unclear") return { known: false, reason: "passed through * or **", chain: [] };
  if (argument !== null) {
    const enabled = asFlag(resolve(argument.value, site.scope));
    if (!enabled.known || !enabled.value) return enabled;
    const around = guardedOn(site);
    return around.known && around.chain.length === 0 ? enabled : around;
  }
  return guardedOn(site);
}

/** Whether the `if`s around a call let it run: unknown as soon as one test is. */
export function guardedOn(site: CallSite): Resolved<boolean> {
  let result: Resolved<boolean> = { known: true, value: true, alternatives: [], chain: [], overridable: false };
  for (let guard: Guard | null = site.guard; guard !== null; guard = guard.outer) {
    const test = asFlag(resolve(guard.test, site.scope));
    if (!test.known) {
      if (isPlatformTest(guard, site)) continue;
      return test;
    }
    const value = guard.negated ? !test.value : test.value;
    const alternatives = guard.negated ? test.alternatives.map((each) => !each) : test.alternatives;
    result = { ...test, value, alternatives };
    if (!value) return result;
  }
  return result;
}

/** Tests that say nothing about settings: the main guard, the device at hand. */
function isPlatformTest(guard: Guard, site: CallSite): boolean {
  const text = site.scope.source.text.slice(guard.test.start, guard.test.end);
  return !guard.negated && /__name__|is_available\(\)/.test(text);
}
