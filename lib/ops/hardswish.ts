import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { hardsigmoid } from "./hardsigmoid.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";

/**
 * y = x·relu6(x + 3)/6 (Howard et al., 2019; torch.nn.functional.hardswish). At the kinks its slope is that
 * of the outer sides: 0 at −3, 1 at 3.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example hardswish(tensor([-4, 1, 4]))   // [0, 0.667, 4]
 * @throws DTypeError
 */
export function hardswish(x: Tensor): Tensor {
  checkInput("hardswish", x, "float");
  return composed("hardswish", [x], (x) => mul(x, hardsigmoid(x)));
}

register("hardswish", hardswish, { torch: "F.hardswish", elementwise: ["floats"] });
