import { ShapeError } from "../errors.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkDTypes } from "./define.js";
import { norm } from "./norm.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";

export interface PairwiseDistanceOptions {
  /** Which norm. Default: 2. */
  readonly p?: number;
  /** Added to the difference, so that there is a gradient at 0. Default: 1e-6. */
  readonly eps?: number;
  /** Keep the last axis, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/**
 * y = ‖a − b + ε‖_p along the last axis (torch.nn.functional.pairwise_distance).
 * Shapes: a and b [..., D] broadcast → y [...]. Dtypes: float32, float64.
 * @example pairwiseDistance(tensor([[3, 4]]), tensor([[0, 0]]))   // [5]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function pairwiseDistance(a: Tensor, b: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  return distance("pairwiseDistance", a, b, readDistance("pairwiseDistance", options));
}

/** The options, checked. */
export function readDistance(
  name: string,
  options: PairwiseDistanceOptions,
): Required<PairwiseDistanceOptions> {
  checkOptions(name, options, ["p", "eps", "keepdim"]);
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  return {
    p: p === Number.POSITIVE_INFINITY ? p : checkNumber(name, "p", p),
    eps: checkNumber(name, "eps", eps),
    keepdim: checkFlag(name, "keepdim", keepdim),
  };
}

/** As `pairwiseDistance`, by that name in errors. */
export function distance(
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

register("pairwiseDistance", pairwiseDistance, {
  torch: "F.pairwise_distance",
  cases: ({ floats }) => ({
    "2-D": [floats([3, 4]), floats([3, 4])],
    broadcast: [floats([2, 3, 4]), floats([1, 4]), { p: 3 }],
    keepdim: [floats([4]), floats([4]), { keepdim: true, eps: 0 }],
    "3-D, p = 3": [floats([1, 1, 3]), floats([1, 1, 3]), { p: 3 }],
    "leading dims, p = 1": [floats([1, 1, 3]), floats([1, 3]), { p: 1 }],
    "a vector against a number": [floats([3]), floats([1, 1]), { p: 2 }],
    "a row for all": [floats([3, 3]), floats([1, 3]), { p: 2 }],
    "columns, p = 3": [floats([2, 1]), floats([1, 1]), { p: 3 }],
    empty: [floats([0, 4]), floats([0, 4])],
  }),
});
