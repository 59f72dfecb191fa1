// What rules for `vmap` have in common. A tensor is `batched` where it has the samples' axis in front.
import type { Tensor } from "../tensor/tensor.js";
import { concat } from "./concat.js";
import { expand } from "./expand.js";
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

/** The tensors of an elementwise op, with the axes that broadcasting adds put behind the samples'. */
export function aligned(tensors: readonly Tensor[], batched: readonly boolean[]): Tensor[] {
  const rankOf = (i: number): number => (tensors[i] as Tensor).rank - (batched[i] ? 1 : 0);
  const rank = Math.max(...tensors.map((_, i) => rankOf(i)));
  return tensors.map((x, i) => (batched[i] ? withRank(x, rank) : x));
}

/** Samples of lower rank as samples of that rank, with axes of size 1 in front of their own. */
export function withRank(x: Tensor, rank: number): Tensor {
  const [size, ...shape] = x.shape as [number, ...number[]];
  return reshape(x, [size, ...new Array<number>(rank - shape.length).fill(1), ...shape]);
}

/** With the samples' axis, whether it had it or not. */
export function forEach(x: Tensor, batched: boolean, size: number): Tensor {
  return batched ? x : expand(x, [size, ...x.shape]);
}
