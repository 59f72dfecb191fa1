import { ArgumentError } from "../../errors.js";
import { checkOptions, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { readMilestones } from "./stepwise.js";

/**
 * Several schedules one after the other: the i-th until the i-th milestone
 * (torch.optim.lr_scheduler.SequentialLR).
 * @example
 * const warmUp = (one: optim.Optimizer) => new optim.LinearLR(one, { totalIters: 5 });
 * const decay = (one: optim.Optimizer) => new optim.ExponentialLR(one, { gamma: 0.9 });
 * new optim.SequentialLR(optimizer, [warmUp, decay], { milestones: [5] });
 * @throws ArgumentError, OptionError
 */
export class SequentialLR extends LRScheduler {
  readonly #schedules: readonly ((optimizer: Optimizer) => LRScheduler)[];
  readonly milestones: readonly number[];
  #current: LRScheduler;

  /**
   * @param schedules Each makes its schedule when its time comes, and so finds the base rates.
   * @param options `milestones`: the epochs at which the next takes over, one fewer than there are schedules.
   */
  constructor(
    optimizer: Optimizer,
    schedules: readonly ((optimizer: Optimizer) => LRScheduler)[],
    options: { readonly milestones: readonly number[] },
  ) {
    super("SequentialLR", optimizer);
    checkOptions("SequentialLR", options, ["milestones"]);
    this.milestones = readMilestones("SequentialLR", options?.milestones);
    if (!Array.isArray(schedules) || schedules.length !== this.milestones.length + 1) {
      throw new ArgumentError(
        `SequentialLR: expected ${this.milestones.length + 1} schedules for ${this.milestones.length} milestones, got ${describe(schedules)}`,
      );
    }
    this.#schedules = schedules;
    this.#current = this.#start(0);
  }

  #start(i: number): LRScheduler {
    this.optimizer.groups.forEach((group, g) => {
      group.lr = this.baseLrs[g] as number;
    });
    return (this.#schedules[i] as (optimizer: Optimizer) => LRScheduler)(this.optimizer);
  }

  override step(): void {
    this.lastEpoch++;
    const next = this.milestones.lastIndexOf(this.lastEpoch);
    if (next >= 0) this.#current = this.#start(next + 1);
    else this.#current.step();
  }

  protected rate(before: number): number {
    return before;
  }
}

/**
 * Several schedules at once, each of which changes what the one before left
 * (torch.optim.lr_scheduler.ChainedScheduler).
 * @example new optim.ChainedScheduler([new optim.ConstantLR(opt), new optim.ExponentialLR(opt, { gamma: 0.9 })])
 * @throws ArgumentError
 */
export class ChainedScheduler extends LRScheduler {
  readonly #schedules: readonly LRScheduler[];

  constructor(schedules: readonly LRScheduler[]) {
    if (
      !Array.isArray(schedules) ||
      !schedules.every((one) => one instanceof LRScheduler) ||
      schedules.length < 1
    ) {
      throw new ArgumentError(
        `ChainedScheduler: expected a list of at least one scheduler, got ${describe(schedules)}`,
      );
    }
    const { optimizer } = schedules[0] as LRScheduler;
    if (schedules.some((one) => one.optimizer !== optimizer)) {
      throw new ArgumentError("ChainedScheduler: expected schedulers of one optimizer");
    }
    super("ChainedScheduler", optimizer);
    this.#schedules = schedules;
  }

  override step(): void {
    this.lastEpoch++;
    for (const one of this.#schedules) one.step();
  }

  protected rate(before: number): number {
    return before;
  }
}
