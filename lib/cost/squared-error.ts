import { DTypeError, ShapeError } from "../errors.js";
import { flatten } from "../ops/flatten.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import { type Cost, defineCost } from "./define.js";
import { registerCost } from "./registry.js";

/**
 * C(y, ȳ) = ‖y − ȳ‖², the squared distance between output and target: a sum over all axes but the
 * first. (torch.nn.MSELoss with reduction mean also divides by the number of those elements.)
 * Shapes: y and target [B, ...] → [B], or a scalar by the reduction; a vector y [n] is B samples of one
 * element. Dtypes: float32, float64.
 * @example cost.squaredError(model.forward(x), target)
 * @throws ShapeError where the shapes differ; DTypeError, OptionError, ArgumentError
 */
export const squaredError: Cost = defineCost("squaredError", {
  perSample: (y, target) => {
    if (!isFloat(y.dtype))
      throw new DTypeError(`squaredError: expected y to be float32 or float64, got ${y.dtype}`);
    if (target.dtype !== y.dtype) {
      throw new DTypeError(`squaredError: expected target to be ${y.dtype} as y is, got ${target.dtype}`);
    }
    if (!sameShape(y.shape, target.shape)) {
      throw new ShapeError(
        `squaredError: expected target to be ${format(y.shape)} as y is, got ${format(target.shape)}`,
      );
    }
    const squares = square(sub(y, target));
    return squares.rank < 2 ? squares : sum(flatten(squares, 1), { dim: 1 });
  },
});

registerCost(squaredError, {
  torch: "references.squared_error",
  cases: ({ values }) => [
    { note: "2-D", inputs: { y: [5, 3], target: [5, 3] } },
    { note: "3-D", inputs: { y: [2, 3, 2], target: [2, 3, 2] } },
    { note: "1-D: one number a sample", inputs: { y: [7], target: [7] } },
    { note: "one sample", inputs: { y: [1, 3], target: [1, 3] } },
    { note: "size 1", inputs: { y: [1, 1], target: [1, 1] } },
    { note: "odd size", inputs: { y: [3, 7], target: [3, 7] } },
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
    {
      note: "overflow to Infinity",
      inputs: {
        y: values([
          [1e200, 0],
          [1e150, 1],
        ]),
        target: values([
          [0, 0],
          [0, 0],
        ]),
      },
      hasDerivatives: false,
      fitsFloat32: false,
    },
  ],
});
