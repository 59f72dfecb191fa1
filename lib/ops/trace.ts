import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { checkMatrix, diagonal } from "./diagonal.js";
import { register } from "./registry.js";
import { sum } from "./sum.js";

/**
 * y = Σ_i x_ii, of a matrix or of each of a stack (torch.trace).
 * Shapes: x [..., m, n] → y [...]. Dtypes: float32, float64, int32.
 * @example trace(tensor([[1, 2], [3, 4]]))   // 5
 * @throws ShapeError, DTypeError
 */
export function trace(x: Tensor): Tensor {
  checkInput("trace", x, "number");
  checkMatrix("trace", x);
  return sum(diagonal(x), { dim: -1 });
}

register("trace", trace, {
  torch: "lambda x: torch.diagonal(x, dim1=-2, dim2=-1).sum(-1)",
  cases: ({ floats }) => ({
    matrix: [floats([3, 3])],
    "more columns": [floats([2, 4])],
    "more rows": [floats([2, 3, 2])],
    stack: [floats([2, 2, 2])],
    "size 1": [floats([1, 1])],
    empty: [floats([2, 0, 0])],
  }),
});
