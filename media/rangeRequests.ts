/** Asks the host for points: one request on the way a run, the newest wish waits behind it, older wishes are dropped. */
import type { FromPanel, RangeRequest, RangeResult, ToPanel } from "../server/protocol.ts";

export interface RangeRequests {
  ask(request: RangeRequest): void;
  /** Takes the host's answer; returns the points when they are for a request of ours. */
  answer(message: Extract<ToPanel, { type: "range" | "rangeFailed" }>): RangeResult | null;
  forget(): void;
}

export function createRangeRequests(post: (message: FromPanel) => void): RangeRequests {
  let lastId = 0;
  const underWay = new Map<string, number>();
  const waiting = new Map<string, RangeRequest>();
  const send = (request: RangeRequest) => {
    lastId += 1;
    underWay.set(request.runId, lastId);
    post({ type: "range", requestId: lastId, request });
  };
  return {
    ask: (request) => {
      if (underWay.has(request.runId)) waiting.set(request.runId, request);
      else send(request);
    },
    answer: (message) => {
      const runId = [...underWay].find(([, id]) => id === message.requestId)?.[0];
      if (runId === undefined) return null;
      underWay.delete(runId);
      const next = waiting.get(runId);
      waiting.delete(runId);
      if (next) send(next);
      return message.type === "range" ? message.result : null;
    },
    forget: () => {
      underWay.clear();
      waiting.clear();
    },
  };
}
