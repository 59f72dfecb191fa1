import { composed } from "../context/trace.js";
import { ShapeError } from "../errors.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { greater } from "./greater.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { where } from "./where.js";

/**
 * y = x where x > 0, else w·x with a slope w that is learned, one for all or one for each channel
 * (torch.nn.functional.prelu).
 * Shapes: x [B, C, ...] → y, the same; weight [1] or [C]. Dtypes: float32, float64.
 * @example prelu(tensor([-1, 2]), tensor([0.25]))   // [-0.25, 2]
 * @throws ShapeError, DTypeError
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  checkTensor("prelu", "x", x);
  checkTensor("prelu", "weight", weight);
  checkDTypes("prelu", ["x", "weight"], [x, weight], "float");
  const channels = x.rank < 2 ? 1 : (x.shape[1] as number);
  if (weight.rank > 1 || (weight.size !== 1 && weight.size !== channels)) {
    throw new ShapeError(`prelu: expected weight to be [1] or [${channels}], got ${format(weight.shape)}`);
  }
  const line = weight.size === 1 ? [] : [weight.size, ...x.shape.slice(2).map(() => 1)];
  return composed("prelu", [x, weight], (x, weight) => {
    const isAbove = greater(x, 0);
    // The mask's 0 times an infinite x would be a NaN in the weight's gradient.
    return where(isAbove, x, mul(where(isAbove, 0, x), reshape(weight, line)));
  });
}

register("prelu", prelu, {
  torch: "F.prelu",
  cases: ({ floats }) => ({
    "one slope": [floats([2, 3]), floats([1], 0.1, 0.9)],
    "a slope for each channel": [floats([2, 3]), floats([3], 0.1, 0.9)],
    "3-D": [floats([2, 3, 2]), floats([3], 0.1, 0.9)],
    "4-D": [floats([1, 1, 2, 2]), floats([1])],
    "1-D": [floats([4]), floats([1], 0.1, 0.9)],
    "size 1": [floats([1]), floats([1])],
    empty: [floats([0, 3]), floats([3])],
  }),
});
