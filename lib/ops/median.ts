import { ShapeError } from "../errors.js";
import { checkDim, format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { argsort } from "./argsort.js";
import { withSize } from "./axis-index.js";
import { checkInput } from "./define.js";
import { gather } from "./gather.js";
import { greater } from "./greater.js";
import { isNaN } from "./is-nan.js";
import { type ReduceOneOptions, reduceOne } from "./reduce.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import type { ValuesAndIndices } from "./values-and-indices.js";
import { where } from "./where.js";

/**
 * The middle element along an axis in the order of the values, or the lower of the two in the middle, and where it is
 * (torch.median); NaN where there is one. Of equal ones it is the one that is in the middle of them, which takes the
 * gradient. With no axis x is taken as flat. The mean of the two in the middle: `quantile(x, 0.5)`.
 * Shapes: as `sum`. Dtypes: float32, float64, int32.
 * @example median(tensor([3, 1, 2])).values   // 2
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function median(x: Tensor, options: ReduceOneOptions = {}): ValuesAndIndices {
  checkInput("median", x, "number");
  const indices = reduceOne("median", x, options, (part, dim) => {
    const n = part.shape[dim] as number;
    if (n === 0) throw new ShapeError(`median: no elements to choose from in ${format(x.shape)}`);
    const middle = Math.floor((n - 1) / 2);
    // NaN comes last in the order, and the first of them is asked for.
    const missing = sum(isNaN(part), { dim, keepdim: true });
    const place = where(greater(missing, 0), sub(n, missing), middle);
    return reshape(gather(argsort(part, { dim }), dim, place), part.shape.toSpliced(dim, 1));
  });
  return { values: valuesOf(x, options, indices), indices };
}

/** What is at the indices that a reduction gave. */
function valuesOf(x: Tensor, { dim }: ReduceOneOptions, indices: Tensor): Tensor {
  const isFlat = dim === undefined || x.rank === 0;
  const axis = isFlat ? 0 : checkDim("median", dim, x.rank);
  const from = isFlat ? reshape(x, [x.size]) : x;
  const at = reshape(indices, withSize(from.shape, axis, 1));
  return reshape(gather(from, axis, at), indices.shape);
}

register("median", median, {
  torch: "median",
  along: "options",
  cases: ({ floats, values }) => ({
    flat: [floats([2, 3])],
    "flat, keepdim": [floats([3, 5]), { keepdim: true }],
    "an even number": [floats([2, 4]), { dim: 1 }],
    keepdim: [floats([3, 2]), { dim: 0, keepdim: true }],
    int32: [values([3, 1, 7, 5], "int32"), { dim: 0 }],
    "one NaN": [
      values([
        [NaN, 1, 2],
        [1, 2, NaN],
      ]),
      { dim: 1 },
    ],
  }),
  order: { "one NaN": 0 },
});
