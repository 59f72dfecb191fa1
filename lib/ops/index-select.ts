import type { Tensor } from "../tensor/tensor.js";
import { checkAxisList, indexOfSlices, indexParams, withSize } from "./axis-index.js";
import { linear } from "./define.js";
import { gather } from "./gather.js";
import { spread } from "./index-add.js";
import { forEach } from "./samples.js";

const op = linear<"x" | "index", { dim: number }>("indexSelect", {
  inputs: ["x", "index"],
  kernel: "index_select",
  shape: ({ x, index, dim }) => ({ shape: withSize(x.shape, dim, index.size), dtype: x.dtype }),
  params: ({ x, index, dim }) => indexParams(x.shape, dim, index.size),
  transpose: ({ dy, x, index, dim }) => spread(dy, dim, index, x.shape[dim] as number),
  batch: ({ x, index, dim }, { batched, size, op: self }) => {
    if (!batched.index) return self([x, index], { dim: dim + 1 });
    const all = forEach(x, batched.x, size);
    const count = index.shape[1] as number;
    return gather(all, dim + 1, indexOfSlices(index, withSize(all.shape, dim + 1, count), dim + 1));
  },
});

/**
 * The slices of x along an axis that a list names, in its order (torch.index_select).
 * Shapes: x [..., n, ...], index [m] int32 → y [..., m, ...]. Any dtype.
 * @example indexSelect(images, 0, tensor([5, 2], { dtype: "int32" }))   // images 5 and 2
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  return op([x, index], { dim: checkAxisList("indexSelect", x, dim, index) });
}
