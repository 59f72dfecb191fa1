import { DTypeError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import type { Draws } from "../ops/cases.js";
import { checkClassIndices, checkLabels, crossEntropy as perSample } from "../ops/cross-entropy.js";
import { equal } from "../ops/equal.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { logicalAnd } from "../ops/logical-and.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sum } from "../ops/sum.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import {
  type ClassOptions,
  checkWeight,
  classCases,
  Labels,
  reducedByShares,
  rowsOfClasses,
} from "./classes.js";
import type { Cost } from "./define.js";
import { checkFloats, readReduction, reduced } from "./reduce.js";
import { type CostCase, registerCost } from "./registry.js";

export interface CrossEntropyOptions extends ClassOptions {
  /** ε in [0, 1): each target is mixed with all classes alike, (1 − ε)·ȳ + ε/C. Default: 0. */
  readonly labelSmoothing?: number;
}

function cost(y: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const name = "crossEntropy";
  const reduction = readReduction(name, options, ["weight", "ignoreIndex", "labelSmoothing"]);
  const smoothing = checkNumber(name, "labelSmoothing", options.labelSmoothing ?? 0, { min: 0, below: 1 });
  const isPlain = options.weight === undefined && options.ignoreIndex === undefined && smoothing === 0;
  if (isPlain && y?.rank <= 2 && !isFloat(target?.dtype))
    return reduced(name, perSample(y, target), reduction);
  checkFloats(name, y, {});
  checkTensor(name, "target", target);
  if (isFloat(target.dtype)) checkProbabilities(name, y.shape, target);
  if (isFloat(target.dtype)) checkFloats(name, y, { target });
  const { rows, shape } = rowsOfClasses(name, y);
  const classes = rows.shape[1] as number;
  checkWeight(name, y, options.weight, classes);
  const logp = logSoftmax(rows, { dim: 1 });
  const { weight } = options;
  if (isFloat(target.dtype)) {
    const given = rowsOfClasses(name, target).rows;
    const mixed = smoothing === 0 ? given : add(mul(given, 1 - smoothing), smoothing / classes);
    const counted = smoothing === 0 ? possible(logp, given) : logp;
    const costs = neg(sum(mul(mixed, weight === undefined ? counted : mul(counted, weight)), { dim: 1 }));
    return reducedByShares(name, costs, null, shape, reduction);
  }
  const weighted = weight === undefined ? logp : mul(logp, weight);
  const labels = new Labels(name, target, shape, classes, options);
  const own = labels.costs(logp);
  const all = smoothing === 0 ? null : labels.kept(neg(sum(weighted, { dim: 1 })));
  const costs = all === null ? own : add(mul(own, 1 - smoothing), mul(all, smoothing / classes));
  return reducedByShares(name, costs, labels.shares(y.dtype), shape, reduction);
}

/** The logarithms, but 0 for −∞ beside a probability of 0: 0·ln 0 = 0. */
function possible(logp: Tensor, probabilities: Tensor): Tensor {
  const isNever = logicalAnd(equal(probabilities, 0), equal(logp, Number.NEGATIVE_INFINITY));
  return where(isNever, 0, logp);
}

function checkProbabilities(where: string, shape: readonly number[], target: Tensor): void {
  if (sameShape(target.shape, shape)) return;
  throw new DTypeError(
    `${where}: expected target to be int32 class indices, or probabilities ${format(shape)}, got ${target.dtype} ${format(target.shape)}`,
  );
}

function checkTargets(where: string, outputShape: readonly number[], targets: Tensor): void {
  const outputs = outputShape.slice(1).join(", ");
  if (isFloat(targets.dtype)) {
    checkProbabilities(where, [targets.shape[0] ?? 0, ...outputShape.slice(1)], targets);
    return;
  }
  checkClassIndices(where, targets);
  if (outputShape.length !== 2 || targets.rank !== 1) {
    throw new ShapeError(
      `${where}: expected outputs [B, C] and targets [B], got outputs [B, ${outputs}] and targets ${format(targets.shape)}`,
    );
  }
  checkLabels(where, targets, outputShape[1] as number);
}

