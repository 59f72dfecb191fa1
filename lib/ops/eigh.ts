import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import type { Draw, Draws } from "./cases.js";
import { concat } from "./concat.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { checkSquare, diagonal, diagonalMatrix } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { overGaps } from "./over-gaps.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { symmetric } from "./symmetric.js";
import { unsqueeze } from "./unsqueeze.js";

/** What `eigh` gives. */
export interface Eigendecomposition {
  /** λ, ascending, [..., n] */
  readonly eigenvalues: Tensor;
  /** V, whose columns are the eigenvectors, [..., n, n] */
  readonly eigenvectors: Tensor;
}

/** λ and V of λ [..., 1, n] above V [..., n, n], or their derivatives. */
function parts(y: Tensor): Eigendecomposition {
  const values = slice(y, -2, { end: 1 });
  return {
    eigenvalues: reshape(values, [...y.shape.slice(0, -2), y.shape.at(-1) as number]),
    eigenvectors: slice(y, -2, { start: 1 }),
  };
}

/** vᵀ·x·v */
const within = (v: Tensor, x: Tensor): Tensor => matmul(matmul(v, x, { transposeA: true }), v);

// dλ = diag(Vᵀ·dx·V), dV = V·(F ∘ (Vᵀ·dx·V)), where F_ij = 1/(λ_j − λ_i); and their transposes (Giles 2008, "An
// extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation").
const op: Apply<object> = defineOp<"x">("eigh", {
  inputs: ["x"],
  kernel: "eigh",
  shape: ({ x }) => {
    const [n] = x.shape.slice(-1) as [number];
    return { shape: [...x.shape.slice(0, -2), n + 1, n], dtype: checkDTypes("eigh", ["x"], [x], "float") };
  },
  params: ({ x }) => stackSizes(x.shape),
  vjp: {
    x: ({ dy, y }) => {
      const { eigenvalues, eigenvectors: v } = parts(y);
      const { eigenvalues: dValues, eigenvectors: dv } = parts(dy);
      const turns = overGaps(matmul(v, dv, { transposeA: true }), eigenvalues);
      const inner = add(turns, diagonalMatrix(dValues));
      return symmetric(matmul(matmul(v, inner), v, { transposeB: true }));
    },
  },
  jvp: {
    x: ({ dx, y }) => {
      const { eigenvalues, eigenvectors: v } = parts(y);
      const inner = within(v, symmetric(dx));
      return concat([unsqueeze(diagonal(inner), -2), matmul(v, overGaps(inner, eigenvalues))], -2);
    },
  },
  batch: ({ x }, { op: self }) => self([x], {}),
});

const valuesOp = defineOp<"x">("eigvalsh", {
  inputs: ["x"],
  kernel: "eigvalsh",
  shape: ({ x }) => ({
    shape: x.shape.slice(0, -1),
    dtype: checkDTypes("eigvalsh", ["x"], [x], "float"),
  }),
  params: ({ x }) => stackSizes(x.shape),
  vjp: {
    x: ({ dy, x }) => {
      const { eigenvectors: v } = parts(op([x], {}));
      return symmetric(matmul(mul(v, unsqueeze(dy, -2)), v, { transposeB: true }));
    },
  },
  jvp: { x: ({ dx, x }) => diagonal(within(parts(op([x], {})).eigenvectors, symmetric(dx))) },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * Eigenvalues λ and orthonormal eigenvectors V of (x + xᵀ)/2 = V·diag(λ)·Vᵀ, which is x where x is symmetric
 * (torch.linalg.eigh, which reads the lower triangle alone), by Householder reflections and implicit QL steps.
 * Shapes: x [..., n, n] → eigenvalues [..., n], ascending, and eigenvectors [..., n, n], in columns.
 * Dtypes: float32, float64.
 * The sign of a vector: of its components with the largest absolute value the first is positive, where all that come
 * within 2⁻¹⁰ of the largest count as equal to it.
 * Eigenvectors of equal eigenvalues are any that are orthonormal, and have no derivative: it is infinite or NaN there,
 * as PyTorch's is. The first derivatives of a function of the eigenvalues alone are those of `eigvalsh`.
 * @example eigh(tensor([[2, 1], [1, 2]])).eigenvalues   // [1, 3]
 * @throws ArgumentError for NaN or an infinity, or where QL does not converge; ShapeError, DTypeError
 */
export function eigh(x: Tensor): Eigendecomposition {
  checkSquare("eigh", x);
  return parts(op([x], {}));
}

/**
 * The eigenvalues of (x + xᵀ)/2 alone, ascending (torch.linalg.eigvalsh): less work than `eigh`.
 * The gradient of λ_i is v_i·v_iᵀ. At equal eigenvalues that depends on which eigenvectors v are found; the gradient of
 * a symmetric function of them, such as their sum, does not, and is right. Second derivatives are infinite or NaN there.
 * Shapes: x [..., n, n] → λ [..., n]. Dtypes: float32, float64.
 * @example eigvalsh(tensor([[2, 1], [1, 2]]))   // [1, 3]
 * @throws ArgumentError for NaN or an infinity, or where QL does not converge; ShapeError, DTypeError
 */
export function eigvalsh(x: Tensor): Tensor {
  checkSquare("eigvalsh", x);
  return valuesOp([x], {});
}

const casesOf = ({ floats }: Draws): Readonly<Record<string, readonly [Draw]>> => ({
  "1 × 1": [floats([1, 1])],
  "2 × 2": [floats([2, 2])],
  "5 × 5": [floats([5, 5])],
  stack: [floats([3, 3, 3])],
  "stack of stacks": [floats([2, 1, 2, 2])],
  "empty stack": [floats([0, 2, 2])],
  "0 × 0": [floats([0, 0])],
  "stack of 0 × 0": [floats([2, 0, 0])],
});

register("eigh", eigh, { torch: "eigh", cases: casesOf });
register("eigvalsh", eigvalsh, {
  torch: "lambda x: torch.linalg.eigvalsh((x + x.mT) / 2)",
  cases: (draws) => ({
    ...casesOf(draws),
    "equal eigenvalues": [
      draws.values([
        [2, 0],
        [0, 2],
      ]),
    ],
  }),
  order: { "equal eigenvalues": 1 },
});
