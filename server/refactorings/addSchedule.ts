import { mayHaveSchedule } from "../rules/no-learning-rate-schedule.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** A schedule for a rate that stays constant: on a plateau or along a cosine, and along a cosine after a warm-up. */
export const addSchedule: Refactoring = {
  name: "add-schedule",
  propose: (context, { epochLoops }) => {
    if (mayHaveSchedule(context)) return [];
    return epochLoops.flatMap((loop) =>
      loop.isOpen
        ? []
        : loop.optimizers.flatMap((index) => {
            const optimizer = context.facts.optimizers[index];
            if (optimizer === undefined || optimizer.elsewhere !== undefined) return [];
            const { scheduleRate, warmUpRate } = context.fixesOf(optimizer.framework);
            return [
              ...proposal(scheduleRate(context, optimizer, loop), "Late steps become smaller."),
              ...proposal(warmUpRate(context, optimizer, loop), "The first steps and the late ones become smaller."),
            ];
          }),
    );
  },
};
