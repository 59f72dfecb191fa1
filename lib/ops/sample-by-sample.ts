import type { Tensor } from "../tensor/tensor.js";
import { concat } from "./concat.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";

/** The op on one sample after the other, for an op without a rule of its own. */
export function sampleBySample(
  tensors: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  op: (inputs: readonly Tensor[]) => Tensor,
): Tensor {
  const rows = Array.from({ length: size }, (_, i) => {
    const y = op(tensors.map((x, j) => (batched[j] ? sampleAt(x, i) : x)));
    return reshape(y, [1, ...y.shape]);
  });
  return concat(rows, 0);
}

const sampleAt = (x: Tensor, i: number): Tensor =>
  reshape(slice(x, 0, { start: i, end: i + 1 }), x.shape.slice(1));
