import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { checkSquare, diagonal, diagonalMatrix } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { solveTriangular } from "./solve-triangular.js";
import { sub } from "./sub.js";
import { symmetric } from "./symmetric.js";
import { transposed } from "./transpose.js";
import { tril } from "./triangle.js";

/** The lower triangle, its diagonal halved. */
const halfLower = (x: Tensor): Tensor => sub(tril(x), mul(diagonalMatrix(diagonal(x)), 0.5));

/** L⁻ᵀ·x·L⁻¹ */
function between(l: Tensor, x: Tensor): Tensor {
  const left = solveTriangular(l, x, { transposeA: true });
  return transposed(solveTriangular(l, transposed(left), { transposeA: true }));
}

// dL = L·Φ(L⁻¹·dx·L⁻ᵀ), where Φ is `halfLower`; and its transpose (Murray 2016, "Differentiation of the
// Cholesky decomposition").
const op = defineOp<"x">("cholesky", {
  inputs: ["x"],
  kernel: "cholesky",
  shape: ({ x }) => ({ shape: x.shape, dtype: checkDTypes("cholesky", ["x"], [x], "float") }),
  params: ({ x }) => stackSizes(x.shape),
  vjp: { x: ({ dy, y }) => symmetric(between(y, halfLower(matmul(y, dy, { transposeA: true })))) },
  jvp: {
    x: ({ dx, y }) => {
      const left = solveTriangular(y, dx);
      return matmul(y, halfLower(transposed(solveTriangular(y, transposed(left)))));
    },
  },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * The lower triangular L with a positive diagonal and L·Lᵀ = (x + xᵀ)/2, which is x where x is symmetric
 * (torch.linalg.cholesky, which reads the lower triangle alone).
 * Shapes: x [..., n, n] → L, the same. Dtypes: float32, float64.
 * @example cholesky(tensor([[4, 2], [2, 5]]))   // [[2, 0], [1, 2]]
 * @throws ArgumentError for a matrix that is not positive definite; ShapeError, DTypeError
 */
export function cholesky(x: Tensor): Tensor {
  checkSquare("cholesky", x);
  checkDTypes("cholesky", ["x"], [x], "float");
  return op([symmetric(x)], {});
}

register("cholesky", cholesky, {
  torch: "lambda x: torch.linalg.cholesky((x + x.mT) / 2)",
  cases: ({ matrices }) => ({
    "1 × 1": [matrices([1, 1], "definite")],
    "2 × 2": [matrices([2, 2], "definite")],
    "5 × 5": [matrices([5, 5], "definite")],
    stack: [matrices([3, 3, 3], "definite")],
    "stack of stacks": [matrices([2, 1, 2, 2], "definite")],
    "empty stack": [matrices([0, 2, 2], "definite")],
    "0 × 0": [matrices([0, 0], "definite")],
  }),
});
