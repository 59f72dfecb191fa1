import { composed } from "../context/trace.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkInput } from "./define.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/**
 * y = x − λ where x > λ, x + λ where x < −λ, else 0 (torch.nn.functional.softshrink).
 * Shapes: x → y, the same. Dtypes: float32, float64. NaN stays NaN.
 * @param lambda λ ≥ 0. Default: 0.5.
 * @example softshrink(tensor([-1, 0.3, 2]))   // [-0.5, 0, 1.5]
 * @throws DTypeError, ArgumentError
 */
export function softshrink(x: Tensor, lambda = 0.5): Tensor {
  checkInput("softshrink", x, "float");
  checkNumber("softshrink", "lambda", lambda, { min: 0 });
  return composed("softshrink", [x], (x) => {
    const between = where(less(x, -lambda), add(x, lambda), mul(x, 0));
    return where(greater(x, lambda), sub(x, lambda), between);
  });
}

register("softshrink", softshrink, {
  torch: "F.softshrink",
  elementwise: ["floats"],
  rest: [[], [1]],
  cases: ({ values }) => ({ kinks: [values([-0.5, 0.5])], "kinks, 1": [values([-1, 1]), 1] }),
});
