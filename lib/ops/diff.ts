import { ShapeError } from "../errors.js";
import { checkNumber, checkOptions } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { concat } from "./concat.js";
import { checkDTypes } from "./define.js";
import { notEqual } from "./not-equal.js";
import { register } from "./registry.js";
import { sliceAt } from "./slice-and-concat.js";
import { sub } from "./sub.js";

/** Which differences `diff` takes. */
export interface DiffOptions {
  /** How often. Default: 1. */
  readonly n?: number;
  /** The axis. Default: −1, the last. */
  readonly dim?: number;
  /** Comes before x along the axis. Default: nothing. */
  readonly prepend?: Tensor;
  /** Comes after x along the axis. Default: nothing. */
  readonly append?: Tensor;
}

/**
 * y_i = x_{i+1} − x_i along an axis, n times (torch.diff); of truths, whether they differ. For n = 0 it is x alone.
 * Shapes: x [..., m, ...] → y [..., max(m − n, 0), ...], with m counted after prepend and append. Any dtype.
 * @example diff(tensor([1, 4, 9]))             // [3, 5]
 * @example diff(tensor([1, 4, 9]), { n: 2 })   // [2]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function diff(x: Tensor, options: DiffOptions = {}): Tensor {
  checkTensor("diff", "x", x);
  checkOptions("diff", options, ["n", "dim", "prepend", "append"]);
  const { n = 1, dim = -1, prepend, append } = options;
  checkNumber("diff", "n", n, { min: 0, integer: true });
  const axis = checkAxis("diff", x, dim);
  for (const [name, more] of Object.entries({ prepend, append })) {
    if (more !== undefined) checkFits(x, axis, name, more);
  }
  if (n === 0) return x;
  const parts = [prepend, x, append].filter((part) => part !== undefined);
  let y = parts.length === 1 ? x : concat(parts, axis);
  const times = Math.min(n, y.shape[axis] as number);
  for (let i = 0; i < times; i++) y = once(y, axis);
  return y;
}

function checkFits(x: Tensor, axis: number, name: string, more: Tensor): void {
  checkTensor("diff", name, more);
  checkDTypes("diff", ["x", name], [x, more], "any");
  const fits = more.rank === x.rank && more.shape.every((size, d) => d === axis || size === x.shape[d]);
  if (fits) return;
  throw new ShapeError(
    `diff: expected ${name} to have x's sizes but along the axis: x [${x.shape.join(", ")}], ${name} [${more.shape.join(", ")}]`,
  );
}

/** Of an axis that is not empty. */
function once(x: Tensor, dim: number): Tensor {
  const count = (x.shape[dim] as number) - 1;
  const from = (start: number): Tensor => sliceAt(x, { dim, start, count, step: 1 });
  const [later, earlier] = [from(1), from(0)];
  return x.dtype === "bool" ? notEqual(later, earlier) : sub(later, earlier);
}

register("diff", diff, {
  torch: "torch.diff",
  cases: ({ floats, truths, values }) => ({
    "1-D": [floats([7])],
    rows: [floats([2, 5])],
    columns: [floats([3, 2]), { dim: 0 }],
    twice: [floats([2, 5]), { n: 2 }],
    never: [floats([3]), { n: 0 }],
    "more often than elements": [floats([2, 3]), { n: 4 }],
    "one element": [floats([2, 1])],
    "0-d": [floats([])],
    empty: [floats([0, 3])],
    "an empty axis": [floats([2, 0])],
    int32: [values([1, 4, 2], "int32")],
    truths: [truths([7])],
  }),
});
