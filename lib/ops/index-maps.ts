// Reading along an axis by an index and adding along an axis by an index: each is the transpose of the other. The
// index is one list for all slices (`selectSlices`, `addSlices`), or each element has its own (`gatherElements`,
// `addElements`).
import type { Tensor } from "../tensor/tensor.js";
import { indexOfSlices, indexParams, withSize } from "./axis-index.js";
import { checkDTypes, linear } from "./define.js";
import { forEach } from "./for-each.js";

interface Into {
  readonly dim: number;
  /** The size of the result along `dim`. */
  readonly length: number;
}

const gatherOp = linear<"x" | "index", { dim: number }>("gather", {
  inputs: ["x", "index"],
  kernel: "gather",
  shape: ({ x, index }) => ({ shape: index.shape, dtype: x.dtype }),
  params: ({ x, index, dim }) => indexParams(x.shape, dim, index.shape[dim] as number),
  transpose: ({ dy, x, index, dim }) => addElements(dy, dim, index, x.shape[dim] as number),
  batch: ({ x, index, dim }, { batched, size, op }) =>
    op([forEach(x, batched.x, size), forEach(index, batched.index, size)], { dim: dim + 1 }),
});

/** `gather` of inputs that fit. */
export function gatherElements(x: Tensor, dim: number, index: Tensor): Tensor {
  return gatherOp([x, index], { dim });
}

const scatterAddOp = linear<"source" | "index", Into>("scatterAdd", {
  inputs: ["source", "index"],
  kernel: "scatter_add",
  shape: ({ source, dim, length }) => ({
    shape: withSize(source.shape, dim, length),
    dtype: checkDTypes("scatterAdd", ["source"], [source], "number"),
  }),
  params: ({ source, dim, length }) =>
    indexParams(withSize(source.shape, dim, length), dim, source.shape[dim] as number),
  transpose: ({ dy, index, dim }) => gatherElements(dy, dim, index),
  batch: ({ source, index, dim, length }, { batched, size, op }) =>
    op([forEach(source, batched.source, size), forEach(index, batched.index, size)], {
      dim: dim + 1,
      length,
    }),
});

/** Adds each element of source into zeros of that length along the axis. */
export function addElements(source: Tensor, dim: number, index: Tensor, length: number): Tensor {
  return scatterAddOp([source, index], { dim, length });
}

const indexSelectOp = linear<"x" | "index", { dim: number }>("indexSelect", {
  inputs: ["x", "index"],
  kernel: "index_select",
  shape: ({ x, index, dim }) => ({ shape: withSize(x.shape, dim, index.size), dtype: x.dtype }),
  params: ({ x, index, dim }) => indexParams(x.shape, dim, index.size),
  transpose: ({ dy, x, index, dim }) => addSlices(dy, dim, index, x.shape[dim] as number),
  batch: ({ x, index, dim }, { batched, size, op }) => {
    if (!batched.index) return op([x, index], { dim: dim + 1 });
    const all = forEach(x, batched.x, size);
    const count = index.shape[1] as number;
    return gatherElements(all, dim + 1, indexOfSlices(index, withSize(all.shape, dim + 1, count), dim + 1));
  },
});

/** `indexSelect` of inputs that fit. */
export function selectSlices(x: Tensor, dim: number, index: Tensor): Tensor {
  return indexSelectOp([x, index], { dim });
}

const indexAddOp = linear<"source" | "index", Into>("indexAdd", {
  inputs: ["source", "index"],
  kernel: "index_add",
  shape: ({ source, dim, length }) => ({
    shape: withSize(source.shape, dim, length),
    dtype: checkDTypes("indexAdd", ["source"], [source], "number"),
  }),
  params: ({ source, dim, length }) =>
    indexParams(withSize(source.shape, dim, length), dim, source.shape[dim] as number),
  transpose: ({ dy, index, dim }) => selectSlices(dy, dim, index),
  batch: ({ source, index, dim, length }, { batched, size, op }) => {
    if (!batched.index) return op([source, index], { dim: dim + 1, length });
    const all = forEach(source, batched.source, size);
    return addElements(all, dim + 1, indexOfSlices(index, all.shape, dim + 1), length);
  },
});

/** Adds slices of source into zeros of that length along the axis. */
export function addSlices(source: Tensor, dim: number, index: Tensor, length: number): Tensor {
  return indexAddOp([source, index], { dim, length });
}
