const contextLines = 3;

type Step = { readonly sign: " " | "-" | "+"; readonly line: string };

/** The unified diff between two texts of a file, as `diff -u` and `git apply` know it; empty when they are the same. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return "";
  const steps = lineSteps(splitLines(before), splitLines(after));
  const shown = path.replace(/\\/g, "/");
  return `--- ${shown}\n+++ ${shown}\n${hunks(steps).join("")}`;
}

function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Common lines at both ends are passed over; what is between is compared by Myers' greedy algorithm (Myers 1986, figure 2). */
function lineSteps(before: readonly string[], after: readonly string[]): readonly Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]): Step[] => lines.map((line) => ({ sign: " ", line }));
  return [
    ...same(before.slice(0, head)),
    ...shortestSteps(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function shortestSteps(before: readonly string[], after: readonly string[]): readonly Step[] {
  const furthest = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  const at = (map: ReadonlyMap<number, number>, diagonal: number) => map.get(diagonal) ?? -1;
  const goesDown = (map: ReadonlyMap<number, number>, k: number, d: number) =>
    k === -d || (k !== d && at(map, k - 1) < at(map, k + 1));
  for (let d = 0; d <= before.length + after.length; d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      let x = goesDown(furthest, k, d) ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= before.length && x - k >= after.length) return backtrack(before, after, trace);
    }
  }
  return [];

  function backtrack(from: readonly string[], to: readonly string[], states: readonly Map<number, number>[]): Step[] {
    const steps: Step[] = [];
    let x = from.length;
    let y = to.length;
    for (let d = states.length - 1; d >= 0; d--) {
      const state = states[d] ?? new Map<number, number>();
      const k = x - y;
      const previous = goesDown(state, k, d) ? k + 1 : k - 1;
      const startX = d === 0 ? 0 : at(state, previous);
      const startY = d === 0 ? 0 : startX - previous;
      while (x > startX && y > startY) {
        steps.unshift({ sign: " ", line: from[x - 1] ?? "" });
        x -= 1;
        y -= 1;
      }
      if (d === 0) break;
      if (x === startX) steps.unshift({ sign: "+", line: to[y - 1] ?? "" });
      else steps.unshift({ sign: "-", line: from[x - 1] ?? "" });
      x = startX;
      y = startY;
    }
    return steps;
  }
}

function hunks(steps: readonly Step[]): readonly string[] {
  const changed = steps.flatMap(({ sign }, index) => (sign === " " ? [] : [index]));
  const spans: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = spans.at(-1);
    if (last !== undefined && index - last.to <= 2 * contextLines) last.to = index + 1;
    else spans.push({ from: index, to: index + 1 });
  }
  return spans.map(({ from, to }) =>
    hunk(steps, Math.max(0, from - contextLines), Math.min(steps.length, to + contextLines)),
  );
}

function hunk(steps: readonly Step[], from: number, to: number): string {
  const count = (part: readonly Step[], without: Step["sign"]) => part.filter(({ sign }) => sign !== without).length;
  const before = steps.slice(0, from);
  const part = steps.slice(from, to);
  const span = (without: Step["sign"]) => {
    const length = count(part, without);
    const start = count(before, without) + (length === 0 ? 0 : 1);
    return length === 1 ? String(start) : `${start},${length}`;
  };
  const lines = part.map(({ sign, line }) =>
    line.endsWith("\n") ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`,
  );
  return `@@ -${span("+")} +${span("-")} @@\n${lines.join("")}`;
}
