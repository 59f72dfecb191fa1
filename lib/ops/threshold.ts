import { checkNumber } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { lessEqual } from "./less-equal.js";
import { where } from "./where.js";

/**
 * y = x where x is above the threshold, else the value (torch.nn.functional.threshold).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example threshold(tensor([0.5, 2]), 1, -7)   // [-7, 2]
 * @throws DTypeError, ArgumentError
 */
export function threshold(x: Tensor, limit: number, value: number): Tensor {
  checkDTypes("threshold", ["x"], [checkTensor("threshold", "x", x)], "float");
  checkNumber("threshold", "limit", limit);
  checkNumber("threshold", "value", value);
  return where(lessEqual(x, limit), value, x);
}
