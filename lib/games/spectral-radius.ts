import { noGrad } from "../context/grad-mode.js";
import { DTypeError, ShapeError } from "../errors.js";
import { abs } from "../ops/abs.js";
import { amax } from "../ops/amax.js";
import { div } from "../ops/div.js";
import { matmul } from "../ops/matmul.js";
import { to } from "../ops/to.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

// Powers up to 2⁶⁰: the norm of the eigenvectors' matrix counts as its 2⁶⁰-th root, which is 1.
const SQUARINGS = 60;

/**
 * The spectral radius of a square matrix [N, N]: the largest magnitude of an eigenvalue, complex ones included. By
 * Gelfand's formula ρ = lim ‖Mᵏ‖^(1/k), with k doubled by each squaring; computed in float64. To about 1e-13, and as for
 * any method to less where eigenvalues are repeated without eigenvectors of their own.
 * @returns NaN for a matrix that is not finite, 0 for one of no rows.
 * @example spectralRadius(tensor([[0, -2], [2, 0]]));   // 2
 * @throws ShapeError unless it is square; DTypeError unless it is of floats; ArgumentError
 */
export function spectralRadius(matrix: Tensor): number {
  checkTensor("spectralRadius", "matrix", matrix);
  const [rows, columns] = matrix.shape;
  if (matrix.rank !== 2 || rows !== columns) {
    throw new ShapeError(`spectralRadius: expected a square matrix, got ${format(matrix.shape)}`);
  }
  if (!isFloat(matrix.dtype)) {
    throw new DTypeError(`spectralRadius: expected a matrix of float32 or float64, got ${matrix.dtype}`);
  }
  if (rows === 0) return 0;
  return noGrad(() => {
    let power = to(matrix, "float64");
    let logarithm = 0;
    for (let k = 0; k <= SQUARINGS; k++) {
      const size = amax(abs(power)).item();
      if (size === 0) return 0;
      logarithm += Math.log(size) / 2 ** k;
      power = div(power, size);
      power = matmul(power, power);
    }
    return Math.exp(logarithm);
  });
}
