import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const POLYNOMIAL = {
  name: "PolynomialLR",
  options: { totalIters: number({ min: 1, integer: true }, 5), power: number({ min: 0 }, 1) },
};

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

registerSchedule(PolynomialLR, {
  cases: () => [{}, { totalIters: 25, power: 2 }],
  runs: () => [{ totalIters: 12, power: 2 }],
});
