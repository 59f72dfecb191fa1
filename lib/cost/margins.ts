import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { cosine as cosineOf } from "../ops/cosine-similarity.js";
import { equal } from "../ops/equal.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { softplus } from "../ops/softplus.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

export interface MarginOptions extends CostOptions {
  /** How far apart is far enough; each cost has its own default. */
  readonly margin?: number;
}

const positive = (x: Tensor): Tensor => clamp(x, { min: 0 });

function readMargin(name: string, options: MarginOptions, standard: number): number {
  return checkNumber(name, "margin", options.margin ?? standard);
}

/**
 * C = y where ȳ = 1, max(0, margin − y) where ȳ = −1, of each element: y is a distance of what is alike or not
 * (torch.nn.HingeEmbeddingLoss). Default of the margin: 1.
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.hingeEmbedding(distances, target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function hingeEmbedding(y: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const reduction = readReduction("hingeEmbedding", options, ["margin"]);
  const margin = readMargin("hingeEmbedding", options, 1);
  checkAlike("hingeEmbedding", y, { target });
  const unlike = where(equal(target, 1), 0, positive(sub(margin, y)));
  const alike = where(equal(target, -1), 0, y);
  return reduced("hingeEmbedding", add(unlike, alike), reduction);
}

/**
 * C = ln(1 + e^(−ȳ·y)) of each element, for ȳ = ±1, without overflow (torch.nn.SoftMarginLoss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.softMargin(scores, target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function softMargin(y: Tensor, target: Tensor, options: CostOptions = {}): Tensor {
  const reduction = readReduction("softMargin", options);
  checkAlike("softMargin", y, { target });
  return reduced("softMargin", softplus(neg(mul(target, y)), { threshold: 40 }), reduction);
}

/**
 * C = max(0, −ȳ·(a − b) + margin): a is to rank above b where ȳ = 1, below where ȳ = −1
 * (torch.nn.MarginRankingLoss). Default of the margin: 0.
 * Shapes: a, b and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.marginRanking(scoresOfA, scoresOfB, target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function marginRanking(a: Tensor, b: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const reduction = readReduction("marginRanking", options, ["margin"]);
  const margin = readMargin("marginRanking", options, 0);
  checkAlike("marginRanking", a, { b, target });
  return reduced("marginRanking", positive(add(mul(neg(target), sub(a, b)), margin)), reduction);
}

/**
 * C = 1 − cos(a, b) where ȳ = 1, max(0, cos(a, b) − margin) where ȳ = −1 (torch.nn.CosineEmbeddingLoss).
 * Default of the margin: 0.
 * Shapes: a and b [B, D], target [B] → [B], or a scalar by the reduction; single vectors [D] have a scalar target.
 * Dtypes: float32, float64.
 * @example cost.cosineEmbedding(a, b, target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function cosineEmbedding(a: Tensor, b: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const reduction = readReduction("cosineEmbedding", options, ["margin"]);
  const margin = readMargin("cosineEmbedding", options, 0);
  checkAlike("cosineEmbedding", a, { b });
  checkFloats("cosineEmbedding", a, { target });
  if (a.rank < 1 || a.rank > 2 || !sameShape(target.shape, a.shape.slice(0, -1))) {
    throw new ShapeError(
      `cosineEmbedding: expected vectors [B, D] and target [B], got ${format(a.shape)} and ${format(target.shape)}`,
    );
  }
  // PyTorch's ε of the squared norms.
  const cosine = cosineOf("cosineEmbedding", a, b, -1, 1e-12 ** 0.5);
  const alike = where(equal(target, 1), sub(1, cosine), 0);
  const unlike = where(equal(target, -1), positive(sub(cosine, margin)), 0);
  return reduced("cosineEmbedding", add(alike, unlike), reduction);
}

const SIGNS = [
  [1, -1, 1],
  [-1, -1, 1],
  [1, 1, -1],
  [-1, 1, -1],
];

registerCost(hingeEmbedding, {
  torch: "F.hinge_embedding_loss",
  constants: ["target"],
  cases: ({ values }) => [
    { note: "2-D", inputs: { y: [4, 3], target: values(SIGNS) } },
    { note: "margin", inputs: { y: [4, 3], target: values(SIGNS) }, options: { margin: 0.3 } },
  ],
});

registerCost(softMargin, {
  torch: "F.soft_margin_loss",
  constants: ["target"],
  cases: ({ values }) => [{ note: "2-D", inputs: { y: [4, 3], target: values(SIGNS) } }],
});

registerCost(marginRanking, {
  torch: "F.margin_ranking_loss",
  constants: ["target"],
  cases: ({ values }) => {
    const inputs = { y: [4, 3], b: [4, 3], target: values(SIGNS) };
    return [
      { note: "2-D", inputs },
      { note: "margin", inputs, options: { margin: 0.7 } },
    ];
  },
});

registerCost(cosineEmbedding, {
  torch: "F.cosine_embedding_loss",
  constants: ["target"],
  cases: ({ values }) => {
    const inputs = { y: [4, 3], b: [4, 3], target: values([1, -1, 1, -1]) };
    return [
      { note: "2-D", inputs },
      { note: "margin", inputs, options: { margin: -0.9 } },
      { note: "1-D", inputs: { y: [3], b: [3], target: values(-1) }, options: { margin: -1 } },
    ];
  },
});
