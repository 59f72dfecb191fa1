import { ArgumentError } from "../errors.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { cosine } from "../ops/cosine-similarity.js";
import { minimum } from "../ops/minimum.js";
import { distance as distanceOf } from "../ops/pairwise-distance.js";
import { sub } from "../ops/sub.js";
import { checkFlag, checkNumber, describe } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

interface TripletOptions extends CostOptions {
  /** How much farther the negative is to be. Default: 1. */
  readonly margin?: number;
  /** Take the distance of the positive from the negative where it is less than the anchor's. Default: false. */
  readonly swap?: boolean;
}

export interface TripletMarginOptions extends TripletOptions {
  /** Which norm. Default: 2. */
  readonly p?: number;
  /** Added to the differences. Default: 1e-6. */
  readonly eps?: number;
}

/** A distance for each pair: [B, ...] and [B, ...] → [B]. */
export type Distance = (a: Tensor, b: Tensor) => Tensor;

export interface TripletMarginWithDistanceOptions extends TripletOptions {
  /** Default: that of `nn.PairwiseDistance`. */
  readonly distance?: Distance;
}

function triplet(
  name: string,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  distance: Distance,
  options: TripletOptions,
  others: readonly string[],
): Tensor {
  const reduction = readReduction(name, options, ["margin", "swap", ...others]);
  const margin = checkNumber(name, "margin", options.margin ?? 1, { above: 0 });
  const swap = checkFlag(name, "swap", options.swap ?? false);
  checkTensor(name, "anchor", anchor);
  checkAlike(name, anchor, { positive, negative });
  const near = distance(anchor, positive);
  const own = distance(anchor, negative);
  const far = swap ? minimum(own, distance(positive, negative)) : own;
  return reduced(name, clamp(add(sub(near, far), margin), { min: 0 }), reduction);
}

/**
 * C = max(0, ‖a − p‖ − ‖a − n‖ + margin): an anchor is to be nearer to its positive than to its negative, by the
 * margin (Balntas et al., 2016; torch.nn.TripletMarginLoss).
 * Shapes: anchor, positive and negative [B, D] → [B], or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.tripletMargin(anchor, positive, negative, { margin: 0.5 })
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor {
  const p = checkNumber("tripletMargin", "p", options?.p ?? 2, { above: 0 });
  const eps = checkNumber("tripletMargin", "eps", options?.eps ?? 1e-6);
  const distance = (a: Tensor, b: Tensor): Tensor =>
    distanceOf("tripletMargin", a, b, { p, eps, keepdim: false });
  return triplet("tripletMargin", anchor, positive, negative, distance, options, ["p", "eps"]);
}

/**
 * As `tripletMargin`, with a distance of one's own (torch.nn.TripletMarginWithDistanceLoss).
 * @example
 * const distance = (a: Tensor, b: Tensor) => ops.sum(ops.abs(ops.sub(a, b)), { dim: 1 });
 * cost.tripletMarginWithDistance(anchor, positive, negative, { distance });
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function tripletMarginWithDistance(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceOptions = {},
): Tensor {
  const name = "tripletMarginWithDistance";
  const standard: Distance = (a, b) => distanceOf(name, a, b, { p: 2, eps: 1e-6, keepdim: false });
  const distance = options?.distance ?? standard;
  if (typeof distance !== "function") {
    throw new ArgumentError(`${name}: expected distance to be a function, got ${describe(distance)}`);
  }
  return triplet(name, anchor, positive, negative, distance, options, ["distance"]);
}

const TRIPLE = { y: [4, 3], positive: [4, 3], negative: [4, 3] };

registerCost(tripletMargin, {
  torch: "F.triplet_margin_loss",
  cases: () => [
    { note: "2-D", inputs: TRIPLE },
    { note: "swap, p 3", inputs: TRIPLE, options: { swap: true, p: 3, margin: 2, eps: 0.01 } },
  ],
});

registerCost(tripletMarginWithDistance, {
  torch: "F.triplet_margin_with_distance_loss",
  cases: () => [
    { note: "by default", inputs: TRIPLE, options: { margin: 2 } },
    {
      note: "cosine",
      inputs: TRIPLE,
      options: {
        swap: true,
        distance: (a: Tensor, b: Tensor) => sub(1, cosine("tripletMarginWithDistance", a, b, 1, 1e-8)),
      },
      torch: `lambda *triple, **options: F.triplet_margin_with_distance_loss(
        *triple, distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), **options
      )`,
    },
  ],
});
