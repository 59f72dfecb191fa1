import { ShapeError } from "../errors.js";
import { checkDim, format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { mul } from "./mul.js";
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
  checkTensor("glu", "x", x);
  const axis = checkDim("glu", dim, x.rank);
  const size = x.shape[axis];
  if (size === undefined || size % 2 === 1) {
    throw new ShapeError(`glu: expected x to have an axis ${dim} of even size, got ${format(x.shape)}`);
  }
  return mul(slice(x, axis, { end: size / 2 }), sigmoid(slice(x, axis, { start: size / 2 })));
}
