import { checkDim } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { permute } from "./permute.js";
import { type Method, register } from "./registry.js";

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

/** A matrix, or each of a stack, with rows and columns exchanged. */
export const transposed = (x: Tensor): Tensor => transpose(x, -1, -2);

declare module "../tensor/tensor.js" {
  interface Tensor {
    transpose: Method<typeof transpose>;
  }
}

register("transpose", transpose, {
  method: true,
  torch: "torch.transpose",
  cases: ({ floats, values }) => ({
    "2-D": [floats([3, 7]), 0, 1],
    "3-D, ends": [floats([2, 3, 2]), 0, 2],
    "negative dims": [floats([2, 3, 2]), -1, -2],
    "a dim with itself": [floats([2, 3]), 1, 1],
    "size 1": [floats([1, 3]), 0, 1],
    empty: [floats([0, 3]), 0, 1],
    "extreme values": [
      values([
        [NaN, Infinity, -Infinity],
        [-0, 1e300, 5e-324],
      ]),
      0,
      1,
    ],
  }),
});
