import { DTypeError } from "../errors.js";
import { concat } from "../ops/concat.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sum } from "../ops/sum.js";
import type { Tensor } from "../tensor/tensor.js";

/** Tensors as one vector [n]. @throws DTypeError unless all have the same dtype. */
export function flatten(where: string, tensors: readonly Tensor[]): Tensor {
  const { dtype } = tensors[0] as Tensor;
  for (const other of tensors) {
    if (other.dtype === dtype) continue;
    throw new DTypeError(`${where}: expected parameters of one dtype, got ${dtype} and ${other.dtype}`);
  }
  return concat(tensors.map((one) => reshape(one, [one.size])));
}

/** A vector [n] as tensors of the shapes of others. */
export function unflatten(vector: Tensor, like: readonly Tensor[]): Tensor[] {
  let at = 0;
  return like.map(({ size, shape }) => {
    at += size;
    return reshape(slice(vector, 0, { start: at - size, end: at }), shape);
  });
}

/** Σ a_i·b_i of two vectors. */
export const inner = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));
