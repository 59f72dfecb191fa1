import { ShapeError } from "../errors.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { matmul } from "./matmul.js";
import { register } from "./registry.js";

/**
 * y = Σ_i a_i · b_i of two vectors (torch.dot).
 * Shapes: a [n], b [n] → scalar. Dtypes: float32, float64.
 * @example dot(tensor([1, 2]), tensor([3, 4]))   // 11
 * @throws ShapeError, DTypeError
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkTensor("dot", "a", a);
  checkTensor("dot", "b", b);
  checkDTypes("dot", ["a", "b"], [a, b], "float");
  if (a.rank !== 1 || b.rank !== 1 || a.size !== b.size) {
    throw new ShapeError(
      `dot: expected two vectors of one size, got a ${format(a.shape)} and b ${format(b.shape)}`,
    );
  }
  return matmul(a, b);
}

register("dot", dot, {
  torch: "torch.dot",
  cases: ({ floats }) => ({
    "odd size": [floats([7]), floats([7])],
    "size 1": [floats([1]), floats([1])],
    empty: [floats([0]), floats([0])],
  }),
});
