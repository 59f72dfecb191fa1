import { isTensor, type Tensor } from "../tensor/tensor.js";
import { asList, checkAxisList, isScalar } from "./axis-index.js";
import { selectSlices } from "./index-maps.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * The slices of x along an axis that a list names, in its order (torch.index_select).
 * Shapes: x [..., n, ...], index [m] int32 → y [..., m, ...]; x [], index [1] → y []. Any dtype.
 * @example indexSelect(images, 0, tensor([5, 2], { dtype: "int32" }))   // images 5 and 2
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  if (isScalar(x) && isTensor(index) && index.size === 1) {
    return reshape(indexSelect(asList(x), dim, asList(index)), []);
  }
  return selectSlices(x, checkAxisList("indexSelect", x, dim, index), index);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    indexSelect: Method<typeof indexSelect>;
  }
}

register("indexSelect", indexSelect, {
  method: true,
  torch: "torch.index_select",
  cases: ({ floats, values }) => ({
    "1-D, repeated": [floats([5]), 0, values([4, 0, 4, 2, 4, 1, 0], "int32")],
    rows: [floats([4, 3]), 0, values([2, 0, 2], "int32")],
    columns: [floats([3, 4]), 1, values([3, 1], "int32")],
    "negative dim": [floats([2, 3]), -1, values([2, 2, 0, 1], "int32")],
    "3-D, middle dim": [floats([2, 3, 2]), 1, values([2, 0], "int32")],
    "a scalar": [floats([]), 0, values([0], "int32")],
    "size 1": [floats([1, 1]), 0, values([0], "int32")],
    "no index": [floats([3, 2]), 0, values([], "int32")],
    "empty other dim": [floats([3, 0]), 0, values([1, 1], "int32")],
  }),
});
