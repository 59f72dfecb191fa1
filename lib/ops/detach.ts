import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { sameValues, sampleOf } from "../vmap/mapped.js";

/**
 * The same memory as a tensor that no gradient flows through (torch.Tensor.detach; jax.lax.stop_gradient, so
 * it goes by the name `stopGradient` too).
 * @example detach(loss).item()
 */
export function detach(x: Tensor): Tensor {
  checkTensor("detach", "x", x);
  return x.mapped === null ? sameValues(x) : sampleOf(detach(x.mapped.all), x.mapped.level);
}

export { detach as stopGradient };
