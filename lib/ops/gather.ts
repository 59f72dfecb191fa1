import type { Tensor } from "../tensor/tensor.js";
import { checkAxisPerElement } from "./axis-index.js";
import { gatherElements } from "./index-maps.js";

/**
 * Reads along an axis, each element of the index for itself: for dim 1, y[i, j] = x[i, index[i, j]].
 * Shapes: x and index have equal sizes but along `dim`; y has index's shape. index: int32.
 * @example gather(logits, 1, reshape(labels, [-1, 1]))   // each row's entry for its label
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  return gatherElements(x, checkAxisPerElement("gather", x, dim, index), index);
}
