import { eye } from "../tensor/create.js";
import { type FloatDType, LEAST } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { logicalAnd } from "./logical-and.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { unsqueeze } from "./unsqueeze.js";
import { where } from "./where.js";

/**
 * x_ij/(λ_j − λ_i), and 0 on the diagonal. At equal λ it is 0 where x_ij is, so that the derivatives of the λ alone are
 * right there.
 */
export function overGaps(x: Tensor, values: Tensor): Tensor {
  const identity = eye(x.shape.at(-1) as number, { dtype: x.dtype });
  const gaps = add(sub(unsqueeze(values, -2), unsqueeze(values, -1)), identity);
  return quotientOr0(mul(x, sub(1, identity)), gaps);
}

/** a / b, and 0 where both are 0. */
export function quotientOr0(a: Tensor, b: Tensor): Tensor {
  // Not 1: second derivatives, which there are none of, must not look as if there were.
  const least = LEAST[a.dtype as FloatDType];
  return div(a, where(logicalAnd(equal(a, 0), equal(b, 0)), least, b));
}
