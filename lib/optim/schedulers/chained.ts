import { ArgumentError } from "../../errors.js";
import { describe } from "../../options.js";
import { CombinedSchedule, checkSchedules } from "./combined.js";
import { ConstantLR } from "./constant.js";
import { CosineAnnealingWarmRestarts } from "./cosine-annealing-warm-restarts.js";
import { ExponentialLR } from "./exponential.js";
import { LinearLR } from "./linear.js";
import type { LRScheduler } from "./lr-scheduler.js";
import { registerSchedule } from "./registry.js";
import { StepLR } from "./step.js";

type State = Readonly<Record<string, unknown>>;

const CHAINED = {
  name: "ChainedScheduler",
  options: {},
  /** PyTorch counts no steps of the whole: they are those of its parts. */
  ofTorch(state: State): State {
    const { last_epoch: own, _schedulers: parts } = state;
    return own === undefined && Array.isArray(parts) ? { ...state, last_epoch: parts[0]?.last_epoch } : state;
  },
};

/**
 * Several schedules at once, each of which changes what the one before left
 * (torch.optim.lr_scheduler.ChainedScheduler).
 * @example new optim.ChainedScheduler([new optim.ConstantLR(opt), new optim.ExponentialLR(opt, { gamma: 0.9 })])
 * @throws ArgumentError
 */
export class ChainedScheduler extends CombinedSchedule<typeof CHAINED.options> {
  /** @internal */
  readonly schedules: readonly LRScheduler[];

  constructor(schedules: readonly LRScheduler[]) {
    if (!Array.isArray(schedules) || schedules.length < 1) {
      throw new ArgumentError(
        `ChainedScheduler: expected a list of at least one scheduler, got ${describe(schedules)}`,
      );
    }
    checkSchedules("ChainedScheduler", schedules, schedules[0]?.optimizer);
    super(CHAINED, schedules[0]?.optimizer);
    this.schedules = schedules;
  }

  /** @internal */
  override begin(): void {
    this.lastEpoch = 0;
    for (const one of this.schedules) one.begin();
  }

  /** @internal */
  override restart(): void {
    this.baseLrs.forEach((lr, i) => {
      const group = this.optimizer.groups[i];
      if (group !== undefined) group.lr = lr;
    });
    this.begin();
  }

  /** @internal */
  override follow(): void {
    for (const one of this.schedules) one.follow();
  }

  override step(): void {
    this.changing(() => {
      this.lastEpoch++;
      for (const one of this.schedules) one.step();
    });
  }
}

registerSchedule(ChainedScheduler, {
  cases: () => [
    {
      note: "Constant 0.5 for 6, and Exponential 0.9",
      make: (optimizer) =>
        new ChainedScheduler([
          new ConstantLR(optimizer, { factor: 0.5, totalIters: 6 }),
          new ExponentialLR(optimizer, { gamma: 0.9 }),
        ]),
      torch: "lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 6), S.ExponentialLR(o, 0.9)])",
    },
  ],
  runs: () => [
    {
      note: "Constant 0.5 for 7, Exponential 0.9, Step 4",
      make: (optimizer) =>
        new ChainedScheduler([
          new ConstantLR(optimizer, { factor: 0.5, totalIters: 7 }),
          new ExponentialLR(optimizer, { gamma: 0.9 }),
          new StepLR(optimizer, { stepSize: 4 }),
        ]),
      torch:
        "lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 7), S.ExponentialLR(o, 0.9), S.StepLR(o, 4)])",
    },
    {
      note: "warm restarts of 4, and Linear 0.5 to 0.25 for 6",
      make: (optimizer) =>
        new ChainedScheduler([
          new CosineAnnealingWarmRestarts(optimizer, { t0: 4 }),
          new LinearLR(optimizer, { startFactor: 0.5, endFactor: 0.25, totalIters: 6 }),
        ]),
      torch:
        "lambda o: S.ChainedScheduler([S.CosineAnnealingWarmRestarts(o, 4), S.LinearLR(o, 0.5, 0.25, total_iters=6)])",
    },
  ],
});
