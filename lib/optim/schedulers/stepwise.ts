import { ArgumentError } from "../../errors.js";
import { checkNumber, checkOptions, describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";

/**
 * η ← γ·η every `stepSize` epochs (torch.optim.lr_scheduler.StepLR).
 * @example new optim.StepLR(optimizer, { stepSize: 30, gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;

  /** @param options `stepSize`: epochs between two changes; `gamma`: γ, default 0.1. */
  constructor(optimizer: Optimizer, options: { readonly stepSize: number; readonly gamma?: number }) {
    super("StepLR", optimizer);
    checkOptions("StepLR", options, ["stepSize", "gamma"]);
    this.stepSize = checkNumber("StepLR", "stepSize", options?.stepSize, { min: 1, integer: true });
    this.gamma = checkNumber("StepLR", "gamma", options.gamma ?? 0.1, { min: 0 });
  }

  protected rate(before: number): number {
    return this.lastEpoch % this.stepSize === 0 ? before * this.gamma : before;
  }
}

/**
 * η ← γ·η at each milestone (torch.optim.lr_scheduler.MultiStepLR).
 * @example new optim.MultiStepLR(optimizer, { milestones: [30, 80], gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;

  /** @param options `milestones`: epochs, one that stands twice counts twice; `gamma`: γ, default 0.1. */
  constructor(
    optimizer: Optimizer,
    options: { readonly milestones: readonly number[]; readonly gamma?: number },
  ) {
    super("MultiStepLR", optimizer);
    checkOptions("MultiStepLR", options, ["milestones", "gamma"]);
    this.milestones = readMilestones("MultiStepLR", options?.milestones);
    this.gamma = checkNumber("MultiStepLR", "gamma", options.gamma ?? 0.1, { min: 0 });
  }

  protected rate(before: number): number {
    return before * this.gamma ** this.milestones.filter((epoch) => epoch === this.lastEpoch).length;
  }
}

export function readMilestones(name: string, milestones: unknown): number[] {
  if (!Array.isArray(milestones)) {
    throw new ArgumentError(
      `${name}: expected milestones to be a list of epochs, got ${describe(milestones)}`,
    );
  }
  return milestones.map((epoch, i) =>
    checkNumber(name, `milestones[${i}]`, epoch, { min: 0, integer: true }),
  );
}

/**
 * η = factor·η₀ for the first epochs, and then η₀ (torch.optim.lr_scheduler.ConstantLR).
 * @example new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 })
 * @throws ArgumentError, OptionError
 */
export class ConstantLR extends LRScheduler {
  readonly factor: number;
  readonly totalIters: number;

  /** @param options `factor`: in [0, 1], default 1/3; `totalIters`: for how many epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: { readonly factor?: number; readonly totalIters?: number } = {},
  ) {
    super("ConstantLR", optimizer);
    checkOptions("ConstantLR", options, ["factor", "totalIters"]);
    this.factor = checkNumber("ConstantLR", "factor", options.factor ?? 1 / 3, { above: 0, max: 1 });
    this.totalIters = checkNumber("ConstantLR", "totalIters", options.totalIters ?? 5, {
      min: 0,
      integer: true,
    });
    this.apply();
  }

  protected rate(before: number): number {
    if (this.lastEpoch === 0) return before * this.factor;
    return this.lastEpoch === this.totalIters ? before / this.factor : before;
  }
}
