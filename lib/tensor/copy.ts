import { Tensor } from "./tensor.js";

/** A tensor with memory of its own and the same values, without gradient. */
export function copyOf({ storage, shape, dtype }: Tensor): Tensor {
  return new Tensor(storage.forReading().slice(), shape, dtype);
}
