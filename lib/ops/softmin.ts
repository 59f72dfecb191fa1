import { composed } from "../context/trace.js";
import { checkOptions } from "../options.js";
import { checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { neg } from "./neg.js";
import { register } from "./registry.js";
import { softmax } from "./softmax.js";

/**
 * y_i = e^(−x_i) / Σ_j e^(−x_j) along an axis (torch.nn.functional.softmin): of distances, which is near.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example softmin(tensor([1, 2]))   // [0.731, 0.269]
 * @throws ShapeError, DTypeError, OptionError
 */
export function softmin(x: Tensor, options: { readonly dim?: number } = {}): Tensor {
  checkInput("softmin", x, "float");
  checkOptions("softmin", options, ["dim"]);
  checkDim("softmin", options.dim ?? -1, x.rank);
  return composed("softmin", [x], (x) => softmax(neg(x), options));
}

register("softmin", softmin, { torch: "F.softmin", along: "options" });
