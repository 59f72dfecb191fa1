import { composed } from "../context/trace.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { checkInput } from "./define.js";
import { lessEqual } from "./less-equal.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/**
 * y = 0 where |x| ≤ λ, else x (torch.nn.functional.hardshrink).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param lambda λ ≥ 0. Default: 0.5.
 * @example hardshrink(tensor([-1, 0.3]))   // [-1, 0]
 * @throws DTypeError, ArgumentError
 */
export function hardshrink(x: Tensor, lambda = 0.5): Tensor {
  checkInput("hardshrink", x, "float");
  checkNumber("hardshrink", "lambda", lambda, { min: 0 });
  return composed("hardshrink", [x], (x) => where(lessEqual(abs(x), lambda), 0, x));
}

register("hardshrink", hardshrink, {
  torch: "F.hardshrink",
  elementwise: ["floats"],
  rest: [[], [1]],
  cases: ({ values }) => ({ kinks: [values([-0.5, 0.5])], "kinks, 1": [values([-1, 1]), 1] }),
});
