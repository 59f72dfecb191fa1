import { abs } from "../ops/abs.js";
import { less } from "../ops/less.js";
import { mul } from "../ops/mul.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

/** scale·d²/2 where |d| is below the width, else a line that goes on with the derivative there. */
function bowl(d: Tensor, width: number, scale: number): Tensor {
  const size = abs(d);
  const isNear = less(size, width);
  const line = mul(sub(size, width / 2), width * scale);
  // A large d has no square: 0 of the mask times 2·d = ∞ would be NaN.
  return where(isNear, mul(square(where(isNear, d, 0)), scale / 2), line);
}

export interface HuberOptions extends CostOptions {
  /** δ > 0, where the parabola ends. Default: 1. */
  readonly delta?: number;
}

/**
 * C = d²/2 where |d| < δ, else δ·(|d| − δ/2), with d = y − ȳ of each element (Huber, 1964;
 * torch.nn.HuberLoss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.huber(model.forward(x), target, { delta: 0.5 })
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function huber(y: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const reduction = readReduction("huber", options, ["delta"]);
  const delta = checkNumber("huber", "delta", options.delta ?? 1, { above: 0 });
  checkAlike("huber", y, { target });
  return reduced("huber", bowl(sub(y, target), delta, 1), reduction);
}

export interface SmoothL1Options extends CostOptions {
  /** β ≥ 0, where the parabola ends; 0 is `l1`. Default: 1. */
  readonly beta?: number;
}

/**
 * C = d²/(2·β) where |d| < β, else |d| − β/2, with d = y − ȳ of each element (torch.nn.SmoothL1Loss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.smoothL1(model.forward(x), target, { beta: 0.5 })
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function smoothL1(y: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const reduction = readReduction("smoothL1", options, ["beta"]);
  const beta = checkNumber("smoothL1", "beta", options.beta ?? 1, { min: 0 });
  checkAlike("smoothL1", y, { target });
  const d = sub(y, target);
  return reduced("smoothL1", beta === 0 ? abs(d) : bowl(d, beta, 1 / beta), reduction);
}

registerCost(huber, {
  torch: "F.huber_loss",
  cases: ({ values }) => [
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] } },
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] }, options: { delta: 0.4 } },
    { note: "1-D", inputs: { y: [3], target: [3] } },
    {
      note: "equal",
      inputs: {
        y: values([
          [1, -2],
          [0.5, 0.25],
        ]),
        target: values([
          [1, -2],
          [0.5, 0.25],
        ]),
      },
    },
  ],
});

registerCost(smoothL1, {
  torch: "F.smooth_l1_loss",
  cases: ({ values }) => [
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] } },
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] }, options: { beta: 0.4 } },
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] }, options: { beta: 0 } },
    { note: "1-D", inputs: { y: [3], target: [3] } },
    {
      note: "equal",
      inputs: {
        y: values([
          [1, -2],
          [0.5, 0.25],
        ]),
        target: values([
          [1, -2],
          [0.5, 0.25],
        ]),
      },
    },
  ],
});
