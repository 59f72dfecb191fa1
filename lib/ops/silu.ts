import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { sigmoid } from "./sigmoid.js";

/**
 * y = x·σ(x), also called swish (torch.nn.functional.silu).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example silu(tensor([-1, 2]))   // [-0.269, 1.762]
 * @throws DTypeError
 */
export function silu(x: Tensor): Tensor {
  checkInput("silu", x, "float");
  return composed("silu", [x], (x) => mul(x, sigmoid(x)));
}

register("silu", silu, { torch: "F.silu", elementwise: ["floats"] });
