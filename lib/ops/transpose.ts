import { checkDim } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { permute } from "./permute.js";

/**
 * Exchanges two axes (torch.transpose).
 * @example transpose(zeros([2, 3]), 0, 1)   // [3, 2]
 * @throws ShapeError
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  checkTensor("transpose", "x", x);
  const a = checkDim("transpose", dim0, x.rank);
  const b = checkDim("transpose", dim1, x.rank);
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}
