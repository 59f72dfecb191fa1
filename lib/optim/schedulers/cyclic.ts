import { checkChoice, checkNumber, checkOptions } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { MOMENTUM_OPTIONS, type MomentumOptions, type MomentumRange, readMomentum } from "./momentum.js";

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

/**
 * η goes up and down between two rates, and the momentum down and up (Smith, 2017;
 * torch.optim.lr_scheduler.CyclicLR). `step()` is called behind each mini-batch.
 * @example new optim.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 500 })
 * @throws ArgumentError, also where the optimizer has no momentum to cycle; OptionError
 */
export class CyclicLR extends LRScheduler {
  readonly #options: Required<Omit<CyclicLROptions, keyof MomentumOptions>>;
  readonly #momentum: MomentumRange | null;

  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    super("CyclicLR", optimizer);
    const known = ["baseLr", "maxLr", "stepSizeUp", "stepSizeDown", "mode", "gamma", ...MOMENTUM_OPTIONS];
    checkOptions("CyclicLR", options, known);
    const baseLr = checkNumber("CyclicLR", "baseLr", options?.baseLr, { min: 0 });
    const up = checkNumber("CyclicLR", "stepSizeUp", options.stepSizeUp ?? 2000, { above: 0 });
    const modes = ["triangular", "triangular2", "exp_range"] as const;
    this.#options = {
      baseLr,
      maxLr: checkNumber("CyclicLR", "maxLr", options.maxLr, { min: baseLr }),
      stepSizeUp: up,
      stepSizeDown: checkNumber("CyclicLR", "stepSizeDown", options.stepSizeDown ?? up, { above: 0 }),
      mode: checkChoice("CyclicLR", "mode", options.mode ?? "triangular", modes),
      gamma: checkNumber("CyclicLR", "gamma", options.gamma ?? 1, { min: 0 }),
    };
    this.#momentum = readMomentum("CyclicLR", optimizer, options, { least: 0.8, most: 0.9 });
    this.apply();
  }

  override apply(): void {
    super.apply();
    if (this.#momentum === null) return;
    const { least, most } = this.#momentum;
    for (const group of this.optimizer.groups) group.momentum = most - (most - least) * this.#height();
  }

  protected rate(): number {
    const { baseLr, maxLr } = this.#options;
    return baseLr + (maxLr - baseLr) * this.#height();
  }

  /** How high it is in its cycle, in [0, 1]. */
  #height(): number {
    const { stepSizeUp, stepSizeDown, mode, gamma } = this.#options;
    const t = this.lastEpoch;
    const length = stepSizeUp + stepSizeDown;
    const cycle = Math.floor(1 + t / length);
    const at = 1 + t / length - cycle;
    const turn = stepSizeUp / length;
    const scale = mode === "triangular" ? 1 : mode === "triangular2" ? 1 / 2 ** (cycle - 1) : gamma ** t;
    return scale * (at <= turn ? at / turn : (at - 1) / (turn - 1));
  }
}
