import { composed } from "../context/trace.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { sameValues, sampleOf } from "../vmap/mapped.js";
import { type Method, register } from "./registry.js";

/**
 * The same memory as a tensor that no gradient flows through (torch.Tensor.detach; jax.lax.stop_gradient, so
 * it goes by the name `stopGradient` too).
 * @example detach(loss).item()
 */
export function detach(x: Tensor): Tensor {
  checkTensor("detach", "x", x);
  if (x.mapped !== null) return sampleOf(detach(x.mapped.all), x.mapped.level);
  return composed("detach", [x], sameValues, { isWhole: true });
}

export { detach as stopGradient };

declare module "../tensor/tensor.js" {
  interface Tensor {
    /** The same memory as a tensor that no gradient flows through. */
    detach: Method<typeof detach>;
  }
}

register("detach", detach, {
  method: true,
  torch: "torch.detach",
  cases: ({ floats, values }) => ({
    "2-D": [floats([2, 3])],
    "0-d": [floats([])],
    empty: [floats([0, 3])],
    int32: [values([1, 2], "int32")],
  }),
  order: 0,
});
register("stopGradient", detach, {
  torch: "torch.detach",
  cases: ({ floats, values }) => ({
    "2-D": [floats([2, 3])],
    "0-d": [floats([])],
    empty: [floats([0, 3])],
    int32: [values([1, 2], "int32")],
  }),
  order: 0,
});
