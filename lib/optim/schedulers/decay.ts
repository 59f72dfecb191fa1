import { checkNumber, checkOptions } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";

/**
 * The factor of η₀ goes along a line from `startFactor` to `endFactor` (torch.optim.lr_scheduler.LinearLR): a
 * warm-up.
 * @example new optim.LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 })
 * @throws ArgumentError, OptionError
 */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  /** @param options `startFactor`: default 1/3; `endFactor`: default 1; `totalIters`: epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: {
      readonly startFactor?: number;
      readonly endFactor?: number;
      readonly totalIters?: number;
    } = {},
  ) {
    super("LinearLR", optimizer);
    checkOptions("LinearLR", options, ["startFactor", "endFactor", "totalIters"]);
    this.startFactor = checkNumber("LinearLR", "startFactor", options.startFactor ?? 1 / 3, {
      above: 0,
      max: 1,
    });
    this.endFactor = checkNumber("LinearLR", "endFactor", options.endFactor ?? 1, { min: 0, max: 1 });
    this.totalIters = checkNumber("LinearLR", "totalIters", options.totalIters ?? 5, {
      min: 1,
      integer: true,
    });
    this.apply();
  }

  protected rate(before: number): number {
    const { lastEpoch: t, totalIters: T, startFactor, endFactor } = this;
    if (t === 0) return before * startFactor;
    if (t > T) return before;
    return before * (1 + (endFactor - startFactor) / (T * startFactor + (t - 1) * (endFactor - startFactor)));
  }
}

/**
 * η ← γ·η each epoch (torch.optim.lr_scheduler.ExponentialLR).
 * @example new optim.ExponentialLR(optimizer, { gamma: 0.95 })
 * @throws ArgumentError, OptionError
 */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;

  constructor(optimizer: Optimizer, options: { readonly gamma: number }) {
    super("ExponentialLR", optimizer);
    checkOptions("ExponentialLR", options, ["gamma"]);
    this.gamma = checkNumber("ExponentialLR", "gamma", options?.gamma, { min: 0 });
  }

  protected rate(before: number): number {
    return before * this.gamma;
  }
}

/**
 * η_t = η₀·(1 − t/T)^power for the first T epochs, and then 0 (torch.optim.lr_scheduler.PolynomialLR).
 * @example new optim.PolynomialLR(optimizer, { totalIters: 100, power: 2 })
 * @throws ArgumentError, OptionError
 */
export class PolynomialLR extends LRScheduler {
  readonly totalIters: number;
  readonly power: number;

  /** @param options `totalIters`: T, default 5; `power`: default 1. */
  constructor(optimizer: Optimizer, options: { readonly totalIters?: number; readonly power?: number } = {}) {
    super("PolynomialLR", optimizer);
    checkOptions("PolynomialLR", options, ["totalIters", "power"]);
    this.totalIters = checkNumber("PolynomialLR", "totalIters", options.totalIters ?? 5, {
      min: 1,
      integer: true,
    });
    this.power = checkNumber("PolynomialLR", "power", options.power ?? 1, { min: 0 });
  }

  protected rate(before: number): number {
    const { lastEpoch: t, totalIters: T, power } = this;
    if (t > T) return before;
    return before * ((1 - t / T) / (1 - (t - 1) / T)) ** power;
  }
}
