import { DTypeError, ShapeError } from "../errors.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkRange } from "./axis-index.js";
import { defineOp } from "./define.js";
import { forEach } from "./for-each.js";
import { mul } from "./mul.js";
import { oneHot } from "./one-hot.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { softmax } from "./softmax.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import { unsqueeze } from "./unsqueeze.js";

/** @throws IndexError unless every label is in [0, classes). */
export function checkLabels(where: string, target: Tensor, classes: number): void {
  checkRange(where, "label", target, classes);
}

/** @throws DTypeError unless the targets are class indices. */
export function checkClassIndices(where: string, target: Tensor): void {
  if (checkTensor(where, "target", target).dtype !== "int32") {
    throw new DTypeError(`${where}: expected target to be int32 class indices, got ${target.dtype}`);
  }
}

const rowsAndClasses = ({ y }: { readonly y: Tensor }): number[] => [
  y.shape[0] as number,
  y.shape[1] as number,
];

// y [B, C], target [B] → [B]
const op = defineOp<"scores" | "target">("crossEntropy", {
  inputs: ["scores", "target"],
  kernel: "cross_entropy",
  shape: ({ scores, target }) => ({ shape: target.shape, dtype: scores.dtype }),
  params: ({ scores }) => rowsAndClasses({ y: scores }),
  vjp: { scores: ({ dy, scores, target }) => slope([scores, target, dy], {}) },
  jvp: { scores: ({ dscores, scores, target }) => sum(mul(offset(scores, target), dscores), { dim: 1 }) },
  batch: ({ scores, target }, { batched, size, op: self }) => {
    const rows = rowsOfSamples(scores, batched.scores, size);
    const y = self([rows, reshape(forEach(target, batched.target, size), [-1])], {});
    return reshape(y, [size, -1]);
  },
});

/** The scores of all samples as rows. */
function rowsOfSamples(scores: Tensor, batched: boolean, size: number): Tensor {
  const all = forEach(scores, batched, size);
  return reshape(all, [size * (all.shape[1] as number), all.shape[2] as number]);
}

/** softmax(y)_b − e_target[b], the slope of each sample's cost: [B, C]. */
const offset = (scores: Tensor, target: Tensor): Tensor =>
  sub(softmax(scores), oneHot(target, scores.shape[1] as number, scores.dtype));

/** J · v for J = diag(p) − p·pᵀ, the slope of the softmax p of each row. */
const softmaxProduct = (p: Tensor, v: Tensor): Tensor =>
  mul(p, sub(v, sum(mul(p, v), { dim: 1, keepdim: true })));

// d_b · (softmax(y)_b − e_target[b]): [B, C]
const slope = defineOp<"scores" | "target" | "d">("crossEntropySlope", {
  inputs: ["scores", "target", "d"],
  kernel: "cross_entropy_slope",
  shape: ({ scores }) => ({ shape: scores.shape, dtype: scores.dtype }),
  params: ({ scores }) => rowsAndClasses({ y: scores }),
  vjp: {
    scores: ({ dy, scores, d }) => mul(unsqueeze(d, 1), softmaxProduct(softmax(scores), dy)),
    d: ({ dy, scores, target }) => sum(mul(offset(scores, target), dy), { dim: 1 }),
  },
  jvp: {
    scores: ({ dscores, scores, d }) => mul(unsqueeze(d, 1), softmaxProduct(softmax(scores), dscores)),
    d: ({ dd, scores, target }) => mul(unsqueeze(dd, 1), offset(scores, target)),
  },
  batch: ({ scores, target, d }, { batched, size, op: self }) => {
    const rows = rowsOfSamples(scores, batched.scores, size);
    const flat = (x: Tensor, isBatched: boolean): Tensor => reshape(forEach(x, isBatched, size), [-1]);
    const y = self([rows, flat(target, batched.target), flat(d, batched.d)], {});
    return reshape(y, [size, -1, rows.shape[1] as number]);
  },
});

/**
 * y_b = −ln softmax(scores_b)_target[b], without overflow: the cost of each sample.
 * Shapes: scores [B, C], target [B] int32 → [B]; scores [C] with a scalar target give a scalar.
 * Dtypes of the scores: float32, float64. `cost.crossEntropy` averages it.
 * @example crossEntropy(model.forward(images), labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError
 */
export function crossEntropy(scores: Tensor, target: Tensor): Tensor {
  checkTensor("crossEntropy", "scores", scores);
  checkTensor("crossEntropy", "target", target);
  if (!isFloat(scores.dtype)) {
    throw new DTypeError(`crossEntropy: expected y to be float32 or float64, got ${scores.dtype}`);
  }
  checkClassIndices("crossEntropy", target);
  const isBatch = scores.rank === 2 && target.rank === 1 && target.size === scores.shape[0];
  const isSample = scores.rank === 1 && target.rank === 0;
  if (!isBatch && !isSample) {
    throw new ShapeError(
      `crossEntropy: expected y [B, C] and target [B], got y ${format(scores.shape)} and target ${format(target.shape)}`,
    );
  }
  checkLabels("crossEntropy", target, scores.shape[scores.rank - 1] as number);
  if (isBatch) return op([scores, target], {});
  return reshape(op([reshape(scores, [1, scores.size]), reshape(target, [1])], {}), []);
}

register("crossEntropy", crossEntropy, {
  torch: "lambda scores, target: F.cross_entropy(scores, target, reduction='none')",
  cases: ({ floats, values }) => ({
    batch: [floats([3, 4]), values([2, 0, 3], "int32")],
    "one sample": [floats([4]), values(1, "int32")],
    "one class": [floats([2, 1]), values([0, 0], "int32")],
    empty: [floats([0, 3]), values([], "int32")],
    "large and small scores": [
      values([
        [1000, 0, -1000],
        [-1000, -1001, -999],
      ]),
      values([0, 2], "int32"),
    ],
  }),
});
