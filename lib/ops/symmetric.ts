import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { mul } from "./mul.js";
import { transposed } from "./transpose.js";

/** (x + xᵀ)/2, [..., n, n] */
export function symmetric(x: Tensor): Tensor {
  return mul(add(x, transposed(x)), 0.5);
}
