import { ArgumentError, ShapeError } from "../errors.js";
import { checkFlag, checkOptions, describe } from "../options.js";
import { broadcast, format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { clamp } from "./clamp.js";
import { constantWhere } from "./constant-where.js";
import { checkDTypes } from "./define.js";
import { equal } from "./equal.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { norm } from "./norm.js";
import { register } from "./registry.js";
import { sqrt } from "./sqrt.js";
import { square } from "./square.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import { transposed } from "./transpose.js";
import { unsqueeze } from "./unsqueeze.js";

/** How `cdist` measures distances. */
export interface CdistOptions {
  /** The order of the norm, in [0, ∞]. Default: 2. */
  readonly p?: number;
  /**
   * For p = 2: whether distances come from ‖a‖² + ‖b‖² − 2·a·b, which is much faster and less exact for points that are
   * near one another and far from 0. Default: with more than 25 rows of a or of b, as in PyTorch.
   */
  readonly useMatmul?: boolean;
}

/** With more rows a matrix product is worth its rounding. */
const MANY_ROWS = 25;

/**
 * The distance ‖a_i − b_j‖_p of each row of a from each of b (torch.cdist). The derivatives of a distance of 0 are 0.
 * Shapes: a [..., P, M], b [..., R, M] → y [..., P, R]; the axes in front broadcast. Dtypes: float32, float64.
 * @example cdist(tensor([[0, 0]]), tensor([[3, 4], [0, 1]]))   // [[5, 1]]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function cdist(a: Tensor, b: Tensor, options: CdistOptions = {}): Tensor {
  checkTensor("cdist", "a", a);
  checkTensor("cdist", "b", b);
  checkDTypes("cdist", ["a", "b"], [a, b], "float");
  checkOptions("cdist", options, ["p", "useMatmul"]);
  const { p = 2 } = options;
  if (typeof p !== "number" || !(p >= 0)) {
    throw new ArgumentError(`cdist: expected p to be a number in [0, ∞], got ${describe(p)}`);
  }
  if (a.rank < 2 || b.rank < 2 || a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(
      `cdist: expected rows of one size, [..., P, M] and [..., R, M], got ${format(a.shape)} and ${format(b.shape)}`,
    );
  }
  broadcast("cdist", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = Math.max(a.shape.at(-2) as number, b.shape.at(-2) as number);
  const useMatmul = checkFlag("cdist", "useMatmul", options.useMatmul ?? rows > MANY_ROWS);
  if (p !== 2 || !useMatmul) return norm(sub(unsqueeze(a, -2), unsqueeze(b, -3)), { p, dim: -1 });
  const lengths = (x: Tensor): Tensor => sum(square(x), { dim: -1, keepdim: true });
  const products = mul(matmul(a, b, { transposeB: true }), -2);
  const squared = clamp(add(add(lengths(a), transposed(lengths(b))), products), { min: 0 });
  return constantWhere(equal(squared, 0), 0, squared, 1, sqrt);
}

register("cdist", cdist, {
  torch: "cdist",
  cases: ({ floats }) => ({
    "2-D": [floats([3, 4]), floats([2, 4])],
    stacks: [floats([2, 3, 2]), floats([2, 2, 2])],
    "stacks that broadcast": [floats([2, 1, 3, 2]), floats([3, 2, 2])],
    "p = 1": [floats([3, 2]), floats([2, 2]), { p: 1 }],
    "p = 3": [floats([3, 2]), floats([2, 2]), { p: 3 }],
    "p = 0": [floats([3, 2]), floats([2, 2]), { p: 0 }],
    "p = ∞": [floats([3, 2]), floats([2, 2]), { p: Infinity }],
    "by products": [floats([3, 4]), floats([2, 4]), { useMatmul: true }],
    "many rows": [floats([26, 2]), floats([3, 2])],
    "no rows": [floats([0, 2]), floats([3, 2])],
    "no columns": [floats([2, 0]), floats([3, 0])],
    "rows that differ": [floats([2, 3]), floats([2, 2])],
  }),
});
