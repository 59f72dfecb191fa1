import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { add } from "./add.js";
import { checkInput } from "./define.js";
import { div } from "./div.js";
import { register } from "./registry.js";

/**
 * y = x/(1 + |x|) (torch.nn.functional.softsign).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example softsign(tensor([-1, 3]))   // [-0.5, 0.75]
 * @throws DTypeError
 */
export function softsign(x: Tensor): Tensor {
  checkInput("softsign", x, "float");
  return composed("softsign", [x], (x) => div(x, add(abs(x), 1)));
}

register("softsign", softsign, { torch: "F.softsign", elementwise: ["floats"] });
