import { allocate } from "./dtype.js";
import { Tensor } from "./tensor.js";

/** A copy of a tensor in new memory, without gradient. */
export function copyOf({ storage, shape, dtype }: Tensor): Tensor {
  return new Tensor(storage.forReading().slice(), shape, dtype);
}

/** Zeros of a tensor's shape and dtype (torch.zeros_like). */
export function zerosLike({ shape, dtype, size }: Tensor): Tensor {
  return new Tensor(allocate(dtype, size), shape, dtype);
}
