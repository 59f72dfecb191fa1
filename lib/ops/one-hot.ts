import { checkNumber } from "../options.js";
import { allocate, checkDType, type DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { checkIndex } from "./axis-index.js";
import { equal } from "./equal.js";
import { inRange } from "./in-range.js";
import { register } from "./registry.js";
import { to } from "./to.js";
import { unsqueeze } from "./unsqueeze.js";

/**
 * Each index as a row with 1 at its place and 0 elsewhere (torch.nn.functional.one_hot). No gradient.
 * Shapes: index [...] int32 → y [..., numClasses].
 * @param dtype of the result; default float32.
 * @example oneHot(tensor([0, 2], { dtype: "int32" }), 3)   // [[1, 0, 0], [0, 0, 1]]
 * @throws IndexError for an index outside [0, numClasses); DTypeError, ArgumentError
 */
export function oneHot(index: Tensor, numClasses: number, dtype: DType = "float32"): Tensor {
  checkIndex("oneHot", index);
  checkNumber("oneHot", "numClasses", numClasses, { min: 1, integer: true });
  checkDType("oneHot", dtype);
  const checked = inRange("oneHot", "index", index, numClasses);
  const classes = allocate("int32", numClasses, "oneHot").map((_, i) => i);
  return to(equal(unsqueeze(checked, index.rank), new Tensor(classes, [numClasses], "int32")), dtype);
}

register("oneHot", oneHot, {
  torch: "one_hot",
  cases: ({ values }) => ({
    "1-D": [values([2, 0, 4, 2], "int32"), 5, "float64" as const],
    "2-D": [
      values(
        [
          [0, 1, 2],
          [2, 2, 0],
        ],
        "int32",
      ),
      3,
      "int32" as const,
    ],
    "0-d": [values(1, "int32"), 3, "bool" as const],
    "one class": [values([0, 0], "int32"), 1, "float64" as const],
    empty: [values([], "int32"), 3, "float64" as const],
  }),
});
