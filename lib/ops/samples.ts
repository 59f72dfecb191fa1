// What rules for `vmap` have in common. A tensor is `batched` where it has the samples' axis in front.
import type { Tensor } from "../tensor/tensor.js";
import { reshape } from "./reshape.js";

/** The tensors of an elementwise op; the axes that broadcasting adds come after the axis of samples. */
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
