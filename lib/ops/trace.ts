import type { Tensor } from "../tensor/tensor.js";
import { checkSquare, diagonal } from "./diagonal.js";
import { sum } from "./sum.js";

/**
 * y = Σ_i x_ii, of a square matrix or of each of a stack (torch.trace).
 * Shapes: x [..., n, n] → y [...]. Dtypes: float32, float64, int32.
 * @example trace(tensor([[1, 2], [3, 4]]))   // 5
 * @throws ShapeError, DTypeError
 */
export function trace(x: Tensor): Tensor {
  checkSquare("trace", x);
  return sum(diagonal(x), { dim: -1 });
}
