// What the optimizers that are written with ops have in common. Their updates are chains of elementwise ops,
// which a compiled step runs block by block.
import { increment } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { pow } from "../ops/pow.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkFlag, checkNumber } from "../options.js";
import type { DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";

/** What changes a gradient before it is used. */
export interface GradientSettings {
  readonly weightDecay: number;
  readonly maximize: boolean;
}

export function readGradientSettings(
  name: string,
  options: Partial<GradientSettings>,
  standardDecay = 0,
): GradientSettings {
  return {
    weightDecay: checkNumber(name, "weightDecay", options.weightDecay ?? standardDecay, { min: 0 }),
    maximize: checkFlag(name, "maximize", options.maximize ?? false),
  };
}

/** ±∂L/∂w + λ·w */
export function adjusted(
  parameter: Tensor,
  gradient: Tensor,
  { weightDecay, maximize }: GradientSettings,
): Tensor {
  const downhill = maximize ? neg(gradient) : gradient;
  return weightDecay === 0 ? downhill : add(downhill, mul(parameter, weightDecay));
}

/** Counts a step, and gives the count. */
export function counted(step: Tensor): Tensor {
  increment(step);
  return new Tensor(step.storage, [], step.dtype);
}

/** A number, or a scalar in another dtype. */
export const scalarIn = (dtype: DType, value: number | Tensor): number | Tensor =>
  typeof value === "number" ? value : to(value, dtype);

/** The next exponential moving average: β·old + (1 − β)·new. */
export function movingAverage(old: Tensor, value: Tensor, beta: number | Tensor): Tensor {
  const rest = typeof beta === "number" ? 1 - beta : to(sub(1, beta), old.dtype);
  return add(mul(old, scalarIn(old.dtype, beta)), mul(value, rest));
}

/** The next moving average of squares: β·old + (1 − β)·g². */
export const movingAverageOfSquares = (old: Tensor, g: Tensor, beta: number): Tensor =>
  movingAverage(old, square(g), beta);

/** 1 − βᵗ: a moving average that began with 0 is divided by it. */
export const biasCorrection = (beta: number | Tensor, step: Tensor): Tensor => sub(1, pow(beta, step));
