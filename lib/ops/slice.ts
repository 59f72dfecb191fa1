import { checkNumber, checkOptions } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { register } from "./registry.js";
import { sliceAt } from "./slice-and-concat.js";

/** Where a slice begins and ends along its axis. */
export interface SliceOptions {
  /** The first position; a negative one counts from the end. Default: 0. */
  readonly start?: number;
  /** The first position that is left out; a negative one counts from the end. Default: the axis's size. */
  readonly end?: number;
  /** The distance from one position to the next. Default: 1. */
  readonly step?: number;
}

/**
 * The positions start, start + step, … before `end` along an axis.
 * Shapes: x [..., n, ...] → y [..., m, ...] with m = ⌈(end − start) / step⌉. Any dtype.
 * Positions beyond the ends are taken as the ends, as in Python.
 * @example slice(arange(10), 0, { start: 2, end: -1, step: 3 })   // [2, 5, 8]
 * @throws ShapeError for a scalar; ArgumentError, OptionError
 */
export function slice(x: Tensor, dim: number, options: SliceOptions = {}): Tensor {
  checkTensor("slice", "x", x);
  checkOptions("slice", options, ["start", "end", "step"]);
  const axis = checkAxis("slice", x, dim);
  const size = x.shape[axis] as number;
  const step = checkNumber("slice", "step", options.step ?? 1, { min: 1, integer: true });
  const position = (name: "start" | "end", value: number): number => {
    checkNumber("slice", name, value, { integer: true });
    return Math.min(Math.max(value < 0 ? value + size : value, 0), size);
  };
  const start = position("start", options.start ?? 0);
  const end = position("end", options.end ?? size);
  const count = Math.max(Math.ceil((end - start) / step), 0);
  return sliceAt(x, { dim: axis, start, count, step });
}

register("slice", slice, {
  torch: "cut",
  cases: ({ floats }) => ({
    "from the front": [floats([7]), 0, { end: 3 }],
    "to the end": [floats([7]), 0, { start: 4 }],
    between: [floats([3, 5]), 1, { start: 1, end: 4 }],
    "negative ends": [floats([2, 6]), -1, { start: -4, end: -1 }],
    steps: [floats([7, 2]), 0, { start: 1, step: 2 }],
    "steps of a middle dim": [floats([2, 5, 3]), 1, { step: 3 }],
    all: [floats([2, 3]), 0],
    nothing: [floats([2, 3]), 1, { start: 2, end: 1 }],
    "beyond the end": [floats([4]), 0, { start: 2, end: 9 }],
    empty: [floats([0, 3]), 1, { end: 2 }],
  }),
});
