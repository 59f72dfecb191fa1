import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import type { Draw, Draws } from "./cases.js";
import { concat } from "./concat.js";
import { type Apply, checkDTypes, checkInput, defineOp } from "./define.js";
import { checkMatrix, diagonal, diagonalMatrix } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { overGaps, quotientOr0 } from "./over-gaps.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { square } from "./square.js";
import { sub } from "./sub.js";
import { transposed } from "./transpose.js";
import { unsqueeze } from "./unsqueeze.js";

/** What `svd` gives. */
export interface SingularValueDecomposition {
  /** U, orthonormal columns, [..., m, k] with k = min(m, n) */
  readonly u: Tensor;
  /** σ, descending, [..., k] */
  readonly s: Tensor;
  /** Vᵀ, orthonormal rows, [..., k, n] */
  readonly vh: Tensor;
}

/** σ, U and V of σ [..., 1, n] above U [..., m, n] above V [..., n, n], or their derivatives. */
function parts(y: Tensor): { readonly s: Tensor; readonly u: Tensor; readonly v: Tensor } {
  const [rows, n] = y.shape.slice(-2) as [number, number];
  return {
    s: reshape(slice(y, -2, { end: 1 }), [...y.shape.slice(0, -2), n]),
    u: slice(y, -2, { start: 1, end: rows - n }),
    v: slice(y, -2, { start: rows - n }),
  };
}

/** aᵀ·b */
const inner = (a: Tensor, b: Tensor): Tensor => matmul(a, b, { transposeA: true });
const columnsTimes = (x: Tensor, s: Tensor): Tensor => mul(x, unsqueeze(s, -2));
const rowsTimes = (x: Tensor, s: Tensor): Tensor => mul(x, unsqueeze(s, -1));
/** x without what lies in the space of U: (1 − U·Uᵀ)·x, over σ by columns. 0 for a square U. */
const outside = (u: Tensor, x: Tensor, s: Tensor): Tensor =>
  quotientOr0(sub(x, matmul(u, inner(u, x))), unsqueeze(s, -2));

// With P = Uᵀ·dx·V and F∘ the division by σ_j² − σ_i²: dσ = diag P, dU = U·F∘(P·σ + σ·Pᵀ) + (1 − U·Uᵀ)·dx·V/σ,
// dV = V·F∘(σ·P + Pᵀ·σ); and the transpose (Townsend 2016, "Differentiating the singular value decomposition").
const op: Apply<object> = defineOp<"x">("svd", {
  inputs: ["x"],
  kernel: "svd",
  shape: ({ x }) => {
    const [m, n] = x.shape.slice(-2) as [number, number];
    return { shape: [...x.shape.slice(0, -2), 1 + m + n, n], dtype: checkDTypes("svd", ["x"], [x], "float") };
  },
  params: ({ x }) => [...stackSizes(x.shape), x.shape.at(-1) as number],
  vjp: {
    x: ({ dy, y }) => {
      const { s, u, v } = parts(y);
      const { s: ds, u: du, v: dv } = parts(dy);
      const turns = (w: Tensor, dw: Tensor): Tensor => {
        const along = inner(w, dw);
        return overGaps(sub(along, transposed(along)), square(s));
      };
      const within = add(columnsTimes(turns(u, du), s), rowsTimes(turns(v, dv), s));
      const left = matmul(u, add(within, diagonalMatrix(ds)));
      const isSquare = u.shape.at(-1) === u.shape.at(-2);
      return matmul(isSquare ? left : add(left, outside(u, du, s)), v, { transposeB: true });
    },
  },
  jvp: {
    x: ({ dx, y }) => {
      const { s, u, v } = parts(y);
      const moved = matmul(dx, v);
      const p = inner(u, moved);
      const turnsOfU = overGaps(add(columnsTimes(p, s), rowsTimes(transposed(p), s)), square(s));
      const turnsOfV = overGaps(add(rowsTimes(p, s), columnsTimes(transposed(p), s)), square(s));
      const du = matmul(u, turnsOfU);
      const isSquare = u.shape.at(-1) === u.shape.at(-2);
      return concat(
        [unsqueeze(diagonal(p), -2), isSquare ? du : add(du, outside(u, moved, s)), matmul(v, turnsOfV)],
        -2,
      );
    },
  },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * x = U·diag(σ)·Vᵀ with k = min(m, n) singular values σ (torch.linalg.svd with full_matrices=False), by one-sided
 * Jacobi rotations in float64, which find small singular values exactly too.
 * Shapes: x [..., m, n] → u [..., m, k], s [..., k], descending, vh [..., k, n]. Dtypes: float32, float64.
 * The sign of a pair of vectors: in that of u, or of v if x is wide, of the components with the largest absolute value
 * the first is positive, where all that come within 2⁻¹⁰ of the largest count as equal to it.
 * Vectors of equal singular values are any that are orthonormal, and have no derivative: it is infinite or NaN there, as
 * are those of U for σ = 0 if m ≠ n. The first derivatives of a function of σ alone are right.
 * @example svd(tensor([[3, 0], [0, 2]])).s   // [3, 2]
 * @throws ArgumentError for NaN or an infinity, or where Jacobi does not converge; ShapeError, DTypeError
 */
export function svd(x: Tensor): SingularValueDecomposition {
  return decompose("svd", x);
}

/**
 * The singular values alone, descending (torch.linalg.svdvals).
 * Shapes: x [..., m, n] → σ [..., min(m, n)]. Dtypes: float32, float64.
 * @example svdvals(tensor([[3, 0], [0, 2]]))   // [3, 2]
 * @throws as `svd`
 */
export function svdvals(x: Tensor): Tensor {
  return decompose("svdvals", x).s;
}

function decompose(name: string, x: Tensor): SingularValueDecomposition {
  checkInput(name, x, "float");
  const [m, n] = checkMatrix(name, x);
  const isWide = m < n;
  const { s, u, v } = parts(op([isWide ? transposed(x) : x], {}));
  return isWide ? { u: v, s, vh: transposed(u) } : { u, s, vh: transposed(v) };
}

const casesOf = ({ floats, matrices }: Draws): Readonly<Record<string, readonly [Draw]>> => ({
  "1 × 1": [floats([1, 1])],
  square: [matrices([3, 3])],
  tall: [floats([5, 3])],
  wide: [floats([2, 4])],
  "one column": [floats([4, 1])],
  "one row": [floats([1, 3])],
  stack: [floats([2, 3, 2])],
  "stack of stacks, wide": [floats([2, 1, 2, 3])],
  "no rows": [floats([0, 2])],
  "no columns": [floats([2, 0])],
  "empty stack": [floats([0, 3, 2])],
});

register("svd", svd, { torch: "svd", cases: casesOf });
register("svdvals", svdvals, {
  torch: "torch.linalg.svdvals",
  cases: (draws) => ({
    ...casesOf(draws),
    "equal singular values": [
      draws.values([
        [0, 2],
        [2, 0],
      ]),
    ],
  }),
  order: { "equal singular values": 1 },
});
