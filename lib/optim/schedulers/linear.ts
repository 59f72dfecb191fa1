import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const LINEAR = {
  name: "LinearLR",
  options: {
    startFactor: number({ above: 0, max: 1 }, 1 / 3),
    endFactor: number({ min: 0, max: 1 }, 1),
    totalIters: number({ min: 1, integer: true }, 5),
  },
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

registerSchedule(LinearLR, {
  cases: () => [{}, { startFactor: 0.1, endFactor: 0.9, totalIters: 20 }],
  runs: () => [{ startFactor: 0.1, totalIters: 8 }],
});
