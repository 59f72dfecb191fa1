import { ArgumentError } from "../../errors.js";
import { checkNumber, describe, isInstance } from "../../options.js";
import { Optimizer } from "../optimizer.js";
import { checkWritable } from "../writable.js";
import { type OptionTable, readSettings, type SettingsOf, settingsIn, writtenSettings } from "./options.js";

/** @throws ArgumentError unless it is an optimizer. */
export function checkOptimizer(name: string, optimizer: unknown): Optimizer {
  if (isInstance(optimizer, Optimizer)) return optimizer;
  throw new ArgumentError(`${name}: expected optimizer to be an Optimizer, got ${describe(optimizer)}`);
}

/** A schedule's name and options. */
export interface ScheduleDefinition<Table extends OptionTable> {
  readonly name: string;
  readonly options: Table;
  /** Checks options against each other and against the optimizer. */
  check?(settings: SettingsOf<Table>, optimizer: Optimizer): void;
  /** PyTorch's own state dict in the form of ours, where they differ. Ours as it is. */
  ofTorch?(state: State): State;
}

type State = Readonly<Record<string, unknown>>;

/**
 * Sets the learning rates of an optimizer's groups as training goes on. `step()` is called after the steps of an
 * epoch, or after each step, as the schedule is meant. A compiled step reads the rate from memory: it need not
 * be traced again. At first the rates are the optimizer's own, which the schedule starts from: of an optimizer that
 * had a schedule before, or whose state dict says so, the rates that that one started from, as in PyTorch.
 */
export abstract class LRScheduler<Table extends OptionTable = OptionTable> {
  readonly optimizer: Optimizer;
  /** How often `step()` was called. */
  lastEpoch = 0;
  readonly #definition: ScheduleDefinition<Table>;
  #settings: SettingsOf<Table>;
  #baseLrs: readonly number[];

  constructor(definition: string | ScheduleDefinition<Table>, optimizer: Optimizer, options?: object) {
    this.#definition =
      typeof definition === "string" ? { name: definition, options: {} as Table } : definition;
    this.optimizer = checkOptimizer(this.kind, optimizer);
    this.#settings = readSettings(this.kind, this.#definition.options, options);
    this.#definition.check?.(this.#settings, optimizer);
    this.#baseLrs = optimizer.groups.map(({ initialLr, lr }) => initialLr ?? lr);
  }

  /** The rates at the start, by group. */
  get baseLrs(): readonly number[] {
    return this.#baseLrs;
  }

  /** Its options. @internal */
  get settings(): SettingsOf<Table> {
    return this.#settings;
  }

  /** What errors call it. @internal */
  get kind(): string {
    return this.#definition.name;
  }

  /** Its name with those of its parts. @internal */
  get form(): string {
    return this.kind;
  }

  /** The rates now, by group. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Goes on to the next epoch, or step. */
  step(): void {
    this.changing(() => {
      this.lastEpoch++;
      this.apply();
    });
  }

  /** Sets the rates for `lastEpoch`, from those before: a constructor does so for epoch 0. @internal */
  apply(before: readonly number[] = this.getLastLr()): void {
    const rates = this.optimizer.groups.map((_, i) =>
      checkNumber(
        this.kind,
        "the learning rate",
        this.rate(before[i] as number, this.#baseLrs[i] as number, i),
        { min: 0 },
      ),
    );
    setRates(this.optimizer, rates);
    this.optimizer.groups.forEach((group, i) => {
      group.initialLr ??= this.#baseLrs[i] as number;
    });
    this.follow();
  }

  /** Begins with the optimizer's rates of now. @internal */
  begin(): void {
    this.lastEpoch = 0;
    this.apply();
  }

  /** Begins anew with the base rates, where another schedule ended. @internal */
  restart(): void {
    this.lastEpoch = 0;
    this.apply(this.#baseLrs);
  }

  /** Sets what else depends on `lastEpoch`, such as the momentum. @internal */
  follow(): void {}

  /** The rate of a group in `lastEpoch`, from the rate before and the base rate. */
  protected abstract rate(before: number, base: number, group: number): number;

  /** What puts the epoch and the optimizer's rates back to what they are now. @internal */
  remember(): () => void {
    const epoch = this.lastEpoch;
    const groups = this.optimizer.groups.map((group) => [group, group.all] as const);
    return () => {
      this.lastEpoch = epoch;
      for (const [group, all] of groups) group.put(all);
    };
  }

  /** Runs what changes epoch and rates, and puts them back where it throws. */
  protected changing(run: () => void): void {
    const restore = this.remember();
    try {
      run();
    } catch (error) {
      restore();
      throw error;
    }
  }

  /** What `loadStateDict` takes, by PyTorch's names: plain values. Functions are not in it. */
  stateDict(): Record<string, unknown> {
    return {
      last_epoch: this.lastEpoch,
      base_lrs: [...this.#baseLrs],
      _last_lr: this.getLastLr(),
      ...writtenSettings(this.#definition.options, this.#settings),
    };
  }

  /**
   * Goes on where another one was, all or nothing: with its epoch, its base rates, its options but for functions, and
   * its rates, which the optimizer gets. It does not matter whether the optimizer was loaded before this schedule
   * was made, or after.
   * @throws ArgumentError where it is another schedule's; BusyError while a run reads the rates
   * @example
   * const scheduler = new optim.StepLR(optimizer, { stepSize: 3 });
   * const other = new optim.StepLR(optimizer, { stepSize: 3 });
   * other.loadStateDict(scheduler.stateDict());
   */
  loadStateDict(state: State): void {
    const put = this.read(state);
    checkWritable(this.optimizer.groups.flatMap(({ scalars }) => scalars));
    this.changing(() => {
      put();
      this.follow();
    });
  }

  /** Checks a state, and gives what takes it over. @internal */
  read(given: State): () => void {
    if (given === null || typeof given !== "object") {
      throw new ArgumentError(`${this.kind}: expected a state dict, got ${describe(given)}`);
    }
    const state = this.#definition.ofTorch?.(given) ?? given;
    const epoch = checkNumber(this.kind, "last_epoch", state["last_epoch"], { min: -1, integer: true });
    const read = (key: string): number[] => readRates(this.kind, key, state[key], this.#baseLrs.length);
    const rates = read("_last_lr");
    const bases = state["base_lrs"] === undefined ? this.#baseLrs : read("base_lrs");
    const { options, check } = this.#definition;
    const settings = settingsIn(this.kind, options, this.#settings, state, ["last_epoch", "base_lrs"]);
    check?.(settings, this.optimizer);
    return () => {
      this.lastEpoch = epoch;
      this.#baseLrs = bases;
      this.#settings = settings;
      setRates(this.optimizer, rates);
    };
  }
}

/** Learning rates in a state dict, by group. @throws ArgumentError */
export function readRates(where: string, key: string, rates: unknown, groups: number): number[] {
  if (!Array.isArray(rates) || rates.length !== groups) {
    throw new ArgumentError(`${where}: expected ${key} to hold ${groups} rates, got ${describe(rates)}`);
  }
  return rates.map((lr) => checkNumber(where, key, lr, { min: 0 }));
}

/** Sets the rates of all groups, or of none. @throws BusyError while a run reads them */
export function setRates({ groups }: Optimizer, rates: readonly number[]): void {
  checkWritable(groups.map(({ rate }) => rate));
  groups.forEach((group, i) => {
    group.lr = rates[i] as number;
  });
}
