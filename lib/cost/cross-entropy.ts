import { ShapeError } from "../errors.js";
import { format } from "../graph/shape.js";
import { checkClassIndices, checkLabels, crossEntropy as perSample } from "../ops/cross-entropy.js";
import { type Cost, defineCost } from "./define.js";

/**
 * C(y, ȳ) = −ln softmax(y)_ȳ for a class index ȳ: the cost of unnormalised scores y
 * (torch.nn.CrossEntropyLoss).
 * Shapes: y [B, C], target [B] int32 → [B], or a scalar by the reduction; a single sample y [C] with a
 * scalar target gives a scalar. Dtypes of y: float32, float64.
 * @example cost.crossEntropy(model.forward(images), labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export const crossEntropy: Cost = defineCost("crossEntropy", {
  perSample,
  checkTargets: (where, outputShape, targets) => {
    checkClassIndices(where, targets);
    if (outputShape.length !== 2 || targets.rank !== 1) {
      const outputs = outputShape.slice(1).join(", ");
      throw new ShapeError(
        `${where}: expected outputs [B, C] and targets [B], got outputs [B, ${outputs}] and targets ${format(targets.shape)}`,
      );
    }
    checkLabels(where, targets, outputShape[1] as number);
  },
});
