import type { Tensor } from "../tensor/tensor.js";
import { checkAxisList } from "./axis-index.js";
import { selectSlices } from "./index-maps.js";

/**
 * The slices of x along an axis that a list names, in its order (torch.index_select).
 * Shapes: x [..., n, ...], index [m] int32 → y [..., m, ...]. Any dtype.
 * @example indexSelect(images, 0, tensor([5, 2], { dtype: "int32" }))   // images 5 and 2
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  return selectSlices(x, checkAxisList("indexSelect", x, dim, index), index);
}
