import { checkNumber } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { checkMomenta, momentumOptions } from "./momentum.js";
import { choice, commonValue, number, optional, type SettingsOf } from "./options.js";
import { registerSchedule } from "./registry.js";

export interface CyclicLROptions {
  /** The least rate. */
  readonly baseLr: number;
  /** The largest rate. */
  readonly maxLr: number;
  /** Steps on the way up. Default: 2000. */
  readonly stepSizeUp?: number;
  /** Steps on the way down. Default: as up. */
  readonly stepSizeDown?: number;
  /** All cycles alike, each half as high as the one before, or the height times γᵗ. Default: triangular. */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** γ of `exp_range`. Default: 1. */
  readonly gamma?: number;
  /** The momentum, or β₁, goes down while the rate goes up, and back. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The least momentum. Default: 0.8. */
  readonly baseMomentum?: number;
  /** The largest momentum, with the least rate. Default: 0.9. */
  readonly maxMomentum?: number;
}

const OPTIONS = {
  baseLr: number({ min: 0 }),
  maxLr: number({ min: 0 }),
  stepSizeUp: number({ above: 0 }, 2000),
  stepSizeDown: optional({ above: 0 }),
  mode: choice("triangular", ["triangular", "triangular2", "exp_range"]),
  gamma: number({ min: 0 }, 1),
  ...momentumOptions(0.8, 0.9),
};

type State = Readonly<Record<string, unknown>>;

const CYCLIC = {
  name: "CyclicLR",
  options: OPTIONS,
  check(settings: SettingsOf<typeof OPTIONS>, optimizer: Optimizer): void {
    checkNumber("CyclicLR", "maxLr", settings.maxLr, { min: settings.baseLr });
    checkMomenta("CyclicLR", settings, optimizer);
  },
  /** PyTorch has the rates and momenta of each group, and the whole cycle with the share of it that goes up. */
  ofTorch({
    max_lrs,
    total_size,
    step_ratio,
    base_momentums,
    max_momentums,
    scale_mode,
    ...state
  }: State): State {
    if (max_lrs === undefined) return state;
    const size = checkNumber("CyclicLR", "total_size", total_size, { above: 0 });
    const ratio = checkNumber("CyclicLR", "step_ratio", step_ratio, { above: 0, below: 1 });
    const momenta =
      state["cycle_momentum"] === false
        ? {}
        : {
            base_momentum: commonValue("CyclicLR", "base_momentums", base_momentums),
            max_momentum: commonValue("CyclicLR", "max_momentums", max_momentums),
          };
    return {
      ...state,
      base_lr: commonValue("CyclicLR", "base_lrs", state["base_lrs"]),
      max_lr: commonValue("CyclicLR", "max_lrs", max_lrs),
      step_size_up: size * ratio,
      step_size_down: size * (1 - ratio),
      ...momenta,
    };
  },
};

/**
 * η goes up and down between two rates, and the momentum down and up (Smith, 2017;
 * torch.optim.lr_scheduler.CyclicLR). `step()` is called after each mini-batch.
 * @example new optim.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 500 })
 * @throws ArgumentError, also where the optimizer has no momentum to cycle; OptionError
 */
export class CyclicLR extends LRScheduler<typeof OPTIONS> {
  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    super(CYCLIC, optimizer, options);
    // As in PyTorch, other schedules start from the least rate where this one comes first.
    for (const group of optimizer.groups) group.initialLr ??= this.settings.baseLr;
    this.apply();
  }

  /** @internal */
  override follow(): void {
    const { cycleMomentum, baseMomentum, maxMomentum } = this.settings;
    if (!cycleMomentum) return;
    for (const group of this.optimizer.groups) {
      group.momentum = maxMomentum - (maxMomentum - baseMomentum) * this.#height();
    }
  }

  protected rate(): number {
    const { baseLr, maxLr } = this.settings;
    return baseLr + (maxLr - baseLr) * this.#height();
  }

  /** How high it is in its cycle, in [0, 1]. */
  #height(): number {
    const { stepSizeUp, stepSizeDown = stepSizeUp, mode, gamma } = this.settings;
    const t = this.lastEpoch;
    const length = stepSizeUp + stepSizeDown;
    const cycle = Math.floor(1 + t / length);
    const at = 1 + t / length - cycle;
    const turn = stepSizeUp / length;
    const scale = mode === "triangular" ? 1 : mode === "triangular2" ? 1 / 2 ** (cycle - 1) : gamma ** t;
    return scale * (at <= turn ? at / turn : (at - 1) / (turn - 1));
  }
}

registerSchedule(CyclicLR, {
  cases: () => [
    { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 6 },
    { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 4, stepSizeDown: 7, mode: "triangular2" },
    { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 4, mode: "exp_range", gamma: 0.97 },
    { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 6, baseMomentum: 0.5, maxMomentum: 0.8 },
    { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 6, cycleMomentum: false },
  ],
  runs: () => [
    { baseLr: 0.01, maxLr: 0.05, stepSizeUp: 4, stepSizeDown: 3, baseMomentum: 0.5, maxMomentum: 0.8 },
  ],
});
