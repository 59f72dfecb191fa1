import { checkNumber, checkOptions } from "../options.js";
import { type FloatDType, ROUNDING } from "../tensor/dtype.js";
import { stackSizes } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { checkMatrix } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { neg } from "./neg.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";
import { transposed } from "./transpose.js";

/** Which singular values `pinv` takes for 0: those that are at most max(atol, rtol · the largest). */
export interface PinvOptions {
  /** Default: 0. */
  readonly atol?: number;
  /** Default: max(m, n) · the dtype's rounding, 2⁻²³ or 2⁻⁵²; 0 with an `atol` above 0. */
  readonly rtol?: number;
}

type Least = Required<PinvOptions>;

/** a·b·… */
const product = (first: Tensor, ...others: readonly Tensor[]): Tensor =>
  others.reduce((y, x) => matmul(y, x), first);

// dy = −y·dx·y + y·yᵀ·dxᵀ·(1 − x·y) + (1 − y·x)·dxᵀ·yᵀ·y, where the rank stays; and the transpose (Golub and Pereyra
// 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate").
const op: Apply<Least> = defineOp<"x", Least>("pinv", {
  inputs: ["x"],
  kernel: "pinv",
  shape: ({ x }) => {
    const [m, n] = x.shape.slice(-2) as [number, number];
    return { shape: [...x.shape.slice(0, -2), n, m], dtype: checkDTypes("pinv", ["x"], [x], "float") };
  },
  params: ({ x, atol, rtol }) => [...stackSizes(x.shape), x.shape.at(-1) as number, atol, rtol],
  vjp: {
    x: ({ dy, x, y }) => {
      const [d, t] = [transposed(dy), transposed(y)];
      const left = product(d, y, t);
      const right = product(t, y, d);
      const first = neg(product(t, dy, t));
      return add(first, add(sub(left, product(x, y, left)), sub(right, product(right, y, x))));
    },
  },
  jvp: {
    x: ({ dx, x, y }) => {
      const [d, t] = [transposed(dx), transposed(y)];
      const left = product(y, t, d);
      const right = product(d, t, y);
      const first = neg(product(y, dx, y));
      return add(first, add(sub(left, product(left, x, y)), sub(right, product(y, x, right))));
    },
  },
  batch: ({ x, atol, rtol }, { op: self }) => self([x], { atol, rtol }),
});

/**
 * The pseudo-inverse y of Moore and Penrose: x·y·x = x, y·x·y = y, with x·y and y·x symmetric (torch.linalg.pinv), by
 * `svd`. Derivatives are those for matrices of the same rank. To multiply with it: `lstsq`.
 * Shapes: x [..., m, n] → y [..., n, m]. Dtypes: float32, float64.
 * @example pinv(tensor([[1, 0], [0, 2], [0, 0]]))   // [[1, 0, 0], [0, 0.5, 0]]
 * @throws ArgumentError for NaN or an infinity; ShapeError, DTypeError, OptionError
 */
export function pinv(x: Tensor, options: PinvOptions = {}): Tensor {
  checkTensor("pinv", "x", x);
  checkOptions("pinv", options, ["atol", "rtol"]);
  const { atol = 0, rtol } = options;
  checkNumber("pinv", "atol", atol, { min: 0 });
  if (rtol !== undefined) checkNumber("pinv", "rtol", rtol, { min: 0 });
  return inverted("pinv", x, atol, rtol);
}

/** `pinv`, by another name in errors. */
export function inverted(name: string, x: Tensor, atol: number, rtol: number | undefined): Tensor {
  checkDTypes(name, ["x"], [x], "float");
  const [m, n] = checkMatrix(name, x);
  const rounding = Math.max(m, n) * ROUNDING[x.dtype as FloatDType];
  const least = { atol, rtol: rtol ?? (atol > 0 ? 0 : rounding) };
  return m >= n ? op([x], least) : transposed(op([transposed(x)], least));
}

register("pinv", pinv, {
  torch: "torch.linalg.pinv",
  cases: ({ floats, matrices, values }) => ({
    "1 × 1": [floats([1, 1])],
    square: [matrices([3, 3])],
    tall: [floats([4, 2])],
    wide: [floats([2, 3])],
    stack: [floats([2, 3, 2])],
    "stack of stacks, wide": [floats([2, 1, 2, 3])],
    "of rank 1": [
      values([
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
    ],
    "without small singular values": [
      values([
        [2, 0],
        [0, 0.125],
      ]),
      { rtol: 0.25 },
    ],
    "without those below a bound": [
      values([
        [2, 0],
        [0, 0.125],
      ]),
      { atol: 0.25 },
    ],
    "no rows": [floats([0, 2])],
    "no columns": [floats([2, 0])],
    "empty stack": [floats([0, 3, 2])],
  }),
  // Second ones do not exist there: the rank changes.
  order: { "of rank 1": 1, "without small singular values": 1, "without those below a bound": 1 },
});
