import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { checkDim } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { argsort, readSortOptions, type SortOptions } from "./argsort.js";
import { register } from "./registry.js";
import { slice } from "./slice.js";
import { type ValuesAndIndices, valuesAt } from "./values-and-indices.js";

/**
 * The elements along an axis in order, and where they were; equal ones stay in order, and NaN is the largest
 * (torch.sort, stable). The gradient goes to where the values were.
 * Shapes: x → values and indices, the same. Any dtype; false comes before true.
 * @example sort(tensor([3, 1, 2])).values   // [1, 2, 3]
 * @throws ShapeError, DTypeError, OptionError
 */
export function sort(x: Tensor, options: SortOptions = {}): ValuesAndIndices {
  const { dim, descending } = readSortOptions("sort", x, options);
  return valuesAt(x, dim, argsort(x, { dim, descending }));
}

/** What `topk` looks for. */
export interface TopkOptions {
  /** The axis; −1 is the last. Default: −1. */
  readonly dim?: number;
  /** The largest, or else the smallest. Default: true. */
  readonly largest?: boolean;
}

/**
 * The k largest elements along an axis, the largest first, and where they were (torch.topk); of equal ones
 * the first.
 * Shapes: x [..., n, ...] → values and indices [..., k, ...]. Any dtype.
 * @example topk(tensor([3, 1, 2]), 2).values   // [3, 2]
 * @throws ArgumentError for a k above n; ShapeError, DTypeError, OptionError
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): ValuesAndIndices {
  checkTensor("topk", "x", x);
  checkOptions("topk", options, ["dim", "largest"]);
  const largest = checkFlag("topk", "largest", options.largest ?? true);
  const dim = checkDim("topk", options.dim ?? -1, x.rank);
  checkNumber("topk", "k", k, { min: x.rank === 0 ? 1 : 0, max: x.shape[dim] ?? 1, integer: true });
  const order = argsort(x, { dim, descending: largest });
  return valuesAt(x, dim, x.rank === 0 ? order : slice(order, dim, { end: k }));
}

register("sort", sort, {
  torch: "lambda x, **order: torch.sort(x, stable=True, **order)",
  along: "options",
  cases: ({ floats, truths, values }) => ({
    truths: [truths([2, 5])],
    descending: [floats([3, 4]), { descending: true }],
    "ties keep their order": [values([2, 1, 2, 1, 0]), { descending: true }],
    int32: [values([3, 1, 2, 1], "int32"), { dim: 0 }],
  }),
});
register("topk", topk, {
  torch: "torch.topk",
  cases: ({ floats }) => ({
    largest: [floats([7]), 3],
    smallest: [floats([2, 5]), 2, { largest: false }],
    "first dim": [floats([4, 3]), 2, { dim: 0 }],
    all: [floats([3]), 3],
    none: [floats([3]), 0],
    "0-d": [floats([]), 1],
    empty: [floats([0, 3]), 2],
  }),
});
