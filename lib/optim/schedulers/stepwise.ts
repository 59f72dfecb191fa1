import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { epochs, number } from "./options.js";
import { registerSchedule } from "./registry.js";

const STEP = {
  name: "StepLR",
  options: { stepSize: number({ min: 1, integer: true }), gamma: number({ min: 0 }, 0.1) },
};

const MULTI_STEP = {
  name: "MultiStepLR",
  options: { milestones: epochs(), gamma: number({ min: 0 }, 0.1) },
};

const CONSTANT = {
  name: "ConstantLR",
  options: { factor: number({ above: 0, max: 1 }, 1 / 3), totalIters: number({ min: 0, integer: true }, 5) },
};

/**
 * η ← γ·η every `stepSize` epochs (torch.optim.lr_scheduler.StepLR).
 * @example new optim.StepLR(optimizer, { stepSize: 30, gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class StepLR extends LRScheduler<typeof STEP.options> {
  /** @param options `stepSize`: epochs between two changes; `gamma`: γ, default 0.1. */
  constructor(optimizer: Optimizer, options: { readonly stepSize: number; readonly gamma?: number }) {
    super(STEP, optimizer, options);
    this.apply();
  }

  get stepSize(): number {
    return this.settings.stepSize;
  }

  get gamma(): number {
    return this.settings.gamma;
  }

  protected rate(before: number): number {
    const { stepSize, gamma } = this.settings;
    return this.lastEpoch === 0 || this.lastEpoch % stepSize !== 0 ? before : before * gamma;
  }
}

/**
 * η ← γ·η at each milestone (torch.optim.lr_scheduler.MultiStepLR).
 * @example new optim.MultiStepLR(optimizer, { milestones: [30, 80], gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class MultiStepLR extends LRScheduler<typeof MULTI_STEP.options> {
  /** @param options `milestones`: epochs, one that stands twice counts twice; `gamma`: γ, default 0.1. */
  constructor(
    optimizer: Optimizer,
    options: { readonly milestones: readonly number[]; readonly gamma?: number },
  ) {
    super(MULTI_STEP, optimizer, options);
    this.apply();
  }

  get milestones(): readonly number[] {
    return this.settings.milestones;
  }

  get gamma(): number {
    return this.settings.gamma;
  }

  protected rate(before: number): number {
    const { milestones, gamma } = this.settings;
    return before * gamma ** milestones.filter((epoch) => epoch === this.lastEpoch).length;
  }
}

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

registerSchedule(StepLR, {
  cases: () => [{ stepSize: 7 }, { stepSize: 3, gamma: 0.9 }],
  runs: () => [{ stepSize: 3, gamma: 0.5 }],
});

registerSchedule(MultiStepLR, {
  cases: () => [{ milestones: [3, 10, 10, 20], gamma: 0.5 }],
  runs: () => [{ milestones: [2, 7, 7], gamma: 0.5 }],
});

registerSchedule(ConstantLR, {
  cases: () => [{}, { factor: 0.25, totalIters: 9 }],
  runs: () => [{ factor: 0.5, totalIters: 7 }],
});
