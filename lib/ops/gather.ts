import type { Tensor } from "../tensor/tensor.js";
import { checkAxisPerElement, indexParams } from "./axis-index.js";
import { linear } from "./define.js";
import { forEach } from "./samples.js";
import { scatterIntoZeros } from "./scatter-add.js";

const op = linear<"x" | "index", { dim: number }>("gather", {
  inputs: ["x", "index"],
  kernel: "gather",
  shape: ({ x, index }) => ({ shape: index.shape, dtype: x.dtype }),
  params: ({ x, index, dim }) => indexParams(x.shape, dim, index.shape[dim] as number),
  transpose: ({ dy, x, index, dim }) => scatterIntoZeros(dy, dim, index, x.shape[dim] as number),
  batch: ({ x, index, dim }, { batched, size, op: self }) =>
    self([forEach(x, batched.x, size), forEach(index, batched.index, size)], { dim: dim + 1 }),
});

/**
 * Reads along an axis, each element of the index for itself: for dim 1, y[i, j] = x[i, index[i, j]].
 * Shapes: x and index have equal sizes but along `dim`; y has index's shape. index: int32.
 * @example gather(logits, 1, reshape(labels, [-1, 1]))   // each row's entry for its label
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  return op([x, index], { dim: checkAxisPerElement("gather", x, dim, index) });
}
