import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkIndex } from "../ops/axis-index.js";
import { cumsum } from "../ops/cumsum.js";
import { equal } from "../ops/equal.js";
import { gather } from "../ops/gather.js";
import { greater } from "../ops/greater.js";
import { indexSelect } from "../ops/index-select.js";
import { less } from "../ops/less.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { oneHot } from "../ops/one-hot.js";
import { relu } from "../ops/relu.js";
import { reshape } from "../ops/reshape.js";
import { scatterAdd } from "../ops/scatter-add.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkWeight, Labels, rowsOfClasses } from "./classes.js";
import type { MarginOptions } from "./margins.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

export interface MultiMarginOptions extends MarginOptions {
  /** 1, or 2 for squares. Default: 1. */
  readonly p?: 1 | 2;
  /** A weight for each class, [C], of y's dtype. Default: 1 for all. */
  readonly weight?: Tensor;
}

/**
 * C = Σ_{j ≠ ȳ} w_ȳ·max(0, margin − y_ȳ + y_j)^p / C: the right class is to win by the margin
 * (torch.nn.MultiMarginLoss). Default of the margin: 1. Slope 0 where the margin is met exactly.
 * Shapes: y [B, C], target [B] int32 → [B], or a scalar by the reduction; a single sample y [C] has a scalar target.
 * Dtypes of y: float32, float64.
 * @example cost.multiMargin(scores, labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export function multiMargin(y: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor {
  const reduction = readReduction("multiMargin", options, ["margin", "p", "weight"]);
  const margin = checkNumber("multiMargin", "margin", options.margin ?? 1);
  const p = options.p ?? 1;
  if (p !== 1 && p !== 2) throw new ArgumentError(`multiMargin: expected p to be 1 or 2, got ${String(p)}`);
  checkFloats("multiMargin", y, {});
  if (y.rank > 2) throw new ShapeError(`multiMargin: expected y [B, C] or [C], got ${format(y.shape)}`);
  const { rows, shape } = rowsOfClasses("multiMargin", y);
  const classes = rows.shape[1] as number;
  checkWeight("multiMargin", y, options.weight, classes);
  const { index } = new Labels("multiMargin", target, shape, classes, {});
  const right = gather(rows, 1, reshape(index, [index.size, 1]));
  const hinge = relu(add(sub(rows, right), margin));
  const others = mul(p === 1 ? hinge : square(hinge), sub(1, oneHot(index, classes, y.dtype)));
  const costs = mul(sum(others, { dim: 1 }), 1 / classes);
  const { weight } = options;
  const weighted = weight === undefined ? costs : mul(costs, indexSelect(weight, 0, index));
  return reduced("multiMargin", reshape(weighted, shape), reduction);
}

/**
 * C = Σ_i Σ_j max(0, 1 − (y_i − y_j)) / C over the right classes i and the others j
 * (torch.nn.MultiLabelMarginLoss). The target lists the right classes; a −1 ends the list. Slope 0 where a margin is
 * met exactly.
 * Shapes: y and target [B, C] → [B], or a scalar by the reduction; or both [C]. target: int32. Dtypes of y: float32,
 * float64.
 * @example cost.multiLabelMargin(scores, tensor([[3, 0, -1, -1]], { dtype: "int32" }))
 * @throws IndexError for a class outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export function multiLabelMargin(y: Tensor, target: Tensor, options: CostOptions = {}): Tensor {
  const reduction = readReduction("multiLabelMargin", options);
  checkFloats("multiLabelMargin", y, {});
  checkIndex("multiLabelMargin", target);
  if (y.rank < 1 || y.rank > 2 || !sameShape(y.shape, target.shape)) {
    throw new ShapeError(
      `multiLabelMargin: expected y and target [B, C] or [C], got ${format(y.shape)} and ${format(target.shape)}`,
    );
  }
  const { rows, shape } = rowsOfClasses("multiLabelMargin", y);
  const [count, classes] = rows.shape as [number, number];
  const list = reshape(target, [count, classes]);
  // What comes after the first −1 does not count.
  const isOver = greater(cumsum(to(less(list, 0), "int32"), 1), 0);
  const index = where(isOver, 0, list);
  const listed = where(isOver, 0, to(equal(index, index), y.dtype));
  const times = scatterAdd(mul(rows, 0), 1, index, to(listed, y.dtype));
  const isOther = to(equal(times, 0), y.dtype);
  const right = gather(rows, 1, index);
  // [B, right, other]
  const hinge = relu(sub(1, sub(unsqueeze(right, 2), unsqueeze(rows, 1))));
  const pairs = mul(mul(hinge, unsqueeze(listed, 2)), unsqueeze(isOther, 1));
  return reduced(
    "multiLabelMargin",
    reshape(mul(sum(pairs, { dim: [1, 2] }), 1 / classes), shape),
    reduction,
  );
}

export interface MultiLabelSoftMarginOptions extends CostOptions {
  /** A weight for each class, [C], of y's dtype. Default: 1 for all. */
  readonly weight?: Tensor;
}

