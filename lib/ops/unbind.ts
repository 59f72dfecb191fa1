import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { type Method, register } from "./registry.js";
import { positionOf } from "./select.js";

/**
 * All positions along an axis, as a list (torch.unbind): the inverse of `stack`.
 * Shapes: x [..., n, ...] → n × [...]. Any dtype.
 * @param dim default 0.
 * @example unbind(tensor([[1, 2], [3, 4]]))   // [1, 2], [3, 4]
 * @throws ShapeError
 */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  checkTensor("unbind", "x", x);
  const axis = checkAxis("unbind", x, dim);
  return Array.from({ length: x.shape[axis] as number }, (_, at) => positionOf(x, axis, at));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    unbind: Method<typeof unbind>;
  }
}

register("unbind", unbind, {
  method: true,
  torch: "torch.unbind",
  cases: ({ floats }) => ({
    "1-D": [floats([3])],
    rows: [floats([2, 3]), 0],
    columns: [floats([2, 3]), -1],
    "middle dim": [floats([2, 3, 2]), 1],
    empty: [floats([0, 2]), 1],
  }),
});
