import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { lessEqual } from "./less-equal.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/**
 * y = x where x is above the threshold, else the value (torch.nn.functional.threshold).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example threshold(tensor([0.5, 2]), 1, -7)   // [-7, 2]
 * @throws DTypeError, ArgumentError
 */
export function threshold(x: Tensor, limit: number, value: number): Tensor {
  checkInput("threshold", x, "float");
  checkNumber("threshold", "limit", limit);
  checkNumber("threshold", "value", value);
  return where(lessEqual(x, limit), value, x);
}

register("threshold", threshold, {
  torch: "F.threshold",
  elementwise: ["floats"],
  rest: [[0.4, -7]],
  cases: ({ values }) => ({ kinks: [values([0.4]), 0.4, -7] }),
});
