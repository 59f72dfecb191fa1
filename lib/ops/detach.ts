import { checkTensor, Tensor } from "../graph/tensor.js";

/**
 * The same memory as a tensor that no gradient flows through.
 * @example detach(loss).item()
 */
export function detach(x: Tensor): Tensor {
  checkTensor("detach", "x", x);
  return new Tensor(x.storage, x.shape, x.dtype);
}
