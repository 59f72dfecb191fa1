import { ShapeError } from "../errors.js";
import { checkFlag, checkOptions } from "../options.js";
import { zeros } from "../tensor/create.js";
import { format, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkDTypes } from "./define.js";
import { greater } from "./greater.js";
import { greaterEqual } from "./greater-equal.js";
import { gatherElements } from "./index-maps.js";
import { lessEqual } from "./less-equal.js";
import { logicalAnd } from "./logical-and.js";
import { logicalNot } from "./logical-not.js";
import { minimum } from "./minimum.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/** Where `searchsorted` puts a value beside equal ones. */
export interface SearchOptions {
  /** After them, and not before. Default: false. */
  readonly right?: boolean;
}

/**
 * Where values would have to come into ascending numbers to keep their order (torch.searchsorted), by halving: the
 * first i with sorted_i ≥ value, or with `right` sorted_i > value; the end where there is none, and for NaN. No
 * gradient.
 * Shapes: sorted [n] and values of any shape, or a number; or sorted [..., n] and values [..., m] with the same axes in
 * front → y int32, as values. Dtypes: float32, float64, int32.
 * @example searchsorted(tensor([1, 3, 5]), tensor([3, 4]))   // [1, 2]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function searchsorted(sorted: Tensor, values: Operand, options: SearchOptions = {}): Tensor {
  checkTensor("searchsorted", "sorted", sorted);
  const [, wanted] = operands("searchsorted", sorted, values, ["sorted", "values"]);
  checkDTypes("searchsorted", ["sorted", "values"], [sorted, wanted], "number");
  checkOptions("searchsorted", options, ["right"]);
  const right = checkFlag("searchsorted", "right", options.right ?? false);
  const front = sorted.shape.slice(0, -1);
  const fits = sorted.rank === 1 || (sorted.rank > 1 && sameShape(front, wanted.shape.slice(0, -1)));
  if (!fits || (sorted.rank > 1 && wanted.rank !== sorted.rank)) {
    throw new ShapeError(
      `searchsorted: expected sorted to be a list, or to have the axes of values in front of its last, got ${format(sorted.shape)} and ${format(wanted.shape)}`,
    );
  }
  const n = sorted.shape.at(-1) as number;
  const lines = sizeOf(front);
  const list = reshape(sorted, [lines, n]);
  const each = reshape(wanted, [lines, lines === 0 ? (wanted.shape.at(-1) as number) : wanted.size / lines]);
  return reshape(halving(list, each, n, right ? greater : greaterEqual), wanted.shape);
}

/** Of sorted [lines, n] and values [lines, m]: how many of a line come before each. */
function halving(
  sorted: Tensor,
  values: Tensor,
  n: number,
  isReached: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  let before = zeros(values.shape, { dtype: "int32" });
  for (let step = 2 ** Math.floor(Math.log2(Math.max(n, 1))); step >= 1 && n > 0; step /= 2) {
    const next = add(before, step);
    const last = gatherElements(sorted, 1, sub(minimum(next, n), 1));
    const isBefore = logicalAnd(lessEqual(next, n), logicalNot(isReached(last, values)));
    before = where(isBefore, next, before);
  }
  return before;
}

register("searchsorted", searchsorted, {
  torch:
    "lambda s, v, **how: torch.searchsorted(s, v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=s.dtype), **how)",
  cases: ({ floats, values }) => ({
    "a list": [values([-1, -0.5, 0, 0.5, 1]), floats([2, 3])],
    "equal ones, left": [values([1, 2, 2, 2, 3]), values([2, 1, 3, 0, 4])],
    "equal ones, right": [values([1, 2, 2, 2, 3]), values([2, 1, 3, 0, 4]), { right: true }],
    lines: [
      values([
        [1, 2, 3],
        [-1, 0, 1],
      ]),
      floats([2, 5]),
    ],
    "a number": [values([1, 2, 3]), 2.5],
    int32: [values([1, 2, 4, 8], "int32"), values([3, 4, 5, 9], "int32")],
    "NaN and infinities": [values([1, 2, 3]), values([NaN, Infinity, -Infinity])],
    "one element": [values([1]), values([0, 1, 2])],
    "an empty list": [values([]), values([1, 2])],
    "no values": [values([1, 2]), values([])],
    "0-d values": [values([1, 2]), values(1.5)],
    "axes that differ": [floats([2, 3]), floats([3, 3])],
  }),
});
