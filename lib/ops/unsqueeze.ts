import { checkDim, checkShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * Adds an axis of size 1 at position `dim` of the result (torch.unsqueeze).
 * @example unsqueeze(zeros([2, 3]), 1)   // [2, 1, 3]
 * @throws ShapeError
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  checkTensor("unsqueeze", "x", x);
  const at = checkDim("unsqueeze", dim, x.rank + 1);
  return reshape(x, checkShape("unsqueeze", [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    unsqueeze: Method<typeof unsqueeze>;
  }
}

register("unsqueeze", unsqueeze, {
  method: true,
  torch: "torch.unsqueeze",
  cases: ({ floats }) => ({
    first: [floats([2, 3]), 0],
    middle: [floats([2, 3]), 1],
    last: [floats([2, 3]), -1],
    "negative, first": [floats([2, 3]), -3],
    "0-d": [floats([]), 0],
    empty: [floats([0, 3]), 1],
  }),
});
