import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

/**
 * C = (y − ȳ)² of each element (torch.nn.MSELoss). The mean is over all elements; `squaredError` adds those of a
 * sample.
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.mse(model.forward(x), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function mse(y: Tensor, target: Tensor, options: CostOptions = {}): Tensor {
  const reduction = readReduction("mse", options);
  checkAlike("mse", y, { target });
  return reduced("mse", square(sub(y, target)), reduction);
}

registerCost(mse, {
  torch: "F.mse_loss",
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
