import type { Tensor } from "../tensor/tensor.js";
import { asList, checkAxisPerElement, isScalar } from "./axis-index.js";
import { gatherElements } from "./index-maps.js";
import { frontOf } from "./index-source.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * Reads along an axis, each element of the index for itself: for dim 1, y[i, j] = x[i, index[i, j]].
 * Shapes: index has x's sizes, or smaller ones, but along `dim`, where it may have any; y has index's shape. A scalar is
 * a list of one element. index: int32.
 * @example gather(logits, 1, reshape(labels, [-1, 1]))   // each row's entry for its label
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  if (isScalar(x)) return reshape(gather(asList(x), dim, asList(index)), index.shape);
  const axis = checkAxisPerElement("gather", x, dim, index);
  return gatherElements(frontOf(x, index.shape, axis), axis, index);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    gather: Method<typeof gather>;
  }
}

register("gather", gather, {
  method: true,
  torch: "torch.gather",
  cases: ({ floats, values }) => ({
    "1-D, repeated": [floats([5]), 0, values([4, 0, 4, 2, 4, 1, 0], "int32")],
    "first dim": [
      floats([3, 4]),
      0,
      values(
        [
          [0, 2, 1, 1],
          [2, 2, 0, 1],
        ],
        "int32",
      ),
    ],
    "last dim": [
      floats([3, 4]),
      1,
      values(
        [
          [3, 0],
          [1, 1],
          [2, 3],
        ],
        "int32",
      ),
    ],
    "a smaller index": [floats([3, 4, 2]), 1, values([[[3], [0]]], "int32")],
    "an index too large": [floats([2, 3]), 1, values([[0], [1], [2]], "int32")],
    "negative dim": [floats([2, 3]), -1, values([[0], [2]], "int32")],
    "3-D, middle dim": [floats([2, 3, 2]), 1, values([[[0, 2]], [[1, 1]]], "int32")],
    "a scalar": [floats([]), 0, values(0, "int32")],
    "a list of a scalar": [floats([]), -1, values([0, 0], "int32")],
    "size 1": [floats([1]), 0, values([0], "int32")],
    "no index": [floats([3]), 0, values([], "int32")],
    "extreme values": [values([NaN, Infinity, -0]), 0, values([2, 0, 1, 0], "int32")],
  }),
  order: { "extreme values": 0 },
});
