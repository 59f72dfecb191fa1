import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { register } from "./registry.js";

const op = elementwise("isFinite", { takes: "any", gives: "bool", kernel: "is_finite" });

/**
 * y = true where x is neither NaN nor infinite. No gradient.
 * Shapes: x → y, the same. Any dtype. Gives bool.
 * @example all(isFinite(x)).item() === 1
 * @throws DTypeError
 */
export function isFinite(x: Tensor): Tensor {
  return op([x]);
}

register("isFinite", isFinite, {
  torch: "torch.isfinite",
  elementwise: ["floats"],
  cases: ({ values }) => ({ int32: [values([0, 1, -3], "int32")] }),
});
