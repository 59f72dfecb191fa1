import { noGrad } from "../context/grad-mode.js";
import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import type { Draw, Draws } from "../ops/cases.js";
import { clamp } from "../ops/clamp.js";
import { defineOp } from "../ops/define.js";
import { div } from "../ops/div.js";
import { forEach } from "../ops/for-each.js";
import { log } from "../ops/log.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sub } from "../ops/sub.js";
import { broadcast, format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

// PyTorch's bounds: derivatives divide by no less than the first, and logarithms are no less than the second.
const LEAST_PRODUCT = 1e-12;
const LEAST_LOG = -100;

/** y·(1 − y), no less than ε. */
const product = (y: Tensor): Tensor => clamp(mul(y, sub(1, y)), { min: LEAST_PRODUCT });

/** ln y and ln(1 − y) */
const logs = (y: Tensor): [yes: Tensor, no: Tensor] => [
  clamp(log(y), { min: LEAST_LOG }),
  clamp(log1p(neg(y)), { min: LEAST_LOG }),
];

// The derivatives of the logarithms are infinite at 0 and 1, where that of the clamp is 0: their product would be NaN. So
// the values are computed without a graph. These ops are views of the values and have the whole derivative as their rule.

// value = ln(1 − p) − ln p
const logOddsOp = defineOp<"value" | "p">("bceLogOdds", {
  inputs: ["value", "p"],
  kernel: null,
  shape: ({ value }) => value,
  vjp: { p: ({ dy, p }) => neg(div(dy, product(p))) },
  jvp: { p: ({ dp, p }) => neg(div(dp, product(p))) },
  batch: ({ value, p }, { batched, size, op: self }) =>
    self([forEach(value, batched.value, size), forEach(p, batched.p, size)], {}),
});

function logOdds(p: Tensor): Tensor {
  const value = noGrad(() => {
    const [yes, no] = logs(p);
    return sub(no, yes);
  });
  return logOddsOp([value, p], {});
}

const derivative = (p: Tensor, target: Tensor): Tensor => div(sub(p, target), product(p));

// value = −(ȳ·ln p + (1 − ȳ)·ln(1 − p))
const op = defineOp<"value" | "p" | "target">("bce", {
  inputs: ["value", "p", "target"],
  kernel: null,
  shape: ({ value }) => value,
  vjp: {
    p: ({ dy, p, target }) => mul(dy, derivative(p, target)),
    target: ({ dy, p }) => mul(dy, logOdds(p)),
  },
  jvp: {
    p: ({ dp, p, target }) => mul(dp, derivative(p, target)),
    target: ({ dtarget, p }) => mul(dtarget, logOdds(p)),
  },
  batch: ({ value, p, target }, { batched, size, op: self }) =>
    self(
      [
        forEach(value, batched.value, size),
        forEach(p, batched.p, size),
        forEach(target, batched.target, size),
      ],
      {},
    ),
});

export interface BCEOptions extends CostOptions {
  /** A factor of each element's cost, which broadcasts. Default: 1. */
  readonly weight?: Tensor;
}

function weighted(name: string, costs: Tensor, weight: Tensor | undefined): Tensor {
  if (weight === undefined) return costs;
  checkFloats(name, costs, { weight });
  if (!sameShape(broadcast(name, costs.shape, weight.shape), costs.shape)) {
    throw new ShapeError(
      `${name}: expected weight to broadcast to ${format(costs.shape)}, got ${format(weight.shape)}`,
    );
  }
  return mul(costs, weight);
}

/**
 * C = −(ȳ·ln y + (1 − ȳ)·ln(1 − y)) of each element, for probabilities y; logarithms are not below −100
 * (torch.nn.BCELoss). `bceWithLogits` is more exact.
 * Derivative (y − ȳ)/max(y·(1 − y), 1e-12), as in PyTorch: finite for y = 0 and y = 1 too, and 0 where y = ȳ. The
 * second derivative is the derivative of this formula.
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.bce(ops.sigmoid(scores), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function bce(y: Tensor, target: Tensor, options: BCEOptions = {}): Tensor {
  const reduction = readReduction("bce", options, ["weight"]);
  checkAlike("bce", y, { target });
  const value = noGrad(() => {
    const [yes, no] = logs(y);
    return neg(add(mul(target, yes), mul(sub(1, target), no)));
  });
  return reduced("bce", weighted("bce", op([value, y, target], {}), options.weight), reduction);
}

bce.multilabel = true;

export interface BCEWithLogitsOptions extends BCEOptions {
  /** A factor of the cost of ȳ = 1, which broadcasts: above 1 finds more of them. Default: 1. */
  readonly posWeight?: Tensor;
}

