import { isFloat } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { equal } from "./equal.js";
import { notEqual } from "./not-equal.js";
import { register } from "./registry.js";

/**
 * Whether an element is ∞ or −∞ (torch.isinf). No gradient.
 * Shapes: x → y bool, the same. Any dtype.
 * @example isInf(tensor([1, -Infinity, NaN]))   // [false, true, false]
 * @throws ArgumentError
 */
export function isInf(x: Tensor): Tensor {
  checkTensor("isInf", "x", x);
  return isFloat(x.dtype) ? equal(abs(x), Number.POSITIVE_INFINITY) : notEqual(x, x);
}

register("isInf", isInf, {
  torch: "torch.isinf",
  elementwise: ["floats"],
  cases: ({ truths, values }) => ({ int32: [values([0, 1, -3], "int32")], bool: [truths([3])] }),
});
