import { ShapeError } from "../errors.js";
import { broadcast, checkDim, format } from "../graph/shape.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { relu } from "../ops/relu.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { Module } from "./module.js";

export interface CosineSimilarityOptions {
  /** The axis of the vectors. Default: 1. */
  readonly dim?: number;
  /** The least norm that is divided by. Default: 1e-8. */
  readonly eps?: number;
}

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
    checkOptions("CosineSimilarity", options, ["dim", "eps"]);
    this.dim = checkNumber("CosineSimilarity", "dim", options.dim ?? 1, { integer: true });
    this.eps = checkNumber("CosineSimilarity", "eps", options.eps ?? 1e-8, { min: 0 });
  }

  forward(a: Tensor, b: Tensor): Tensor {
    return cosineSimilarity("CosineSimilarity", a, b, this.dim, this.eps);
  }
}

/** See `CosineSimilarity`. */
export function cosineSimilarity(name: string, a: Tensor, b: Tensor, dim: number, eps: number): Tensor {
  checkTensor(name, "a", a);
  checkTensor(name, "b", b);
  checkDTypes(name, ["a", "b"], [a, b], "float");
  const shape = broadcast(name, a.shape, b.shape);
  const axis = checkDim(name, dim, shape.length) - shape.length;
  const along = { dim: axis, keepdim: true };
  // As in PyTorch, ε changes a norm's value and not its gradient.
  const unit = (x: Tensor): Tensor => {
    const own = norm(x, along);
    const missing = relu(sub(eps, detach(own)));
    return div(x, add(own, missing));
  };
  return sum(mul(unit(a), unit(b)), { dim: axis });
}

export interface PairwiseDistanceOptions {
  /** Which norm. Default: 2. */
  readonly p?: number;
  /** Added to the difference, so that there is a gradient at 0. Default: 1e-6. */
  readonly eps?: number;
  /** Keep the last axis, with size 1. Default: false. */
  readonly keepdim?: boolean;
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
    checkOptions("PairwiseDistance", options, ["p", "eps", "keepdim"]);
    this.p =
      options.p === Number.POSITIVE_INFINITY
        ? options.p
        : checkNumber("PairwiseDistance", "p", options.p ?? 2);
    this.eps = checkNumber("PairwiseDistance", "eps", options.eps ?? 1e-6);
    this.keepdim = checkFlag("PairwiseDistance", "keepdim", options.keepdim ?? false);
  }

  forward(a: Tensor, b: Tensor): Tensor {
    return pairwiseDistance("PairwiseDistance", a, b, this);
  }
}

/** See `PairwiseDistance`. */
export function pairwiseDistance(
  name: string,
  a: Tensor,
  b: Tensor,
  { p, eps, keepdim }: Required<PairwiseDistanceOptions>,
): Tensor {
  checkTensor(name, "a", a);
  checkTensor(name, "b", b);
  checkDTypes(name, ["a", "b"], [a, b], "float");
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(`${name}: expected vectors [..., D], got ${format(a.shape)} and ${format(b.shape)}`);
  }
  return norm(add(sub(a, b), eps), { p, dim: -1, keepdim });
}
