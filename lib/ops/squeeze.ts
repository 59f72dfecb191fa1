import { checkOptions } from "../options.js";
import { checkDims } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { reshape } from "./reshape.js";

/**
 * Leaves out axes of size 1: those of `dim`, or all; an axis of another size stays (torch.squeeze).
 * @example squeeze(zeros([2, 1, 3]))   // [2, 3]
 * @throws ShapeError
 */
export function squeeze(x: Tensor, options: { readonly dim?: number | readonly number[] } = {}): Tensor {
  checkTensor("squeeze", "x", x);
  checkOptions("squeeze", options, ["dim"]);
  const dims =
    options.dim === undefined ? x.shape.map((_, d) => d) : checkDims("squeeze", options.dim, x.rank);
  return reshape(
    x,
    x.shape.filter((size, d) => size !== 1 || !dims.includes(d)),
  );
}
