import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { neg } from "./neg.js";
import { register } from "./registry.js";
import { softplus } from "./softplus.js";

/**
 * y = ln σ(x) = −ln(1 + e^(−x)), without overflow (torch.nn.functional.logsigmoid).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example logSigmoid(tensor([0, -1000]))   // [-0.693, -1000]
 * @throws DTypeError
 */
export function logSigmoid(x: Tensor): Tensor {
  checkInput("logSigmoid", x, "float");
  // From 40 on the 1 is nothing beside e^(−x) in float64.
  return composed("logSigmoid", [x], (x) => neg(softplus(neg(x), { threshold: 40 })));
}

register("logSigmoid", logSigmoid, { torch: "F.logsigmoid", elementwise: ["floats"] });
