// Tensors as one vector, and back.
import { concat } from "../ops/concat.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import type { Tensor } from "../tensor/tensor.js";

/** All elements, one tensor after the other: [n]. */
export const vectorOf = (tensors: readonly Tensor[]): Tensor =>
  concat(tensors.map((one) => reshape(one, [one.size])));

/** The parts of a vector [n], in the shapes of the tensors. */
export function partsOf(vector: Tensor, tensors: readonly Tensor[]): Tensor[] {
  let at = 0;
  return tensors.map(({ size, shape }) => {
    const part = reshape(slice(vector, 0, { start: at, end: at + size }), shape);
    at += size;
    return part;
  });
}
