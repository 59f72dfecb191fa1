import { ShapeError } from "../errors.js";
import { broadcast, format, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { expand } from "./expand.js";
import { matmulBatch, matmulOfSamples } from "./matmul-batch.js";
import {
  checkTransposes,
  innerSizesDiffer,
  type MatmulOptions,
  matmulParams,
  matmulSizes,
  type Transposes,
} from "./matmul-sizes.js";
import { reshape } from "./reshape.js";

// y [M, N] = op(a) [M, K] · op(b) [K, N]
const op = defineOp<"a" | "b", Transposes>("matmul", {
  inputs: ["a", "b"],
  kernel: "matmul",
  shape: ({ a, b, ...transposes }) => {
    const dtype = checkDTypes("matmul", ["a", "b"], [a, b], "float");
    const [M, N] = matmulSizes("matmul", a, b, transposes);
    return { shape: [M, N], dtype };
  },
  params: ({ a, b, ...transposes }) =>
    matmulParams(matmulSizes("matmul", a, b, transposes), transposes, 1, 0),
  buffers: ([a, b], y) => [a as Tensor, b as Tensor, null, null, y],
  vjp: {
    a: ({ dy, b, transposeA, transposeB }) => matmulSlopeA(dy, b, transposeA, transposeB),
    b: ({ dy, a, transposeA, transposeB }) => matmulSlopeB(dy, a, transposeA, transposeB),
  },
  jvp: {
    a: ({ da, b, transposeA, transposeB }) => matmul(da, b, { transposeA, transposeB }),
    b: ({ db, a, transposeA, transposeB }) => matmul(a, db, { transposeA, transposeB }),
  },
  batch: ({ a, b, transposeA, transposeB }, { batched, size, op: self }) =>
    matmulOfSamples(a, b, batched, size, { transposeA, transposeB }, (left, right, transposes) =>
      self([left, right], transposes),
    ),
});

/** dy · ∂(op(a)·op(b))/∂a = dy · op(b)ᵀ, transposed where a is. */
export function matmulSlopeA(dy: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return transposeA
    ? matmul(b, dy, { transposeA: transposeB, transposeB: true }) // [K, N]·[M, N]ᵀ → [K, M]
    : matmul(dy, b, { transposeB: !transposeB }); // [M, N]·[K, N]ᵀ → [M, K]
}

/** dy · ∂(op(a)·op(b))/∂b = op(a)ᵀ · dy, transposed where b is. */
export function matmulSlopeB(dy: Tensor, a: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return transposeB
    ? matmul(dy, a, { transposeA: true, transposeB: transposeA }) // [M, N]ᵀ·[M, K] → [N, K]
    : matmul(a, dy, { transposeA: !transposeA }); // [M, K]ᵀ·[M, N] → [K, N]
}

/**
 * Matrix product y = op(a) · op(b), where op transposes or not (torch.matmul).
 * Shapes: a [M, K] · b [K, N] → y [M, N]; a vector a [K] counts as one row and a vector b [K] as one
 * column, and that axis is left out of y. Axes in front of the last two are stacks of matrices, which
 * broadcast: a [..., M, K] · b [..., K, N] → y [..., M, N]. Dtypes: float32, float64.
 * Each element is the sum of its products in the order of k, for any number of threads.
 * @example matmul(tensor([[1, 2]]), tensor([[3], [4]]))   // [[11]]
 * @throws ShapeError where the inner sizes differ; DTypeError, OptionError
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const transposes = checkTransposes("matmul", options, []);
  if (a?.rank === 2 && b?.rank === 2) return op([a, b], transposes);
  checkTensor("matmul", "a", a);
  checkTensor("matmul", "b", b);
  const transposesVector = (a.rank === 1 && transposes.transposeA) || (b.rank === 1 && transposes.transposeB);
  if (a.rank === 0 || b.rank === 0 || transposesVector) {
    throw new ShapeError(
      `matmul: expected matrices or vectors${transposesVector ? " (a vector has no transpose)" : ""}, got a ${format(a.shape)} and b ${format(b.shape)}`,
    );
  }
  const ofA = a.shape[transposes.transposeA ? a.rank - 2 : a.rank - 1] as number;
  const ofB = b.shape[transposes.transposeB || b.rank === 1 ? b.rank - 1 : b.rank - 2] as number;
  if (ofA !== ofB) throw innerSizesDiffer("matmul", a, b, transposes, ofA, ofB);
  const matrixA = a.rank === 1 ? reshape(a, [1, a.size]) : a;
  const matrixB = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  const y =
    a.rank <= 2 && b.rank <= 2 ? op([matrixA, matrixB], transposes) : stacks(matrixA, matrixB, transposes);
  const [M, N] = y.shape.slice(-2) as [number, number];
  return reshape(y, [...y.shape.slice(0, -2), ...(a.rank === 1 ? [] : [M]), ...(b.rank === 1 ? [] : [N])]);
}

/** The products of stacks of matrices: [..., M, N]. */
function stacks(a: Tensor, b: Tensor, transposes: Transposes): Tensor {
  const front = broadcast("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const stack = (x: Tensor): Tensor => {
    const matrix = x.shape.slice(-2);
    if (x.rank === 2) return x;
    return reshape(expand(x, [...front, ...matrix]), [sizeOf(front), ...matrix]);
  };
  const y = matmulBatch(stack(a), stack(b), transposes);
  return reshape(y, [...front, ...y.shape.slice(1)]);
}
