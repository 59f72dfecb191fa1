import type { Tensor } from "../tensor/tensor.js";
import { expandTo } from "./sum-and-expand.js";

/** The tensor with the axis of samples that rules for `vmap` see in front, whether it had it or not. */
export function forEach(x: Tensor, batched: boolean, size: number): Tensor {
  return batched ? x : expandTo(x, [size, ...x.shape]);
}
