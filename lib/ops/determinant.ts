import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import type { Draw, Draws } from "./cases.js";
import { checkDTypes, defineOp } from "./define.js";
import { checkSquare } from "./diagonal.js";
import { exp } from "./exp.js";
import { inverse } from "./inverse.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { pad } from "./pad.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { solve } from "./solve.js";
import { trace } from "./trace.js";
import { transposed } from "./transpose.js";
import { unsqueeze } from "./unsqueeze.js";

/** One of the last axis's two. */
function part(y: Tensor, i: number): Tensor {
  return reshape(slice(y, -1, { start: i, end: i + 1 }), y.shape.slice(0, -1));
}

// The sign and ln|det|, [..., 2]. The sign moves by nothing, the other by tr(x⁻¹·dx).
const op = defineOp<"x">("slogdet", {
  inputs: ["x"],
  kernel: "slogdet",
  shape: ({ x }) => ({
    shape: [...x.shape.slice(0, -2), 2],
    dtype: checkDTypes("slogdet", ["x"], [x], "float"),
  }),
  params: ({ x }) => stackSizes(x.shape),
  vjp: {
    x: ({ dy, x }) => mul(unsqueeze(unsqueeze(part(dy, 1), -1), -1), transposed(inverse(x))),
  },
  jvp: { x: ({ dx, x }) => pad(unsqueeze(trace(solve(x, dx)), -1), -1, 1, 0) },
  batch: ({ x }, { op: self }) => self([x], {}),
});

function signAndLog(name: string, x: Tensor): { readonly sign: Tensor; readonly logabsdet: Tensor } {
  checkSquare(name, x);
  checkDTypes(name, ["x"], [x], "float");
  const y = op([x], {});
  return { sign: part(y, 0), logabsdet: part(y, 1) };
}

/**
 * The sign of the determinant and ln|det x|, where the determinant itself would overflow
 * (torch.linalg.slogdet). A singular matrix has 0 and −∞. The gradient is x⁻ᵀ.
 * Shapes: x [..., n, n] → sign and logabsdet [...]. Dtypes: float32, float64.
 * @example slogdet(tensor([[0, 1], [1, 0]])).sign   // −1
 * @throws ShapeError, DTypeError; ArgumentError for the gradient where x has no inverse
 */
export function slogdet(x: Tensor): { readonly sign: Tensor; readonly logabsdet: Tensor } {
  return signAndLog("slogdet", x);
}

/**
 * The determinant (torch.linalg.det). The gradient is det x · x⁻ᵀ.
 * Shapes: x [..., n, n] → y [...]. Dtypes: float32, float64.
 * @example det(tensor([[1, 2], [3, 4]]))   // −2
 * @throws ShapeError, DTypeError; ArgumentError for the gradient where x has no inverse
 */
export function det(x: Tensor): Tensor {
  const { sign, logabsdet } = signAndLog("det", x);
  return mul(sign, exp(logabsdet));
}

/**
 * ln det x (torch.logdet): NaN for a negative determinant, −∞ for 0. The gradient is x⁻ᵀ.
 * Shapes: x [..., n, n] → y [...]. Dtypes: float32, float64.
 * @example logdet(tensor([[2, 0], [0, 2]]))   // ln 4
 * @throws ShapeError, DTypeError; ArgumentError for the gradient where x has no inverse
 */
export function logdet(x: Tensor): Tensor {
  const { sign, logabsdet } = signAndLog("logdet", x);
  return add(logabsdet, log(sign));
}

const casesOf = ({ matrices, values }: Draws): Readonly<Record<string, readonly [Draw]>> => ({
  "1 × 1": [matrices([1, 1])],
  "2 × 2": [matrices([2, 2])],
  "5 × 5": [matrices([5, 5])],
  stack: [matrices([3, 3, 3])],
  "stack of stacks": [matrices([2, 1, 2, 2])],
  "empty stack": [matrices([0, 2, 2])],
  "0 × 0": [matrices([0, 0])],
  singular: [
    values([
      [1, 2],
      [2, 4],
    ]),
  ],
  "extreme values": [
    values([
      [1e200, 0],
      [0, 1e200],
    ]),
  ],
});

register("det", det, {
  torch: "torch.linalg.det",
  cases: casesOf,
  order: { singular: 0, "extreme values": 0 },
});
register("slogdet", slogdet, {
  torch: "torch.linalg.slogdet",
  cases: casesOf,
  order: { singular: 0, "extreme values": 0 },
});
register("logdet", logdet, {
  torch: "torch.logdet",
  cases: ({ matrices, values }) => ({
    "1 × 1": [matrices([1, 1], "positive")],
    "2 × 2": [matrices([2, 2], "positive")],
    "5 × 5": [matrices([5, 5], "positive")],
    stack: [matrices([3, 3, 3], "positive")],
    "stack of stacks": [matrices([2, 1, 2, 2], "positive")],
    "empty stack": [matrices([0, 2, 2], "positive")],
    "0 × 0": [matrices([0, 0], "positive")],
    singular: [
      values([
        [1, 2],
        [2, 4],
      ]),
    ],
    negative: [
      values([
        [0, 1],
        [1, 0],
      ]),
    ],
  }),
  order: { singular: 0, negative: 0 },
});
