import { composed } from "../context/trace.js";
import { ShapeError } from "../errors.js";
import { checkDim, format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { sigmoid } from "./sigmoid.js";
import { slice } from "./slice.js";

/**
 * y = a·σ(b), where a and b are the halves of x along an axis (Dauphin et al., 2017;
 * torch.nn.functional.glu).
 * Shapes: x [..., 2n, ...] → y [..., n, ...]. Dtypes: float32, float64.
 * @param dim Default: −1.
 * @example glu(tensor([1, 2, 0, 0]))   // [0.5, 1]
 * @throws ShapeError for an axis of odd size; DTypeError
 */
export function glu(x: Tensor, dim = -1): Tensor {
  checkInput("glu", x, "float");
  const axis = checkDim("glu", dim, x.rank);
  const size = x.shape[axis];
  if (size === undefined || size % 2 === 1) {
    throw new ShapeError(`glu: expected x to have an axis ${dim} of even size, got ${format(x.shape)}`);
  }
  return composed("glu", [x], (x) =>
    mul(slice(x, axis, { end: size / 2 }), sigmoid(slice(x, axis, { start: size / 2 }))),
  );
}

register("glu", glu, {
  torch: "F.glu",
  cases: ({ floats }) => ({
    "last dim": [floats([2, 4]), -1],
    "first dim": [floats([4, 3]), 0],
    "middle dim": [floats([2, 2, 3]), 1],
    "default dim": [floats([6])],
    empty: [floats([0, 2])],
    "size 2": [floats([2])],
  }),
});
