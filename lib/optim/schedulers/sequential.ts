import { ArgumentError } from "../../errors.js";
import { checkNumber, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { CombinedSchedule, checkSchedules } from "./combined.js";
import { CosineAnnealingLR } from "./cosine-annealing.js";
import { CosineAnnealingWarmRestarts } from "./cosine-annealing-warm-restarts.js";
import { ExponentialLR } from "./exponential.js";
import { LinearLR } from "./linear.js";
import { checkOptimizer, type LRScheduler } from "./lr-scheduler.js";
import { MultiplicativeLR } from "./multiplicative.js";
import { OneCycleLR } from "./one-cycle.js";
import { epochs, readSettings } from "./options.js";
import { registerSchedule } from "./registry.js";

const SEQUENTIAL = {
  name: "SequentialLR",
  options: { milestones: epochs("_milestones") },
  check({ milestones }: { readonly milestones: readonly number[] }): void {
    milestones.forEach((epoch, i) => {
      checkNumber("SequentialLR", `milestones[${i}]`, epoch, { min: milestones[i - 1] ?? 0 });
    });
  },
};

/**
 * Several schedules one after the other: the i-th until the i-th milestone
 * (torch.optim.lr_scheduler.SequentialLR). Each begins with the base rates.
 * @example
 * const warmUp = new optim.LinearLR(optimizer, { totalIters: 5 });
 * const decay = new optim.ExponentialLR(optimizer, { gamma: 0.9 });
 * new optim.SequentialLR(optimizer, [warmUp, decay], { milestones: [5] });
 * @throws ArgumentError, OptionError
 */
export class SequentialLR extends CombinedSchedule<typeof SEQUENTIAL.options> {
  /** @internal */
  readonly schedules: readonly LRScheduler[];

  /**
   * @param schedules Schedules of this optimizer, or functions that make them, which are called at once.
   * @param options `milestones`: the epochs at which the next takes over, one fewer than there are schedules.
   */
  constructor(
    optimizer: Optimizer,
    schedules: readonly (LRScheduler | ((optimizer: Optimizer) => LRScheduler))[],
    options: { readonly milestones: readonly number[] },
  ) {
    const { milestones } = readSettings("SequentialLR", SEQUENTIAL.options, options);
    if (!Array.isArray(schedules) || schedules.length !== milestones.length + 1) {
      throw new ArgumentError(
        `SequentialLR: expected ${milestones.length + 1} schedules for ${milestones.length} milestones, got ${describe(schedules)}`,
      );
    }
    const groups = checkOptimizer("SequentialLR", optimizer).groups.map(
      (group) => [group, group.all] as const,
    );
    super(SEQUENTIAL, optimizer, options);
    try {
      this.schedules = schedules.map((one) => (typeof one === "function" ? one(optimizer) : one));
      checkSchedules("SequentialLR", this.schedules, optimizer);
    } catch (error) {
      for (const [group, all] of groups) group.put(all);
      throw error;
    }
    this.begin();
  }

  get milestones(): readonly number[] {
    return this.settings.milestones;
  }

  /** @internal */
  override begin(): void {
    this.lastEpoch = 0;
    for (const group of this.optimizer.groups) group.lr = group.initialLr ?? group.lr;
    this.#current.begin();
  }

  /** @internal */
  override restart(): void {
    this.begin();
  }

  /** @internal */
  override follow(): void {
    this.#current.follow();
  }

  override step(): void {
    this.changing(() => {
      this.lastEpoch++;
      if (this.milestones.includes(this.lastEpoch)) this.#current.restart();
      else this.#current.step();
    });
  }

  /** Whose turn it is. */
  get #current(): LRScheduler {
    return this.schedules[this.milestones.filter((epoch) => epoch <= this.lastEpoch).length] as LRScheduler;
  }
}

registerSchedule(SequentialLR, {
  cases: () => [
    {
      note: "Linear, 8 epochs, then Exponential 0.9, 12 epochs, then Cosine 10",
      make: (optimizer) =>
        new SequentialLR(
          optimizer,
          [
            (one) => new LinearLR(one, { startFactor: 0.1, totalIters: 8 }),
            (one) => new ExponentialLR(one, { gamma: 0.9 }),
            (one) => new CosineAnnealingLR(one, { tMax: 10 }),
          ],
          { milestones: [8, 20] },
        ),
      torch: `lambda o: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, total_iters=8), S.ExponentialLR(o, 0.9), S.CosineAnnealingLR(o, 10)], [8, 20]
      )`,
    },
  ],
  runs: () => [
    {
      note: "Linear 0.1 for 3, then warm restarts of 2",
      make: (optimizer) =>
        new SequentialLR(
          optimizer,
          [
            new LinearLR(optimizer, { startFactor: 0.1, totalIters: 3 }),
            (one) => new CosineAnnealingWarmRestarts(one, { t0: 2, tMult: 2 }),
          ],
          { milestones: [3] },
        ),
      torch:
        "lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, total_iters=3), S.CosineAnnealingWarmRestarts(o, 2, 2)], [3])",
    },
    {
      note: "Exponential 0.9, then from 2 one cycle, then from 7 1 - epoch / 20",
      make: (optimizer) =>
        new SequentialLR(
          optimizer,
          [
            (one) => new ExponentialLR(one, { gamma: 0.9 }),
            (one) =>
              new OneCycleLR(one, {
                maxLr: 0.05,
                totalSteps: 12,
                pctStart: 0.4,
                baseMomentum: 0.5,
                maxMomentum: 0.8,
                cycleMomentum: one.groups.every(({ canMoveMomentum }) => canMoveMomentum),
              }),
            (one) => new MultiplicativeLR(one, (epoch) => 1 - epoch / 20),
          ],
          { milestones: [2, 7] },
        ),
      torch: `lambda o: S.SequentialLR(
        o,
        [
          S.ExponentialLR(o, 0.9),
          S.OneCycleLR(
            o, 0.05, 12, pct_start=0.4, base_momentum=0.5, max_momentum=0.8, cycle_momentum=moves_momentum(o)
          ),
          S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 20),
        ],
        [2, 7],
      )`,
    },
  ],
});