/**
 * C = −1/C Σ_c w_c·(ȳ_c·ln σ(y_c) + (1 − ȳ_c)·ln σ(−y_c)): each class by itself, right or not
 * (torch.nn.MultiLabelSoftMarginLoss).
 * Shapes: y and target [..., C] → [...], or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.multiLabelSoftMargin(scores, target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function multiLabelSoftMargin(
  y: Tensor,
  target: Tensor,
  options: MultiLabelSoftMarginOptions = {},
): Tensor {
  const reduction = readReduction("multiLabelSoftMargin", options, ["weight"]);
  checkAlike("multiLabelSoftMargin", y, { target });
  if (y.rank === 0) throw new ShapeError("multiLabelSoftMargin: expected y [..., C], got a scalar");
  checkWeight("multiLabelSoftMargin", y, options.weight, y.shape.at(-1) as number);
  const likelihood = add(mul(target, logSigmoid(y)), mul(sub(1, target), logSigmoid(neg(y))));
  const { weight } = options;
  const costs = neg(weight === undefined ? likelihood : mul(likelihood, weight));
  return reduced("multiLabelSoftMargin", mean(costs, { dim: -1 }), reduction);
}

registerCost(multiMargin, {
  torch: "F.multi_margin_loss",
  cases: ({ values }) => {
    const inputs = { y: [4, 3], target: values([2, 0, 1, 2], "int32") };
    return [
      { note: "2-D", inputs },
      {
        note: "p 2, weights",
        inputs,
        options: { p: 2, margin: 0.6 },
        tensors: { weight: values([0.5, 2, 1.25]) },
      },
      { note: "single sample", inputs: { y: [3], target: values(1, "int32") } },
    ];
  },
});

registerCost(multiLabelMargin, {
  torch: "F.multilabel_margin_loss",
  cases: ({ values }) => [
    {
      note: "2-D",
      inputs: {
        y: [4, 3],
        target: values(
          [
            [2, 0, -1],
            [-1, 1, 2],
            [1, -1, 1],
            [0, 1, 2],
          ],
          "int32",
        ),
      },
    },
    { note: "1-D", inputs: { y: [3], target: values([2, 0, -1], "int32") } },
  ],
});

registerCost(multiLabelSoftMargin, {
  torch: "F.multilabel_soft_margin_loss",
  constants: ["target"],
  cases: ({ values }) => {
    const inputs = {
      y: [4, 3],
      target: values([
        [1, 0, 1],
        [0, 0, 1],
        [1, 1, 0],
        [0, 1, 0],
      ]),
    };
    return [
      { note: "2-D", inputs },
      { note: "weights", inputs, tensors: { weight: values([0.5, 2, 1.25]) } },
    ];
  },
});
