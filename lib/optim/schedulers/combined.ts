import { ArgumentError } from "../../errors.js";
import { checkNumber, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import { epochs, type OptionTable, readSettings } from "./options.js";

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
