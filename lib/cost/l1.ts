import { abs } from "../ops/abs.js";
import { sub } from "../ops/sub.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

/**
 * C = |y − ȳ| of each element (torch.nn.L1Loss). The gradient at 0 is 0.
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.l1(model.forward(x), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function l1(y: Tensor, target: Tensor, options: CostOptions = {}): Tensor {
  const reduction = readReduction("l1", options);
  checkAlike("l1", y, { target });
  return reduced("l1", abs(sub(y, target)), reduction);
}

registerCost(l1, {
  torch: "F.l1_loss",
  cases: ({ values }) => [
    { note: "2-D", inputs: { y: [4, 3], target: [4, 3] } },
    { note: "1-D", inputs: { y: [3], target: [3] } },
    {
      note: "equal",
      inputs: {
        y: values([
          [1, -2],
          [0.5, 0.25],
        ]),
        target: values([
          [1, -2],
          [0.5, 0.25],
        ]),
      },
    },
  ],
});
