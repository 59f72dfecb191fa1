import { type CosineSimilarityOptions, cosine, readCosine } from "../ops/cosine-similarity.js";
import { distance, type PairwiseDistanceOptions, readDistance } from "../ops/pairwise-distance.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = a·b / (max(‖a‖, ε)·max(‖b‖, ε)) along an axis (torch.nn.CosineSimilarity).
 * Shapes: a and b [..., D, ...] broadcast → y without that axis.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.CosineSimilarity().forward(rand([32, 60]), rand([32, 60]))   // [32]
 */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(options: CosineSimilarityOptions = {}) {
    super();
    ({ dim: this.dim, eps: this.eps } = readCosine("CosineSimilarity", options));
  }

  forward(a: Tensor, b: Tensor): Tensor {
    return cosine("CosineSimilarity", a, b, this.dim, this.eps);
  }
}

/**
 * y = ‖a − b + ε‖_p along the last axis (torch.nn.PairwiseDistance).
 * Shapes: a and b [..., D] broadcast → y [...].
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.PairwiseDistance().forward(rand([32, 60]), rand([32, 60]))   // [32]
 */
export class PairwiseDistance extends Module {
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceOptions = {}) {
    super();
    ({ p: this.p, eps: this.eps, keepdim: this.keepdim } = readDistance("PairwiseDistance", options));
  }

  forward(a: Tensor, b: Tensor): Tensor {
    return distance("PairwiseDistance", a, b, this);
  }
}

registerModule("CosineSimilarity", CosineSimilarity, {
  options: ({ dim, eps }) => ({ dim, eps }),

  inputs: { x0: [3, 4], x1: [3, 4] },
  cases: () => [
    { note: "by default" },
    { note: "dim 0", arguments: [{ dim: 0 }] },
    { note: "broadcast", arguments: [{ dim: -1 }], inputs: { x0: [2, 3, 4], x1: [1, 4] } },
    // PyTorch's gradient, and so ours, is that of the norms before ε takes their place.
    { note: "large eps", arguments: [{ eps: 3 }], hasDerivatives: false },
  ],
});

registerModule("PairwiseDistance", PairwiseDistance, {
  options: ({ p, eps, keepdim }) => ({ p, eps, keepdim }),

  inputs: { x0: [3, 4], x1: [3, 4] },
  cases: () => [
    { note: "by default" },
    { note: "p 1", arguments: [{ p: 1 }] },
    { note: "p 3, keepdim", arguments: [{ p: 3, keepdim: true }] },
    { note: "large eps", arguments: [{ eps: 0.5 }] },
  ],
});
