import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { softplus } from "./softplus.js";
import { tanh } from "./tanh.js";

/**
 * y = x·tanh(ln(1 + e^x)) (Misra, 2020; torch.nn.functional.mish).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example mish(tensor([-1, 2]))   // [-0.303, 1.944]
 * @throws DTypeError
 */
export function mish(x: Tensor): Tensor {
  checkInput("mish", x, "float");
  // From 40 on e^(−2x) is nothing beside 1 in float64.
  return composed("mish", [x], (x) => mul(x, tanh(softplus(x, { threshold: 40 }))));
}

register("mish", mish, { torch: "F.mish", elementwise: ["floats"] });
