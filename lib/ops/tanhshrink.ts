import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";
import { tanh } from "./tanh.js";

/**
 * y = x − tanh x (torch.nn.functional.tanhshrink).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example tanhshrink(tensor([-1, 2]))   // [-0.238, 1.036]
 * @throws DTypeError
 */
export function tanhshrink(x: Tensor): Tensor {
  checkInput("tanhshrink", x, "float");
  return composed("tanhshrink", [x], (x) => sub(x, tanh(x)));
}

register("tanhshrink", tanhshrink, { torch: "F.tanhshrink", elementwise: ["floats"] });
