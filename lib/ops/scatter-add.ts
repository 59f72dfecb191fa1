import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { asList, checkAxisPerElement, isScalar } from "./axis-index.js";
import { addElements } from "./index-maps.js";
import { frontOf, sourceFor, withFront } from "./index-source.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * Adds into a copy of x along an axis, each element where its index says: for dim 1,
 * y[i, index[i, j]] += source[i, j] (torch.scatter_add). Elements that meet are all added.
 * Shapes: index has x's sizes, or smaller ones, but along `dim`, where it may have any; source has index's, or larger
 * ones; y has x's. A scalar is a list of one element. index: int32.
 * @example scatterAdd(zeros([1, 3]), 1, index, source)
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  if (isScalar(x)) return reshape(scatterAdd(asList(x), dim, asList(index), asList(source)), []);
  const axis = checkAxisPerElement("scatterAdd", x, dim, index);
  const values = sourceFor("scatterAdd", x, index, source);
  const front = frontOf(x, index.shape, axis);
  return withFront(x, add(front, addElements(values, axis, index, x.shape[axis] as number)));
}

register("scatterAdd", scatterAdd, {
  torch: "scatter_add",
  cases: ({ floats, values }) => ({
    "1-D, repeated": [floats([5]), 0, values([4, 0, 4, 2, 4, 1, 0], "int32"), floats([7])],
    "first dim": [
      floats([3, 4]),
      0,
      values(
        [
          [0, 2, 1, 1],
          [0, 2, 0, 1],
        ],
        "int32",
      ),
      floats([2, 4]),
    ],
    "last dim, repeated": [
      floats([3, 4]),
      1,
      values(
        [
          [3, 3],
          [1, 0],
          [2, 2],
        ],
        "int32",
      ),
      floats([3, 2]),
    ],
    "a smaller index": [
      floats([3, 4, 2]),
      1,
      values(
        [
          [[3], [0]],
          [[0], [0]],
        ],
        "int32",
      ),
      floats([2, 3, 2]),
    ],
    "negative dim": [floats([2, 3]), -1, values([[0], [2]], "int32"), floats([2, 1])],
    "3-D, middle dim": [floats([2, 3, 2]), 1, values([[[0, 2]], [[1, 1]]], "int32"), floats([2, 1, 2])],
    "a scalar": [floats([]), 0, values(0, "int32"), floats([])],
    "size 1": [floats([1]), 0, values([0], "int32"), floats([1])],
    "no index": [floats([3]), 0, values([], "int32"), floats([0])],
    "extreme values": [
      values([0, 1, Infinity, 2]),
      0,
      values([2, 0, 1], "int32"),
      values([-Infinity, NaN, 1e300]),
    ],
  }),
  order: { "extreme values": 0 },
});