/**
 * C(y, ȳ) = −ln softmax(y)_ȳ for a class index ȳ, or −Σ_c ȳ_c·ln softmax(y)_c for probabilities ȳ: the cost
 * of unnormalised scores y (torch.nn.CrossEntropyLoss). A score of −∞ has gradient 0; beside ȳ_c = 0 it costs
 * nothing, where PyTorch gives NaN. With class weights the mean is weighted:
 * Σ w_ȳ·C / Σ w_ȳ; of probabilities it is over the samples. Labels are checked: PyTorch ignores those of −100
 * without being told, which `ignoreIndex: -100` asks for.
 * Shapes: y [B, C, ...], target [B, ...] int32 or [B, C, ...] as y → [B, ...], or a scalar by the reduction; a
 * single sample is y [C] with a scalar target or one as y. Dtypes of y: float32, float64.
 * @example cost.crossEntropy(model.forward(images), labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export const crossEntropy: Cost & typeof cost = Object.assign(cost, {
  checkTargets,
  outputs: "logits" as const,
});
Object.defineProperty(crossEntropy, "name", { value: "crossEntropy" });

const MIXED = [
  [0.2, 0.3, 0.5],
  [0.6, 0.25, 0.15],
  [0.1, 0.1, 0.8],
  [0.35, 0.4, 0.25],
];

function smoothedCases({ values }: Draws): readonly CostCase[] {
  const inputs = { y: [4, 3], target: values([2, 0, 1, 2], "int32") };
  const tensors = { weight: values([0.5, 2, 1.25]) };
  const options = { labelSmoothing: 0.2 };
  return [
    { note: "smoothed", inputs, options },
    { note: "smoothed, weights", inputs, options, tensors },
    {
      note: "smoothed, ignored, weights",
      inputs: { y: [4, 3], target: values([2, -100, 1, -100], "int32") },
      options: { ...options, ignoreIndex: -100 },
      tensors,
    },
    { note: "probabilities", inputs: { y: [4, 3], target: values(MIXED) } },
    {
      note: "probabilities, smoothed, weights",
      inputs: { y: [4, 3], target: values(MIXED) },
      options,
      tensors,
    },
    { note: "probabilities of one sample", inputs: { y: [3], target: values([0.2, 0.3, 0.5]) } },
  ];
}

function edgeCases({ values }: Draws): readonly CostCase[] {
  const never = Number.NEGATIVE_INFINITY;
  const at = (y: number[][], ...labels: number[]): CostCase["inputs"] => ({
    y: values(y),
    target: values(labels, "int32"),
  });
  return [
    { note: "7 classes", inputs: { y: [3, 7], target: values([6, 0, 3], "int32") } },
    { note: "one sample of a batch", inputs: { y: [1, 4], target: values([3], "int32") } },
    { note: "single sample [C], 0-d target", inputs: { y: [4], target: values(2, "int32") } },
    { note: "one class: loss 0", inputs: { y: [2, 1], target: values([0, 0], "int32") } },
    {
      note: "equal scores",
      inputs: at(
        [
          [3, 3, 3],
          [0, 0, 0],
        ],
        0,
        1,
      ),
    },
    {
      note: "large scores",
      inputs: at(
        [
          [1000, -1000, 0],
          [1000, -1000, 0],
          [-800, -801, -802],
          [1e8, 0, 1],
        ],
        0,
        1,
        2,
        2,
      ),
    },
    {
      note: "-Infinity off the target",
      inputs: at(
        [
          [never, 0, 1],
          [0.5, never, never],
        ],
        2,
        0,
      ),
    },
    {
      note: "-Infinity at the target",
      inputs: at(
        [
          [never, 0, 1],
          [0, 1, 2],
        ],
        0,
        1,
      ),
      hasDerivatives: false,
    },
    {
      note: "NaN and Infinity",
      inputs: at(
        [
          [Number.NaN, 0, 1],
          [0, 1, 2],
          [-never, 0, 1],
        ],
        2,
        1,
        0,
      ),
      hasDerivatives: false,
    },
  ];
}

registerCost(crossEntropy, {
  torch: "F.cross_entropy",
  // Of probabilities PyTorch has derivatives that nobody asks for.
  constants: ["target"],
  cases: (draws) => [...classCases(draws), ...smoothedCases(draws), ...edgeCases(draws)],
});
