import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const EXPONENTIAL = { name: "ExponentialLR", options: { gamma: number({ min: 0 }) } };

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

registerSchedule(ExponentialLR, {
  cases: () => [{ gamma: 0.93 }],
  runs: () => [{ gamma: 0.9 }],
});
