import { composed } from "../context/trace.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { greater } from "./greater.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/**
 * y = x where x > 0, else s·x (torch.nn.functional.leaky_relu). Slope 1 or s; s at 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param negativeSlope s. Default: 0.01.
 * @example leakyRelu(tensor([-1, 2]))   // [-0.01, 2]
 * @throws DTypeError, ArgumentError
 */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  checkInput("leakyRelu", x, "float");
  checkNumber("leakyRelu", "negativeSlope", negativeSlope);
  return composed("leakyRelu", [x], (x) => where(greater(x, 0), x, mul(x, negativeSlope)));
}

register("leakyRelu", leakyRelu, {
  torch: "F.leaky_relu",
  elementwise: ["floats"],
  rest: [[], [0.3]],
  cases: ({ values }) => ({ kinks: [values([0])], "kinks, 0.3": [values([0]), 0.3] }),
});
