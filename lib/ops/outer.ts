import { ShapeError } from "../errors.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { unsqueeze } from "./unsqueeze.js";

/**
 * y_ij = a_i · b_j of two vectors (torch.outer).
 * Shapes: a [m], b [n] → y [m, n]. Dtypes: float32, float64, int32.
 * @example outer(tensor([1, 2]), tensor([3, 4]))   // [[3, 4], [6, 8]]
 * @throws ShapeError, DTypeError
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensor("outer", "a", a);
  checkTensor("outer", "b", b);
  checkDTypes("outer", ["a", "b"], [a, b], "number");
  if (a.rank !== 1 || b.rank !== 1) {
    throw new ShapeError(`outer: expected two vectors, got a ${format(a.shape)} and b ${format(b.shape)}`);
  }
  return mul(unsqueeze(a, 1), b);
}

register("outer", outer, {
  torch: "torch.outer",
  cases: ({ floats }) => ({
    "odd size": [floats([7]), floats([7])],
    "size 1": [floats([1]), floats([1])],
    empty: [floats([0]), floats([0])],
  }),
});
