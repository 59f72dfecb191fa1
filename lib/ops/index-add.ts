import { DTypeError, ShapeError } from "../errors.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkAxisList, indexOfSlices, indexParams, withSize } from "./axis-index.js";
import { checkDTypes, linear } from "./define.js";
import { indexSelect } from "./index-select.js";
import { forEach } from "./samples.js";
import { scatterIntoZeros } from "./scatter-add.js";

const op = linear<"source" | "index", { dim: number; length: number }>("indexAdd", {
  inputs: ["source", "index"],
  kernel: "index_add",
  shape: ({ source, dim, length }) => ({
    shape: withSize(source.shape, dim, length),
    dtype: checkDTypes("indexAdd", ["source"], [source], "number"),
  }),
  params: ({ source, dim, length }) =>
    indexParams(withSize(source.shape, dim, length), dim, source.shape[dim] as number),
  transpose: ({ dy, index, dim }) => indexSelect(dy, dim, index),
  batch: ({ source, index, dim, length }, { batched, size, op: self }) => {
    if (!batched.index) return self([source, index], { dim: dim + 1, length });
    const all = forEach(source, batched.source, size);
    return scatterIntoZeros(all, dim + 1, indexOfSlices(index, all.shape, dim + 1), length);
  },
});

/** Adds slices of source into zeros of that length along the axis: the transpose of `indexSelect`. */
export function spread(source: Tensor, dim: number, index: Tensor, length: number): Tensor {
  return op([source, index], { dim, length });
}

/**
 * Adds slices of source into a copy of x where a list says: y[index[j]] += source[j] (torch.index_add).
 * Slices that meet are all added.
 * Shapes: x [..., n, ...], index [m] int32, source [..., m, ...] → y as x.
 * @example indexAdd(zeros([3, 2]), 0, tensor([2, 2], { dtype: "int32" }), ones([2, 2]))
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const axis = checkAxisList("indexAdd", x, dim, index);
  checkTensor("indexAdd", "source", source);
  const expected = withSize(x.shape, axis, index.size);
  if (!sameShape(source.shape, expected)) {
    throw new ShapeError(`indexAdd: expected source to be ${format(expected)}, got ${format(source.shape)}`);
  }
  if (source.dtype !== x.dtype)
    throw new DTypeError(`indexAdd: x is ${x.dtype} but source is ${source.dtype}`);
  return add(x, spread(source, axis, index, x.shape[axis] as number));
}
