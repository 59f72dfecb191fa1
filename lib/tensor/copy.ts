import { Tensor } from "./tensor.js";

/** A copy of a tensor in new memory, without gradient. */
export function copyOf({ storage, shape, dtype }: Tensor): Tensor {
  return new Tensor(storage.forReading().slice(), shape, dtype);
}
