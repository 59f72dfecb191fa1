import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const WHOLE = { min: 1, integer: true };

const LINEAR = {
  name: "LinearLR",
  options: {
    startFactor: number({ above: 0, max: 1 }, 1 / 3),
    endFactor: number({ min: 0, max: 1 }, 1),
    totalIters: number(WHOLE, 5),
  },
};

const EXPONENTIAL = { name: "ExponentialLR", options: { gamma: number({ min: 0 }) } };

const POLYNOMIAL = {
  name: "PolynomialLR",
  options: { totalIters: number(WHOLE, 5), power: number({ min: 0 }, 1) },
};

/**
 * The factor of η₀ goes along a line from `startFactor` to `endFactor` (torch.optim.lr_scheduler.LinearLR): a
 * warm-up.
 * @example new optim.LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 })
 * @throws ArgumentError, OptionError
 */
export class LinearLR extends LRScheduler<typeof LINEAR.options> {
  /** @param options `startFactor`: default 1/3; `endFactor`: default 1; `totalIters`: epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: {
      readonly startFactor?: number;
      readonly endFactor?: number;
      readonly totalIters?: number;
    } = {},
  ) {
    super(LINEAR, optimizer, options);
    this.apply();
  }

  get startFactor(): number {
    return this.settings.startFactor;
  }

  get endFactor(): number {
    return this.settings.endFactor;
  }

  get totalIters(): number {
    return this.settings.totalIters;
  }

  protected rate(before: number): number {
    const { totalIters: T, startFactor, endFactor } = this.settings;
    const t = this.lastEpoch;
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
export class ExponentialLR extends LRScheduler<typeof EXPONENTIAL.options> {
  constructor(optimizer: Optimizer, options: { readonly gamma: number }) {
    super(EXPONENTIAL, optimizer, options);
    this.apply();
  }

  get gamma(): number {
    return this.settings.gamma;
  }

  protected rate(before: number): number {
    return this.lastEpoch === 0 ? before : before * this.settings.gamma;
  }
}

/**
 * η_t = η₀·(1 − t/T)^power for the first T epochs, and then 0 (torch.optim.lr_scheduler.PolynomialLR).
 * @example new optim.PolynomialLR(optimizer, { totalIters: 100, power: 2 })
 * @throws ArgumentError, OptionError
 */
export class PolynomialLR extends LRScheduler<typeof POLYNOMIAL.options> {
  /** @param options `totalIters`: T, default 5; `power`: default 1. */
  constructor(optimizer: Optimizer, options: { readonly totalIters?: number; readonly power?: number } = {}) {
    super(POLYNOMIAL, optimizer, options);
    this.apply();
  }

  get totalIters(): number {
    return this.settings.totalIters;
  }

  get power(): number {
    return this.settings.power;
  }

  protected rate(before: number): number {
    const { totalIters: T, power } = this.settings;
    const t = this.lastEpoch;
    if (t === 0 || t > T) return before;
    return before * ((1 - t / T) / (1 - (t - 1) / T)) ** power;
  }
}

registerSchedule(LinearLR, {
  cases: () => [{}, { startFactor: 0.1, endFactor: 0.9, totalIters: 20 }],
  runs: () => [{ startFactor: 0.1, totalIters: 8 }],
});

registerSchedule(ExponentialLR, {
  cases: () => [{ gamma: 0.93 }],
  runs: () => [{ gamma: 0.9 }],
});

registerSchedule(PolynomialLR, {
  cases: () => [{}, { totalIters: 25, power: 2 }],
  runs: () => [{ totalIters: 12, power: 2 }],
});
