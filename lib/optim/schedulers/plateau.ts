import { ArgumentError } from "../../errors.js";
import { checkChoice, checkNumber, checkOptions, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { checkOptimizer } from "./lr-scheduler.js";

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
  /** Epochs behind a change that do not count. Default: 0. */
  readonly cooldown?: number;
  /** The least rate. Default: 0. */
  readonly minLr?: number;
  /** Changes that are less than this are not made. Default: 1e-8. */
  readonly eps?: number;
}

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
  #bad = 0;
  #cooling = 0;
  readonly #options: Required<ReduceLROnPlateauOptions>;

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    const name = "ReduceLROnPlateau";
    const known = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"];
    checkOptions(name, options, known);
    this.optimizer = checkOptimizer(name, optimizer);
    const whole = { min: 0, integer: true };
    this.#options = {
      mode: checkChoice(name, "mode", options.mode ?? "min", ["min", "max"]),
      factor: checkNumber(name, "factor", options.factor ?? 0.1, { min: 0, below: 1 }),
      patience: checkNumber(name, "patience", options.patience ?? 10, whole),
      threshold: checkNumber(name, "threshold", options.threshold ?? 1e-4),
      thresholdMode: checkChoice(name, "thresholdMode", options.thresholdMode ?? "rel", ["rel", "abs"]),
      cooldown: checkNumber(name, "cooldown", options.cooldown ?? 0, whole),
      minLr: checkNumber(name, "minLr", options.minLr ?? 0, { min: 0 }),
      eps: checkNumber(name, "eps", options.eps ?? 1e-8, { min: 0 }),
    };
    this.best = this.#options.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** The rates now, by group. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Takes in the figure of another epoch. */
  step(figure: number): void {
    if (typeof figure !== "number") {
      throw new ArgumentError(`ReduceLROnPlateau: expected a number, got ${describe(figure)}`);
    }
    const { patience, cooldown, factor, minLr, eps } = this.#options;
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
    for (const group of this.optimizer.groups) {
      const next = Math.max(group.lr * factor, minLr);
      if (group.lr - next > eps) group.lr = next;
    }
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  #isBetter(figure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    if (!Number.isFinite(this.best)) return !Number.isNaN(figure);
    const by = thresholdMode === "abs" ? threshold : threshold * this.best;
    return mode === "min" ? figure < this.best - by : figure > this.best + by;
  }
}
