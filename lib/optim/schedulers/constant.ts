import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const CONSTANT = {
  name: "ConstantLR",
  options: { factor: number({ above: 0, max: 1 }, 1 / 3), totalIters: number({ min: 0, integer: true }, 5) },
};

/**
 * η = factor·η₀ for the first epochs, and then η₀ (torch.optim.lr_scheduler.ConstantLR).
 * @example new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 })
 * @throws ArgumentError, OptionError
 */
export class ConstantLR extends LRScheduler<typeof CONSTANT.options> {
  /** @param options `factor`: in [0, 1], default 1/3; `totalIters`: for how many epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: { readonly factor?: number; readonly totalIters?: number } = {},
  ) {
    super(CONSTANT, optimizer, options);
    this.apply();
  }

  get factor(): number {
    return this.settings.factor;
  }

  get totalIters(): number {
    return this.settings.totalIters;
  }

  protected rate(before: number): number {
    const { factor, totalIters } = this.settings;
    if (this.lastEpoch === 0) return before * factor;
    return this.lastEpoch === totalIters ? before * (1 / factor) : before;
  }
}

registerSchedule(ConstantLR, {
  cases: () => [{}, { factor: 0.25, totalIters: 9 }],
  runs: () => [{ factor: 0.5, totalIters: 7 }],
});
