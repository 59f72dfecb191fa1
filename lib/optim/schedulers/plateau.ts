import { ArgumentError } from "../../errors.js";
import { checkNumber, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { checkWritable } from "../writable.js";
import { checkOptimizer, readRates, setRates } from "./lr-scheduler.js";
import {
  choice,
  commonValue,
  number,
  readSettings,
  type SettingsOf,
  settingsIn,
  writtenSettings,
} from "./options.js";
import { registerSchedule } from "./registry.js";

export interface ReduceLROnPlateauOptions {
  /** Whether the figure is to fall or to rise. Default: min. */
  readonly mode?: "min" | "max";
  /** η ← factor·η. Default: 0.1. */
  readonly factor?: number;
  /** For how many epochs without progress it waits. Default: 10. */
  readonly patience?: number;
  /** The least progress. Default: 1e-4. */
  readonly threshold?: number;
  /** Progress as a share of the best figure, or as a difference. Default: rel. */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs after a change that do not count. Default: 0. */
  readonly cooldown?: number;
  /** The least rate. Default: 0. */
  readonly minLr?: number;
  /** Changes that are less than this are not made. Default: 1e-8. */
  readonly eps?: number;
}

const NAME = "ReduceLROnPlateau";

const WHOLE = { min: 0, integer: true };

const OPTIONS = {
  mode: choice("min", ["min", "max"]),
  factor: number({ min: 0, below: 1 }, 0.1),
  patience: number(WHOLE, 10),
  threshold: number({}, 1e-4),
  thresholdMode: choice("rel", ["rel", "abs"]),
  cooldown: number(WHOLE, 0),
  minLr: number({ min: 0 }, 0, "default_min_lr"),
  eps: number({ min: 0 }, 1e-8),
};

/**
 * η ← factor·η when a figure, such as the validation loss, has not become better for some epochs
 * (torch.optim.lr_scheduler.ReduceLROnPlateau).
 * @example
 * const scheduler = new optim.ReduceLROnPlateau(optimizer, { patience: 3 });
 * scheduler.step((await evaluate(model, { data, cost: cost.crossEntropy })).loss);
 * @throws ArgumentError, OptionError
 */
export class ReduceLROnPlateau {
  readonly optimizer: Optimizer;
  /** The best figure so far. */
  best: number;
  #epoch = 0;
  #bad = 0;
  #cooling = 0;
  #settings: SettingsOf<typeof OPTIONS>;

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    this.#settings = readSettings(NAME, OPTIONS, options);
    this.optimizer = checkOptimizer(NAME, optimizer);
    this.best = worst(this.#settings);
  }

  /** As in LRScheduler. @internal */
  get form(): string {
    return NAME;
  }

  /** How often `step()` was called. */
  get lastEpoch(): number {
    return this.#epoch;
  }

  /** The rates now, by group. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Takes in the figure of another epoch. */
  step(figure: number): void {
    if (typeof figure !== "number") {
      throw new ArgumentError(`${NAME}: expected a number, got ${describe(figure)}`);
    }
    const { groups } = this.optimizer;
    checkWritable(groups.map(({ rate }) => rate));
    const { patience, cooldown, factor, minLr, eps } = this.#settings;
    this.#epoch++;
    if (this.#isBetter(figure)) {
      this.best = figure;
      this.#bad = 0;
    } else {
      this.#bad++;
    }
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= patience) return;
    for (const group of groups) {
      const next = Math.max(group.lr * factor, minLr);
      if (group.lr - next > eps) group.lr = next;
    }
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  #isBetter(figure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#settings;
    const isLess = mode === "min";
    const by = isLess ? -threshold : threshold;
    const bound = thresholdMode === "abs" ? this.best + by : this.best * (1 + by);
    return isLess ? figure < bound : figure > bound;
  }

  /**
   * What `loadStateDict` takes, by PyTorch's names. `best` is infinite before the first figure; `loadStateDict` takes
   * null for that, which JSON makes of it.
   */
  stateDict(): Record<string, unknown> {
    return {
      last_epoch: this.#epoch,
      best: this.best,
      num_bad_epochs: this.#bad,
      cooldown_counter: this.#cooling,
      _last_lr: this.getLastLr(),
      ...writtenSettings(OPTIONS, this.#settings),
    };
  }

  /**
   * Goes on where another one was, all or nothing: with its figures, its options and its rates, which the optimizer
   * gets.
   * @throws ArgumentError where it is another schedule's; BusyError while a run reads the rates
   */
  loadStateDict(given: Readonly<Record<string, unknown>>): void {
    const state = ofTorch(given);
    const count = (name: string): number => checkNumber(NAME, name, state?.[name], WHOLE);
    const [epoch, bad, cooling] = [count("last_epoch"), count("num_bad_epochs"), count("cooldown_counter")];
    const best = state["best"];
    if (typeof best !== "number" && best !== null) {
      throw new ArgumentError(`${NAME}: expected best to be a number, got ${describe(best)}`);
    }
    const { groups } = this.optimizer;
    const rates = readRates(NAME, "_last_lr", state["_last_lr"], groups.length);
    const own = ["last_epoch", "best", "num_bad_epochs", "cooldown_counter"];
    const settings = settingsIn(NAME, OPTIONS, this.#settings, state, own);
    setRates(this.optimizer, rates);
    this.best = best ?? worst(settings);
    this.#epoch = epoch;
    this.#bad = bad;
    this.#cooling = cooling;
    this.#settings = settings;
  }
}

/** The best figure before the first one. */
const worst = ({ mode }: SettingsOf<typeof OPTIONS>): number =>
  mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;

/** PyTorch's own state dict, which has the least rate of each group, in the form of ours. Ours as it is. */
function ofTorch(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { min_lrs: least, ...state } = given ?? {};
  return least === undefined ? state : { ...state, default_min_lr: commonValue(NAME, "min_lrs", least) };
}

registerSchedule(ReduceLROnPlateau, {
  cases: () => [
    { patience: 2 },
    {
      mode: "max",
      factor: 0.5,
      patience: 1,
      cooldown: 3,
      minLr: 0.01,
      threshold: 0.1,
      thresholdMode: "abs",
    },
    { patience: 0, eps: 0.01 },
  ],
  runs: () => [{ factor: 0.5, patience: 1 }],
});
