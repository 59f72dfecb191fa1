import { ShapeError } from "../errors.js";
import { checkNumber, describeList } from "../options.js";
import { checkDim, listOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { join, sliceAt } from "./slice-and-concat.js";

/**
 * Shifts elements along axes; what passes the end comes in at the front (torch.roll).
 * Shapes: x → y, the same. Any dtype.
 * @param shifts by how many positions along each of `dims`; a negative number shifts to the front.
 * @param dims an axis, or several, which may come twice. Default: x as if it were flat, by one shift.
 * @example roll(tensor([1, 2, 3]), 1)   // [3, 1, 2]
 * @throws ShapeError unless there is a shift for each axis; ArgumentError
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  dims?: number | readonly number[],
): Tensor {
  checkTensor("roll", "x", x);
  const steps = listOf(shifts).map((shift) => checkNumber("roll", "each shift", shift, { integer: true }));
  const flat = dims === undefined || (Array.isArray(dims) && dims.length === 0);
  const axes = flat ? [0] : listOf(dims).map((dim) => checkDim("roll", dim, x.rank));
  if (steps.length !== axes.length) {
    throw new ShapeError(
      `roll: expected a shift for each ${flat ? "of the one flat axis" : `axis of ${describeList(dims)}`}, got ${describeList(shifts)}`,
    );
  }
  if (x.rank === 0) return x;
  if (flat) return reshape(rollAxis(reshape(x, [x.size]), 0, steps[0] as number), x.shape);
  return axes.reduce((y, axis, i) => rollAxis(y, axis, steps[i] as number), x);
}

function rollAxis(x: Tensor, dim: number, shift: number): Tensor {
  const size = x.shape[dim] as number;
  const first = size === 0 ? 0 : ((shift % size) + size) % size;
  if (first === 0) return x;
  const part = (start: number, count: number): Tensor => sliceAt(x, { dim, start, count, step: 1 });
  return join([part(size - first, first), part(0, size - first)], dim);
}

register("roll", roll, {
  torch: "torch.roll",
  cases: ({ floats }) => ({
    "flat, 1-D": [floats([5]), 2],
    "flat, 2-D": [floats([2, 3]), -1],
    "first dim": [floats([3, 2]), 1, 0],
    "to the front, negative dim": [floats([2, 5]), -2, -1],
    "both dims": [floats([2, 3]), [1, 2], [0, 1]],
    "one dim twice": [floats([5]), [1, 1], [0, 0]],
    "further than the size": [floats([3]), 7, 0],
    "by the size": [floats([3]), 3, 0],
    "a shift too many": [floats([2, 3]), [1, 2], 0],
    "0-d": [floats([]), 1],
    empty: [floats([0, 3]), 1, 1],
  }),
});
