import { ArgumentError } from "../../errors.js";
import { checkNumber, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { MultiplicativeLR } from "./by-function.js";
import { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine.js";
import { ExponentialLR, LinearLR } from "./decay.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import { OneCycleLR } from "./one-cycle.js";
import { epochs, type OptionTable, readSettings } from "./options.js";
import { registerSchedule } from "./registry.js";
import { ConstantLR, StepLR } from "./stepwise.js";

type State = Readonly<Record<string, unknown>>;

/** Schedules of one optimizer that are stepped, saved and loaded together. */
abstract class CombinedSchedule<Table extends OptionTable = OptionTable> extends LRScheduler<Table> {
  /** Its parts. @internal */
  protected abstract readonly schedules: readonly LRScheduler[];

  /** @internal */
  override remember(): () => void {
    const restore = [super.remember(), ...this.schedules.map((one) => one.remember())];
    return () => {
      for (const each of restore) each();
    };
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), _schedulers: this.schedules.map((one) => one.stateDict()) };
  }

  /** @internal */
  override read(state: State): () => void {
    const put = super.read(state);
    const parts = state["_schedulers"];
    if (!Array.isArray(parts) || parts.length !== this.schedules.length) {
      throw new ArgumentError(
        `${this.kind}: expected _schedulers to hold ${this.schedules.length} states, got ${describe(parts)}`,
      );
    }
    const all = this.schedules.map((one, i) => one.read(parts[i]));
    return () => {
      for (const each of all) each();
      put();
    };
  }

  protected rate(before: number): number {
    return before;
  }
}

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
  protected readonly schedules: readonly LRScheduler[];

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

/**
 * Several schedules at once, each of which changes what the one before left
 * (torch.optim.lr_scheduler.ChainedScheduler).
 * @example new optim.ChainedScheduler([new optim.ConstantLR(opt), new optim.ExponentialLR(opt, { gamma: 0.9 })])
 * @throws ArgumentError
 */
export class ChainedScheduler extends CombinedSchedule {
  protected readonly schedules: readonly LRScheduler[];

  constructor(schedules: readonly LRScheduler[]) {
    if (!Array.isArray(schedules) || schedules.length < 1) {
      throw new ArgumentError(
        `ChainedScheduler: expected a list of at least one scheduler, got ${describe(schedules)}`,
      );
    }
    checkSchedules("ChainedScheduler", schedules, schedules[0]?.optimizer);
    super("ChainedScheduler", schedules[0]?.optimizer);
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

function checkSchedules(name: string, schedules: readonly unknown[], optimizer: unknown): void {
  for (const one of schedules) {
    if (!(one instanceof LRScheduler)) {
      throw new ArgumentError(`${name}: expected a list of schedulers, one is ${describe(one)}`);
    }
    if (one.optimizer !== optimizer) {
      throw new ArgumentError(`${name}: expected schedulers of one optimizer`);
    }
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
