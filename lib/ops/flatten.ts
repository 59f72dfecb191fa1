import { ShapeError } from "../errors.js";
import { checkDim, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * Makes one axis of the axes startDim … endDim (torch.flatten).
 * @example flatten(images, 1)   // [B, 3, 10, 20] → [B, 600]
 * @throws ShapeError where startDim is behind endDim.
 */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  checkTensor("flatten", "x", x);
  const start = checkDim("flatten", startDim, x.rank);
  const end = checkDim("flatten", endDim, x.rank);
  if (start > end) throw new ShapeError(`flatten: startDim ${startDim} is behind endDim ${endDim}`);
  const middle = sizeOf(x.shape.slice(start, end + 1));
  return reshape(x, [...x.shape.slice(0, start), middle, ...x.shape.slice(end + 1)]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    flatten: Method<typeof flatten>;
  }
}

register("flatten", flatten, {
  method: true,
  torch: "torch.flatten",
  cases: ({ floats }) => ({
    all: [floats([2, 3, 2])],
    "from dim 1": [floats([2, 3, 2]), 1],
    "to dim 1": [floats([2, 3, 2]), 0, 1],
    "one dim only": [floats([2, 3, 2]), 1, 1],
    "negative dims": [floats([1, 2, 3, 2]), -3, -2],
    images: [floats([1, 3, 2, 4]), 1],
    "1-D": [floats([7])],
    "0-d gives 1-D": [floats([])],
    empty: [floats([0, 3, 2]), 1],
  }),
});
