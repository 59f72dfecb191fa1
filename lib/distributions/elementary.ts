// Functions of several distributions, exact where products of 0 and ∞ would be NaN.

import { equal } from "../ops/equal.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { logicalAnd } from "../ops/logical-and.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { where } from "../ops/where.js";
import { full } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Distribution } from "./distribution.js";

/** ln(2π)/2 */
export const HALF_LOG_TAU = Math.log(2 * Math.PI) / 2;

/** Euler's constant γ. */
export const EULER = 0.5772156649015329;

/** x·ln y, and 0 where both are 0. */
export function xlogy(x: Tensor, y: Tensor): Tensor {
  const isZero = logicalAnd(equal(x, 0), equal(y, 0));
  return mul(x, log(where(isZero, 1, y)));
}

/** x·ln(1 + y), and 0 where x is 0 and y is −1. */
export function xlog1py(x: Tensor, y: Tensor): Tensor {
  const isZero = logicalAnd(equal(x, 0), equal(y, -1));
  return mul(x, log1p(where(isZero, 0, y)));
}

/** The sum over the last `axes` axes. */
export function sumLast(x: Tensor, axes: number): Tensor {
  return axes === 0 ? x : sum(x, { dim: Array.from({ length: axes }, (_, i) => -1 - i) });
}

/** p·x, and 0 where p is 0, whatever x is. */
export function weighted(p: Tensor, x: Tensor): Tensor {
  return mul(p, where(equal(p, 0), 0, x));
}

/** A tensor of one number with the shape of a batch of samples. */
export function everywhere(value: number, of: Distribution): Tensor {
  return full([...of.batchShape, ...of.eventShape], value, { dtype: of.dtype });
}

/** 1 − x */
export const complement = (x: Operand): Tensor => sub(1, x as Tensor);

/** −p·ln p, and 0 where p is 0. */
export const surprise = (p: Tensor): Tensor => neg(xlogy(p, p));

/** The number before 1. */
export const GREATEST_BELOW_1 = { float32: 1 - 2 ** -24, float64: 1 - 2 ** -53 } as const;
