import type { Tensor } from "../tensor/tensor.js";
import { gather } from "./gather.js";
import { reshape } from "./reshape.js";

/** Values, and where along the axis they were. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  /** int32 */
  readonly indices: Tensor;
}

/** What the indices along the axis pick from x; the one element of a 0-d tensor is at 0. */
export function valuesAt(x: Tensor, dim: number, indices: Tensor): ValuesAndIndices {
  if (x.rank > 0) return { values: gather(x, dim, indices), indices };
  return { values: reshape(gather(reshape(x, [1]), 0, reshape(indices, [1])), []), indices };
}
