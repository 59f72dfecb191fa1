import { checkNumber, isPlainObject } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { epochs, number } from "./options.js";
import { registerSchedule } from "./registry.js";

const TIMES = { min: 0, max: 1000, integer: true };

const MULTI_STEP = {
  name: "MultiStepLR",
  options: { milestones: epochs(), gamma: number({ min: 0 }, 0.1) },
  /** PyTorch has a Counter: how often each epoch is there. */
  ofTorch(state: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { milestones: counts } = state;
    if (!isPlainObject(counts)) return state;
    const milestones = Object.entries(counts).flatMap(([epoch, count]) =>
      new Array<number>(checkNumber("MultiStepLR", `milestones[${epoch}]`, count, TIMES)).fill(Number(epoch)),
    );
    return { ...state, milestones };
  },
};

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

registerSchedule(MultiStepLR, {
  cases: () => [{ milestones: [3, 10, 10, 20], gamma: 0.5 }],
  runs: () => [{ milestones: [2, 7, 7], gamma: 0.5 }],
});
