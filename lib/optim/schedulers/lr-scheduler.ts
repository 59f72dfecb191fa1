import { ArgumentError } from "../../errors.js";
import { checkNumber, describe } from "../../options.js";
import { Optimizer } from "../optimizer.js";

/** @throws ArgumentError unless it is an optimizer. */
export function checkOptimizer(name: string, optimizer: unknown): Optimizer {
  if (optimizer instanceof Optimizer) return optimizer;
  throw new ArgumentError(`${name}: expected optimizer to be an Optimizer, got ${describe(optimizer)}`);
}

/**
 * Sets the learning rates of an optimizer's groups as training goes on. `step()` is called behind the steps of an
 * epoch, or behind each step, as the schedule is meant. A compiled step reads the rate from memory: it need not
 * be traced again. At first the rates are the optimizer's own, which the schedule starts from.
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** The rates at the start, by group. */
  readonly baseLrs: readonly number[];
  /** How often `step()` was called. */
  lastEpoch = 0;
  readonly #name: string;

  constructor(name: string, optimizer: Optimizer) {
    this.#name = name;
    this.optimizer = checkOptimizer(name, optimizer);
    this.baseLrs = optimizer.groups.map(({ lr }) => lr);
  }

  /** The rates now, by group. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Goes on to the next epoch, or step. */
  step(): void {
    this.lastEpoch++;
    this.apply();
  }

  /** Sets the rates for `lastEpoch`. @internal */
  apply(): void {
    this.optimizer.groups.forEach((group, i) => {
      group.lr = checkNumber(
        this.#name,
        "the learning rate",
        this.rate(group.lr, this.baseLrs[i] as number, i),
        {
          min: 0,
        },
      );
    });
  }

  /** The rate of a group in `lastEpoch`, from the rate before and the base rate. */
  protected abstract rate(before: number, base: number, group: number): number;

  /** What `loadStateDict` takes, by PyTorch's names. */
  stateDict(): Record<string, unknown> {
    return { last_epoch: this.lastEpoch, base_lrs: [...this.baseLrs], _last_lr: this.getLastLr() };
  }

  /** Goes on where another one was. @throws ArgumentError */
  loadStateDict(state: Readonly<Record<string, unknown>>): void {
    const epoch = checkNumber(this.#name, "last_epoch", state?.["last_epoch"], { min: 0, integer: true });
    const rates: unknown = state["_last_lr"];
    if (!Array.isArray(rates) || rates.length !== this.baseLrs.length) {
      throw new ArgumentError(
        `${this.#name}: expected _last_lr to hold ${this.baseLrs.length} rates, got ${describe(rates)}`,
      );
    }
    const checked = rates.map((lr) => checkNumber(this.#name, "_last_lr", lr, { min: 0 }));
    this.lastEpoch = epoch;
    this.optimizer.groups.forEach((group, i) => {
      group.lr = checked[i] as number;
    });
  }
}
