import { assign } from "../eager/apply.js";
import type { AnyModule } from "../nn/module.js";
import { checkFlag, checkNumber, checkRequired } from "../options.js";
import { copyOf } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import type { EpochReport } from "./fit.js";
import {
  figureOf,
  isBetter,
  type Monitor,
  type MonitorOptions,
  type Reported,
  readMonitor,
  worst,
} from "./monitor.js";

/** When a training ends before its last epoch (keras.callbacks.EarlyStopping). */
export interface EarlyStoppingOptions extends MonitorOptions {
  /**
   * The training ends after this many epochs in a row without a better figure, and after one if it is 0. Default: 0.
   */
  readonly patience?: number;
  /** A figure is better if it is better than the best one by more than this. Default: 0. */
  readonly minDelta?: number;
  /** Epochs count as ones without a better figure until the figure is better than this. Default: none. */
  readonly baseline?: number;
  /**
   * At the end, also after the last of all epochs, the model gets back the parameters and buffers that it had after the
   * epoch with the best figure. The optimizer stays as it is. Default: false.
   */
  readonly restoreBest?: boolean;
}

/** Checked options. */
export interface EarlyStoppingPlan extends Monitor {
  readonly patience: number;
  readonly minDelta: number;
  readonly baseline: number | null;
  readonly restoreBest: boolean;
}

/** @throws ArgumentError, OptionError */
export function readEarlyStopping(
  where: string,
  options: EarlyStoppingOptions,
  reported: Reported,
): EarlyStoppingPlan {
  checkRequired(where, options, ["monitor", "mode", "patience", "minDelta", "baseline", "restoreBest"]);
  const { patience = 0, minDelta = 0, baseline, restoreBest = false } = options;
  return {
    ...readMonitor(where, options, reported),
    patience: checkNumber(where, "patience", patience, { min: 0, integer: true }),
    minDelta: checkNumber(where, "minDelta", minDelta, { min: 0 }),
    baseline: baseline === undefined ? null : checkNumber(where, "baseline", baseline),
    restoreBest: checkFlag(where, "restoreBest", restoreBest),
  };
}

/** The parameters and buffers after the best epoch so far. */
export interface BestWeights {
  readonly epoch: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Watches one training. */
export class EarlyStopping {
  readonly #plan: EarlyStoppingPlan;
  readonly #model: AnyModule;
  #best: number;
  /** The epoch of the best figure; 0 before the first one. */
  #bestEpoch = 0;
  #wait = 0;
  #weights: BestWeights | null = null;

  constructor(plan: EarlyStoppingPlan, model: AnyModule) {
    this.#plan = plan;
    this.#model = model;
    this.#best = worst(plan);
  }

  /** Takes in the report of an epoch. The model has the weights after it. @returns whether the training ends. */
  take(report: EpochReport): boolean {
    const isOver = this.#count(report);
    const { epoch } = report;
    // The first epoch counts as the best one until another does better.
    const isBest = epoch === this.#bestEpoch || this.#weights === null;
    if (this.#plan.restoreBest && isBest) {
      const tensors = Object.entries(this.#model.stateDict()).map(([name, one]) => [name, copyOf(one)]);
      this.#weights = { epoch, tensors: Object.fromEntries(tensors) };
    }
    return isOver;
  }

  #count(report: EpochReport): boolean {
    const { monitor, patience, minDelta, baseline } = this.#plan;
    const value = figureOf(report, monitor);
    this.#wait++;
    if (isBetter(this.#plan, value, this.#best, minDelta)) {
      this.#best = value;
      this.#bestEpoch = report.epoch;
      if (baseline === null || isBetter(this.#plan, value, baseline, minDelta)) this.#wait = 0;
      return false;
    }
    return this.#wait >= patience;
  }

  /** What a checkpoint holds besides the history; null without `restoreBest`. */
  state(): BestWeights | null {
    return this.#weights;
  }

  /**
   * What of a checkpoint does not fit, in words: the counts follow from its history, but the best weights it has to
   * hold itself.
   */
  differences(history: readonly EpochReport[], weights: BestWeights | null): string[] {
    if (!this.#plan.restoreBest || history.length === 0) return [];
    const { monitor } = this.#plan;
    const trial = new EarlyStopping({ ...this.#plan, restoreBest: false }, this.#model);
    for (const report of history) trial.#count(report);
    const best = trial.#bestEpoch === 0 ? history[0]?.epoch : trial.#bestEpoch;
    if (weights?.epoch === best) return [];
    const saved = weights === null ? "none" : `those of epoch ${weights.epoch}`;
    return [`earlyStopping: the best weights, by ${monitor} of epoch ${best}; the checkpoint has ${saved}`];
  }

  /** Goes on after these epochs. @returns whether the training ends with them. */
  resume(history: readonly EpochReport[], weights: BestWeights | null): boolean {
    this.#weights = this.#plan.restoreBest ? weights : null;
    let isOver = false;
    for (const report of history) isOver = this.#count(report) || isOver;
    return isOver;
  }

  /** Gives the model the best weights, with `restoreBest`. */
  finish(): void {
    if (this.#weights === null) return;
    const { tensors } = this.#weights;
    for (const [name, tensor] of Object.entries(this.#model.stateDict())) {
      const best = tensors[name];
      if (best !== undefined) assign(tensor, best);
    }
  }
}
