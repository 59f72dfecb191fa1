import { checkRequired } from "../options.js";
import { checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { argmax } from "./argmax.js";
import { argmin } from "./argmin.js";
import { checkInput } from "./define.js";
import { checkNotEmpty } from "./extreme.js";
import type { ReduceOneOptions } from "./reduce.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { unsqueeze } from "./unsqueeze.js";
import { type ValuesAndIndices, valuesAt } from "./values-and-indices.js";

/** As `ReduceOneOptions`, of which the axis must be named. */
export interface ExtremeOptions extends ReduceOneOptions {
  readonly dim: number;
}

function check(name: string, x: Tensor, options: ExtremeOptions): void {
  checkRequired(name, options, ["dim", "keepdim"]);
  checkInput(name, x, "number");
  const dim = checkDim(name, options.dim, x.rank);
  if (x.rank > 0) checkNotEmpty(name, x, { begin: dim, end: dim + 1 });
}

function pick(x: Tensor, indices: Tensor, { dim, keepdim = false }: ExtremeOptions): ValuesAndIndices {
  const axis = dim < 0 ? dim + x.rank : dim;
  const kept = keepdim || x.rank === 0 ? indices : unsqueeze(indices, axis);
  const { values } = valuesAt(x, axis, kept);
  return { values: reshape(values, indices.shape), indices };
}

/**
 * The largest element along an axis, and where it is: of equal ones the first, which takes the gradient
 * (torch.max with an axis). Over several axes, or all: `amax`.
 * Shapes: as `sum`. Dtypes: float32, float64, int32.
 * @example max(tensor([[1, 5], [7, 2]]), { dim: 1 }).indices   // [1, 0]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function max(x: Tensor, options: ExtremeOptions): ValuesAndIndices {
  check("max", x, options);
  return pick(x, argmax(x, options), options);
}

/**
 * The smallest element along an axis, and where it is: of equal ones the first, which takes the gradient
 * (torch.min with an axis). Over several axes, or all: `amin`.
 * @example min(tensor([[1, 5], [7, 2]]), { dim: 1 }).values   // [1, 2]
 * @throws as `max`
 */
export function min(x: Tensor, options: ExtremeOptions): ValuesAndIndices {
  check("min", x, options);
  return pick(x, argmin(x, options), options);
}

register("max", max, {
  torch: "torch.max",
  along: "options",
  cases: ({ floats, values }) => ({
    "last dim, keepdim": [floats([2, 5]), { dim: -1, keepdim: true }],
    "ties give the first": [
      values([
        [1, 3, 3],
        [0, 0, 1],
      ]),
      { dim: 1 },
    ],
  }),
});
register("min", min, {
  torch: "torch.min",
  along: "options",
  cases: ({ floats, values }) => ({
    "last dim, keepdim": [floats([2, 5]), { dim: -1, keepdim: true }],
    "ties give the first": [
      values([
        [1, 3, 3],
        [0, 0, 1],
      ]),
      { dim: 1 },
    ],
  }),
});
