import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { notEqual } from "./not-equal.js";
import { register } from "./registry.js";

/**
 * Whether an element is NaN. No gradient.
 * Shapes: x → y bool, the same. Any dtype.
 * @example isNaN(tensor([1, NaN]))   // [false, true]
 */
export function isNaN(x: Tensor): Tensor {
  checkTensor("isNaN", "x", x);
  return notEqual(x, x);
}

register("isNaN", isNaN, { torch: "torch.isnan", elementwise: ["floats"] });
