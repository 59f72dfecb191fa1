import { ShapeError } from "../errors.js";
import { checkNumber, checkOptions } from "../options.js";
import { broadcast, format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { matmul } from "./matmul.js";
import { inverted } from "./pinv.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { square } from "./square.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

/** How `lstsq` finds the rank. */
export interface LstsqOptions {
  /** Singular values that are at most this much of the largest count as 0. Default: max(m, n) · the dtype's rounding. */
  readonly rcond?: number;
}

/** What `lstsq` gives. */
export interface LeastSquares {
  /** y, [..., n, k], or [n] for a vector b */
  readonly solution: Tensor;
  /** ‖a·y − b‖² of each column, [..., k], or a scalar for a vector b */
  readonly residuals: Tensor;
}

/**
 * The y with the least ‖a·y − b‖², and of these the one with the least ‖y‖ (torch.linalg.lstsq), by `pinv`: for any
 * rank of a.
 * Shapes: a [..., m, n], b [..., m, k] or a vector [m]; the axes in front broadcast. Dtypes: float32, float64.
 * @example lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])).solution   // [1, 2]
 * @throws ArgumentError for NaN or an infinity in a; ShapeError, DTypeError, OptionError
 */
export function lstsq(a: Tensor, b: Tensor, options: LstsqOptions = {}): LeastSquares {
  checkTensor("lstsq", "a", a);
  checkTensor("lstsq", "b", b);
  checkDTypes("lstsq", ["a", "b"], [a, b], "float");
  checkOptions("lstsq", options, ["rcond"]);
  const { rcond } = options;
  if (rcond !== undefined) checkNumber("lstsq", "rcond", rcond, { min: 0 });
  if (a.rank < 2 || b.rank === 0 || b.shape.at(b.rank === 1 ? 0 : -2) !== a.shape.at(-2)) {
    throw new ShapeError(
      `lstsq: expected matrices a [..., m, n] and b with m rows, got ${format(a.shape)} and ${format(b.shape)}`,
    );
  }
  const columns = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  broadcast("lstsq", a.shape.slice(0, -2), columns.shape.slice(0, -2));
  const solution = matmul(inverted("lstsq", a, 0, rcond), columns);
  const residuals = sum(square(sub(matmul(a, solution), columns)), { dim: -2 });
  if (b.rank > 1) return { solution, residuals };
  return {
    solution: reshape(solution, solution.shape.slice(0, -1)),
    residuals: reshape(residuals, residuals.shape.slice(0, -1)),
  };
}

register("lstsq", lstsq, {
  torch: "lstsq",
  cases: ({ floats, matrices, values }) => ({
    "tall, vector": [floats([4, 2]), floats([4])],
    "tall, matrix": [floats([4, 2]), floats([4, 3])],
    square: [matrices([3, 3]), floats([3, 2])],
    wide: [floats([2, 3]), floats([2, 1])],
    stacks: [floats([2, 3, 2]), floats([2, 3, 1])],
    "one matrix, many sides": [floats([3, 2]), floats([2, 3, 1])],
    "of rank 1": [
      values([
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
      floats([3, 1]),
    ],
    "rows that differ": [floats([3, 2]), floats([2, 1])],
  }),
  // Second ones do not exist there: the rank changes.
  order: { "of rank 1": 1 },
});
