import { composed } from "../context/trace.js";
import { ArgumentError } from "../errors.js";
import { checkOptions, describe } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { amax } from "./amax.js";
import { amin } from "./amin.js";
import { constantWhere } from "./constant-where.js";
import { checkDTypes } from "./define.js";
import { equal } from "./equal.js";
import { notEqual } from "./not-equal.js";
import { pow } from "./pow.js";
import { dimsOf, type ReduceOptions } from "./reduce.js";
import { register } from "./registry.js";
import { sqrt } from "./sqrt.js";
import { square } from "./square.js";
import { sum } from "./sum.js";
import { to } from "./to.js";

/** As `ReduceOptions`, for `norm`. */
export interface NormOptions extends ReduceOptions {
  /** The order p, ±∞ included. Default: 2. */
  readonly p?: number;
}

/**
 * ‖x‖_p = (Σ |x|ᵖ)^(1/p) over the axes `dim`, or over all (torch.linalg.vector_norm); for p = ∞ the largest
 * |x|, for −∞ the smallest, for 0 how many are not 0. All derivatives are 0 where the norm is 0, and for a p that is
 * not a whole number above 0 those with respect to elements that are 0 (PyTorch's of the first order; those of its
 * second are NaN there).
 * Shapes: as `sum`. Dtypes: float32, float64.
 * @example norm(tensor([3, 4]))   // 5
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  checkOptions("norm", options, ["dim", "keepdim", "p"]);
  const { p = 2, ...reduce } = options;
  if (typeof p !== "number" || Number.isNaN(p)) {
    throw new ArgumentError(`norm: expected p to be a number, got ${describe(p)}`);
  }
  dimsOf("norm", x, reduce);
  checkDTypes("norm", ["x"], [x], "float");
  return composed("norm", [x], (x) => normOf(x, p, reduce));
}

function normOf(x: Tensor, p: number, reduce: ReduceOptions): Tensor {
  if (p === Number.POSITIVE_INFINITY) return amax(abs(x), reduce);
  if (p === Number.NEGATIVE_INFINITY) return amin(abs(x), reduce);
  if (p === 0) return sum(to(notEqual(x, 0), x.dtype), reduce);
  if (p === 1) return sum(abs(x), reduce);
  const total = sum(powers(x, p), reduce);
  const root = (of: Tensor): Tensor => (p === 2 ? sqrt(of) : pow(of, 1 / p));
  return p > 0 ? constantWhere(equal(total, 0), 0, total, 1, root) : root(total);
}

/** |x|ᵖ; constant where x = 0 and some derivative is infinite there. */
function powers(x: Tensor, p: number): Tensor {
  if (p === 2) return square(x);
  if (Number.isInteger(p) && p > 0) return pow(p % 2 === 0 ? x : abs(x), p);
  const atZero = p > 0 ? 0 : Number.POSITIVE_INFINITY;
  return constantWhere(equal(x, 0), atZero, abs(x), 1, (size) => pow(size, p));
}

register("norm", norm, {
  torch: "lambda x, p=2, **axes: reduced(torch.linalg.vector_norm)(x, ord=p, **axes)",
  reduces: { axes: "several", of: "floats" },
  cases: ({ floats }) => ({
    "p = 1": [floats([2, 3]), { p: 1, dim: 1 }],
    "p = 3": [floats([2, 3]), { p: 3, dim: 1 }],
    "p = 0.5": [floats([2, 3]), { p: 0.5, dim: 1 }],
    "p = -1": [floats([2, 3]), { p: -1, dim: 1 }],
    "p = 0": [floats([2, 3]), { p: 0, dim: 1 }],
    "p = ∞": [floats([2, 3]), { p: Infinity, dim: 1 }],
    "p = −∞": [floats([2, 3]), { p: -Infinity, dim: 1 }],
  }),
});
