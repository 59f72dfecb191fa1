import { straightThrough as withGradientOf } from "../distributions/straight-through.js";
import { ShapeError } from "../errors.js";
import { checkDTypes } from "../ops/define.js";
import { to } from "../ops/to.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/**
 * The straight-through estimator (Bengio, Léonard and Courville, 2013): the value of `hard` with the derivative of
 * `soft`,
 *
 *     y = hard,   dy = d soft
 *
 * `hard` is a draw or a rounding, which has no derivative. `soft` is what stands for it on the way back, such as the
 * mean of the distribution or a relaxed draw. The gradient is biased unless the cost is linear in y.
 * Shapes: hard and soft → y, all the same.
 * @example
 * const p = ops.sigmoid(tensor([-1, 2]));
 * straightThrough(ops.greater(p, 0.5), p)   // [0, 1]
 * @throws ShapeError, DTypeError
 */
export function straightThrough(hard: Tensor, soft: Tensor): Tensor {
  const name = "straightThrough";
  checkTensor(name, "hard", hard);
  checkTensor(name, "soft", soft);
  checkDTypes(name, ["soft"], [soft], "float");
  if (!sameShape(hard.shape, soft.shape)) {
    throw new ShapeError(
      `${name}: expected hard and soft of one shape, got ${format(hard.shape)} and ${format(soft.shape)}`,
    );
  }
  return withGradientOf(to(hard, soft.dtype), soft);
}
