import { checkOptions } from "../options.js";
import { checkDims } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
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

declare module "../tensor/tensor.js" {
  interface Tensor {
    squeeze: Method<typeof squeeze>;
  }
}

register("squeeze", squeeze, {
  method: true,
  torch: "lambda x, dim=None: torch.squeeze(x) if dim is None else torch.squeeze(x, dim)",
  cases: ({ floats }) => ({
    "every size 1": [floats([1, 3, 1, 2])],
    "one dim": [floats([1, 3, 1]), { dim: 0 }],
    "negative dim": [floats([1, 3, 1]), { dim: -1 }],
    "two dims": [floats([1, 3, 1]), { dim: [0, 2] }],
    "a dim that is not of size 1 stays": [floats([2, 3]), { dim: 0 }],
    "to 0-d": [floats([1, 1])],
    "0-d": [floats([])],
    empty: [floats([0, 1]), { dim: 1 }],
  }),
});
