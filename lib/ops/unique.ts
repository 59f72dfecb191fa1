import { checkOptions } from "../options.js";
import { allocate, type TypedArray } from "../tensor/dtype.js";
import { around } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { argsort } from "./argsort.js";
import { checkAxis } from "./axis-index.js";
import { indexSelect } from "./index-select.js";
import { knownValues } from "./known-values.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

/** What `unique` gives. */
export interface Unique {
  /** Each value once, ascending; NaN is the largest. */
  readonly values: Tensor;
  /** Where each element, or slice, of x is among the values. int32 */
  readonly inverse: Tensor;
  /** How often each is in x. int32 */
  readonly counts: Tensor;
}

/** Along which axis. */
export interface UniqueOptions {
  /** The axis whose slices are compared. Default: none, single elements are. */
  readonly dim?: number;
}

/**
 * The different elements of x, or the different slices along an axis in lexicographic order (torch.unique). NaN differs
 * from NaN. No gradient.
 * Shapes: x → values [k], inverse as x, counts [k]; with `dim`: x [..., n, ...] → values [..., k, ...], inverse [n],
 * counts [k]. Any dtype.
 * @example unique(tensor([3, 1, 3])).values   // [1, 3]
 * @throws TraceError within `compile` and `vmap`, as k depends on the elements; ShapeError, OptionError
 */
export function unique(x: Tensor, options: UniqueOptions = {}): Unique {
  const data = knownValues("unique", "how many values there are depends on the elements", x);
  checkOptions("unique", options, ["dim"]);
  if (options.dim === undefined) {
    const flat = reshape(x, [x.size]);
    const order = argsort(flat).storage.forReading();
    const found = grouped(order, (i, j) => data[i] === data[j]);
    return { ...found, values: indexSelect(flat, 0, found.values), inverse: reshape(found.inverse, x.shape) };
  }
  const dim = checkAxis("unique", x, options.dim);
  const compare = comparison(data, x, dim);
  const count = x.shape[dim] as number;
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => compare(i, j) || i - j);
  const found = grouped(order, (i, j) => compare(i, j) === 0);
  return { ...found, values: indexSelect(x, dim, found.values) };
}

/** Below 0 if slice i comes before slice j, above 0 if after it, 0 if they are equal. */
function comparison(data: TypedArray, x: Tensor, dim: number): (i: number, j: number) => number {
  const [outer, size, inner] = around(x.shape, dim);
  return (i, j) => {
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < inner; k++) {
        const a = data[(o * size + i) * inner + k] as number;
        const b = data[(o * size + j) * inner + k] as number;
        if (a === b) continue;
        // Two NaNs at one place differ: their slices stay in the order that they have in x.
        if (Number.isNaN(a) && Number.isNaN(b)) return i - j;
        if (Number.isNaN(a)) return 1;
        return Number.isNaN(b) || a < b ? -1 : 1;
      }
    }
    return 0;
  };
}

/** Runs of equal ones in an order: of each the first, its number for all, and how many. */
function grouped(order: TypedArray, isSame: (i: number, j: number) => boolean): Unique {
  const inverse = allocate("int32", order.length, "unique");
  const firsts: number[] = [];
  const counts: number[] = [];
  for (let at = 0; at < order.length; at++) {
    const own = order[at] as number;
    if (at === 0 || !isSame(order[at - 1] as number, own)) {
      firsts.push(own);
      counts.push(0);
    }
    inverse[own] = firsts.length - 1;
    counts[firsts.length - 1] = (counts[firsts.length - 1] as number) + 1;
  }
  const list = (numbers: readonly number[]): Tensor =>
    new Tensor(Int32Array.from(numbers), [numbers.length], "int32");
  return {
    values: list(firsts),
    inverse: new Tensor(inverse, [order.length], "int32"),
    counts: list(counts),
  };
}

register("unique", unique, {
  torch: "lambda x, dim=None: torch.unique(x, return_inverse=True, return_counts=True, dim=dim)",
  eager: true,
  order: 0,
  cases: ({ integers, ties, truths, values }) => ({
    "1-D": [ties([17])],
    "2-D": [ties([3, 4])],
    rows: [ties([5, 2]), { dim: 0 }],
    columns: [integers([2, 7], 2), { dim: 1 }],
    "middle dim": [integers([2, 5, 2], 2), { dim: -2 }],
    int32: [integers([9], 4)],
    truths: [truths([5])],
    NaN: [values([NaN, 1, NaN, 0, 1, -0])],
    "0-d": [values(3)],
    empty: [values([])],
  }),
});
