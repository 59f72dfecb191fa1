import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkInput } from "./define.js";
import { div } from "./div.js";
import { register } from "./registry.js";
import { relu6 } from "./relu6.js";

/**
 * y = relu6(x + 3)/6 (torch.nn.functional.hardsigmoid). Slope 1/6 between −3 and 3, else 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example hardsigmoid(tensor([-4, 0, 4]))   // [0, 0.5, 1]
 * @throws DTypeError
 */
export function hardsigmoid(x: Tensor): Tensor {
  checkInput("hardsigmoid", x, "float");
  return composed("hardsigmoid", [x], (x) => div(relu6(add(x, 3)), 6));
}

register("hardsigmoid", hardsigmoid, {
  torch: "hardsigmoid",
  elementwise: ["floats"],
  cases: ({ values }) => ({ kinks: [values([-3, 3])] }),
});
