import { mayHaveSchedule } from "../rules/no-learning-rate-schedule.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** A schedule for a rate that stays constant: on a plateau or along a cosine, and along a cosine after a warm-up. */
export const addSchedule: Refactoring = {
  name: "add-schedule",
  propose: (context, { epochLoops }) => {
    const { facts } = context;
    // Nets that are trained against each other keep pace by their rates; in reinforcement learning the data never settles.
    const isUnsettled = facts.traits.some(({ trait }) => trait === "gan" || trait === "reinforcement-learning");
    if (isUnsettled || mayHaveSchedule(context)) return [];
    return epochLoops.flatMap((loop) => {
      const [index, ...others] = loop.optimizers;
      const optimizer = index === undefined ? undefined : facts.optimizers[index];
      if (loop.isOpen || others.length > 0 || optimizer === undefined || optimizer.elsewhere !== undefined) return [];
      const { scheduleRate, warmUpRate } = context.fixesOf(optimizer.framework);
      const { boundTo } = optimizer;
      return [
        ...proposal(scheduleRate(context, optimizer, loop), "Late steps become smaller.", boundTo),
        ...proposal(warmUpRate(context, optimizer, loop), "The first steps and the late ones become smaller.", boundTo),
      ];
    });
  },
};
