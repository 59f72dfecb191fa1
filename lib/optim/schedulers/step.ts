import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const STEP = {
  name: "StepLR",
  options: { stepSize: number({ min: 1, integer: true }), gamma: number({ min: 0 }, 0.1) },
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

registerSchedule(StepLR, {
  cases: () => [{ stepSize: 7 }, { stepSize: 3, gamma: 0.9 }],
  runs: () => [{ stepSize: 3, gamma: 0.5 }],
});
