import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { concat } from "./concat.js";
import { type Apply, checkDTypes, checkInput, defineOp } from "./define.js";
import { checkMatrix } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { register } from "./registry.js";
import { slice } from "./slice.js";
import { solveTriangular } from "./solve-triangular.js";
import { sub } from "./sub.js";
import { transposed } from "./transpose.js";
import { tril } from "./triangle.js";

/** What `qr` gives. */
export interface QrDecomposition {
  /** Orthonormal columns, [..., m, k] with k = min(m, n) */
  readonly q: Tensor;
  /** Upper triangular, [..., k, n] */
  readonly r: Tensor;
}

/** Q [..., m, n] and R [..., n, n] of Q above R, or their derivatives. */
function parts(y: Tensor): QrDecomposition {
  const n = y.shape.at(-1) as number;
  const m = (y.shape.at(-2) as number) - n;
  return { q: slice(y, -2, { end: m }), r: slice(y, -2, { start: m }) };
}

const below = (x: Tensor): Tensor => tril(x, { diagonal: -1 });

// Of x [m, n] with m ≥ n. With M = Qᵀ·dx·R⁻¹ and Ω = its part below the diagonal minus the transposed of that:
// dQ = Q·Ω + (1 − Q·Qᵀ)·dx·R⁻¹, dR = (M − Ω)·R; and the transpose of that (Roberts and Roberts 2020, "QR and LQ
// decomposition matrix backpropagation algorithms").
const op: Apply<object> = defineOp<"x">("qr", {
  inputs: ["x"],
  kernel: "qr",
  shape: ({ x }) => {
    const [m, n] = x.shape.slice(-2) as [number, number];
    return { shape: [...x.shape.slice(0, -2), m + n, n], dtype: checkDTypes("qr", ["x"], [x], "float") };
  },
  params: ({ x }) => [...stackSizes(x.shape), x.shape.at(-1) as number],
  vjp: {
    x: ({ dy, y }) => {
      const { q, r } = parts(y);
      const { q: dq, r: dr } = parts(dy);
      const m = sub(matmul(r, dr, { transposeB: true }), matmul(dq, q, { transposeA: true }));
      const symmetric = add(tril(m), transposed(below(m)));
      return transposed(solveTriangular(r, transposed(add(dq, matmul(q, symmetric))), { upper: true }));
    },
  },
  jvp: {
    x: ({ dx, y }) => {
      const { q, r } = parts(y);
      const x = transposed(solveTriangular(r, transposed(dx), { upper: true, transposeA: true }));
      const m = matmul(q, x, { transposeA: true });
      const turn = sub(below(m), transposed(below(m)));
      const upper = sub(m, turn);
      return concat([sub(x, matmul(q, upper)), matmul(upper, r)], -2);
    },
  },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * Q and R with x = Q·R, of k = min(m, n) columns and rows (torch.linalg.qr, "reduced"), by Householder reflections in
 * float64. The signs are LAPACK's, so that a diagonal element of R may be negative. Derivatives need the first k
 * columns to be independent.
 * Shapes: x [..., m, n] → q [..., m, k], r [..., k, n]. Dtypes: float32, float64.
 * @example qr(tensor([[3, 1], [4, 2]])).r   // [[-5, -2.2], [0, 0.4]]
 * @throws ShapeError, DTypeError
 */
export function qr(x: Tensor): QrDecomposition {
  checkInput("qr", x, "float");
  const [m, n] = checkMatrix("qr", x);
  if (m >= n) return parts(op([x], {}));
  const { q, r } = parts(op([slice(x, -1, { end: m })], {}));
  return { q, r: concat([r, matmul(q, slice(x, -1, { start: m }), { transposeA: true })], -1) };
}

register("qr", qr, {
  torch: "torch.linalg.qr",
  cases: ({ floats, matrices }) => ({
    "1 × 1": [floats([1, 1])],
    square: [matrices([3, 3])],
    tall: [floats([5, 3])],
    wide: [floats([2, 5])],
    "one column": [floats([4, 1])],
    "one row": [floats([1, 4])],
    stack: [floats([2, 4, 2])],
    "stack of stacks, wide": [floats([2, 1, 2, 3])],
    "no rows": [floats([0, 2])],
    "no columns": [floats([2, 0])],
    "empty stack": [floats([0, 3, 2])],
  }),
});