/**
 * C = −(w₊·ȳ·ln σ(y) + (1 − ȳ)·ln σ(−y)) of each element, for unnormalised scores y, without overflow
 * (torch.nn.BCEWithLogitsLoss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.bceWithLogits(model.forward(x), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function bceWithLogits(y: Tensor, target: Tensor, options: BCEWithLogitsOptions = {}): Tensor {
  const reduction = readReduction("bceWithLogits", options, ["weight", "posWeight"]);
  checkAlike("bceWithLogits", y, { target });
  // (1 − ȳ)·y − (1 + (w₊ − 1)·ȳ)·ln σ(y)
  const no = mul(sub(1, target), y);
  const logs = logSigmoid(y);
  const { posWeight } = options;
  if (posWeight !== undefined) checkFloats("bceWithLogits", y, { posWeight });
  const factor = posWeight === undefined ? null : weighted("bceWithLogits", target, sub(posWeight, 1));
  const yes = factor === null ? logs : mul(add(1, factor), logs);
  return reduced("bceWithLogits", weighted("bceWithLogits", sub(no, yes), options.weight), reduction);
}

bceWithLogits.outputs = "logits" as const;
bceWithLogits.multilabel = true;

// Zeros and ones.
const LABELS = [
  [1, 0, 1],
  [0, 0, 1],
  [1, 1, 0],
  [0, 1, 0],
];

const weightsOf = ({ floats }: Draws): Readonly<Record<string, Draw>> => ({
  "weights of rows": floats([4, 1], 0.5, 2),
  "one weight": floats([], 0.5, 2),
  "weights of a sample": floats([1, 3], 0.5, 2),
});

registerCost(bce, {
  torch: "F.binary_cross_entropy",
  constants: ["target"],
  cases: (draws) => {
    const p = draws.floats([4, 3], 0.2, 0.8);
    const inputs = { y: p, target: draws.values(LABELS) };
    return [
      { note: "2-D", inputs },
      { note: "soft targets", inputs: { y: p, target: p } },
      { note: "weights", inputs, tensors: { weight: draws.floats([3], 0.5, 2) } },
      ...Object.entries(weightsOf(draws)).map(([note, weight]) => ({ note, inputs, tensors: { weight } })),
    ];
  },
});

registerCost(bceWithLogits, {
  torch: "F.binary_cross_entropy_with_logits",
  constants: ["target"],
  cases: (draws) => {
    const { floats, values } = draws;
    const inputs = { y: [4, 3], target: values(LABELS) };
    return [
      { note: "2-D", inputs },
      { note: "soft targets", inputs: { y: [4, 3], target: floats([4, 3], 0.2, 0.8) } },
      {
        note: "weights",
        inputs,
        tensors: { weight: floats([4, 3], 0.5, 2), posWeight: floats([3], 0.5, 2) },
      },
      ...Object.entries(weightsOf(draws)).map(([note, weight]) => ({
        note,
        inputs,
        tensors: { weight, posWeight: weight },
      })),
      { note: "far", inputs: { y: values([800, -800, 30, -30]), target: values([0, 1, 1, 0]) } },
    ];
  },
});
