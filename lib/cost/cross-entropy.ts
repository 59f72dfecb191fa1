import { DTypeError, IndexError, ShapeError } from "../errors.js";
import { isFloat } from "../graph/dtype.js";
import { format } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { gather } from "../ops/gather.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { type Cost, defineCost } from "./define.js";

function checkLabels(where: string, target: Tensor, classes: number): void {
  const labels = target.data;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label < 0 || label >= classes) {
      throw new IndexError(`${where}: label ${label} at position ${i} is outside [0, ${classes})`);
    }
  }
}

function checkClassIndices(where: string, target: Tensor): void {
  if (target.dtype !== "int32") {
    throw new DTypeError(`${where}: expected target to be int32 class indices, got ${target.dtype}`);
  }
}

/**
 * C(y, ȳ) = −ln softmax(y)_ȳ for a class index ȳ: the cost of unnormalised scores y
 * (torch.nn.CrossEntropyLoss).
 * Shapes: y [B, C], target [B] int32 → [B], or a scalar by the reduction; a single sample y [C] with a
 * scalar target gives a scalar. Dtypes of y: float32, float64.
 * @example cost.crossEntropy(model.forward(images), labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export const crossEntropy: Cost = defineCost("crossEntropy", {
  perSample: (y, target) => {
    if (!isFloat(y.dtype))
      throw new DTypeError(`crossEntropy: expected y to be float32 or float64, got ${y.dtype}`);
    checkClassIndices("crossEntropy", target);
    const fits =
      (y.rank === 2 && target.rank === 1 && target.size === y.shape[0]) ||
      (y.rank === 1 && target.rank === 0);
    if (!fits) {
      throw new ShapeError(
        `crossEntropy: expected y [B, C] and target [B], got y ${format(y.shape)} and target ${format(target.shape)}`,
      );
    }
    checkLabels("crossEntropy", target, y.shape[y.rank - 1] as number);
    const picked = gather(logSoftmax(y), y.rank - 1, reshape(target, [...target.shape, 1]));
    return neg(reshape(picked, target.shape));
  },
  checkTargets: (where, outputShape, targets) => {
    checkClassIndices(where, targets);
    if (outputShape.length !== 2 || targets.rank !== 1) {
      throw new ShapeError(
        `${where}: expected outputs [B, C] and targets [B], got outputs [B, ${outputShape.slice(1).join(", ")}] and targets ${format(targets.shape)}`,
      );
    }
    checkLabels(where, targets, outputShape[1] as number);
  },
});
