import { ShapeError } from "../errors.js";
import { broadcast, format, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import type { Draw, Draws } from "./cases.js";
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
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";
import { wholeProduct } from "./whole-product.js";

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
 * broadcast: a [..., M, K] · b [..., K, N] → y [..., M, N]. Dtypes: float32, float64, int32, which wraps.
 * Each element is the sum of its products in the order of k, for any number of threads.
 * @example matmul(tensor([[1, 2]]), tensor([[3], [4]]))   // [[11]]
 * @throws ShapeError where the inner sizes differ; DTypeError, OptionError
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const transposes = checkTransposes("matmul", options, []);
  if (a?.rank === 2 && b?.rank === 2 && a.dtype !== "int32") return op([a, b], transposes);
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
  if (a.dtype === "int32" && b.dtype === "int32") {
    const inner = [transposes.transposeA ? -2 : -1, transposes.transposeB || b.rank === 1 ? -1 : -2] as const;
    return wholeProduct(a, b, inner, (x, y) => matmul(x, y, transposes));
  }
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

declare module "../tensor/tensor.js" {
  interface Tensor {
    matmul: Method<typeof matmul>;
  }
}

/** Cases of a [M, K] · b [K, N] in each of their transposes. */
function products(
  { floats }: Draws,
  note: string,
  M: number,
  K: number,
  N: number,
): Record<string, [a: Draw, b: Draw, options: MatmulOptions]> {
  const of = (transposeA: boolean, transposeB: boolean): [Draw, Draw, MatmulOptions] => [
    floats(transposeA ? [K, M] : [M, K]),
    floats(transposeB ? [N, K] : [K, N]),
    { transposeA, transposeB },
  ];
  return {
    [note]: of(false, false),
    [`${note}, a transposed`]: of(true, false),
    [`${note}, b transposed`]: of(false, true),
    [`${note}, both transposed`]: of(true, true),
  };
}

register("matmul", matmul, {
  method: true,
  torch: "product",
  cases: (draws) => {
    const { floats, values } = draws;
    return {
      ...products(draws, "odd sizes", 3, 7, 2),
      ...products(draws, "inner size 1", 2, 1, 3),
      ...products(draws, "no inner size: zeros", 2, 0, 3),
      "size 1": [floats([1, 1]), floats([1, 1])],
      "no rows": [floats([0, 2]), floats([2, 3])],
      "no columns": [floats([2, 3]), floats([3, 0])],
      "one row, one column, inner size 17": [floats([1, 17]), floats([17, 1])],
      wide: [floats([1, 2]), floats([2, 7])],
      tall: [floats([7, 2]), floats([2, 1])],
      "1-D · 1-D": [floats([7]), floats([7])],
      "1-D · 1-D, size 1": [floats([1]), floats([1])],
      "1-D · 1-D, empty: zero": [floats([0]), floats([0])],
      "1-D · 2-D": [floats([3]), floats([3, 5])],
      "2-D · 1-D": [floats([5, 3]), floats([3])],
      "2-D · 1-D, no inner size: zeros": [floats([2, 0]), floats([0])],
      "extreme values": [
        values([
          [Infinity, 1],
          [0, 1],
          [NaN, 1],
          [1e300, 1e300],
          [1e-300, 1e-300],
        ]),
        values([
          [0, 1, 1e300],
          [1, -1, 1e-300],
        ]),
      ],
      stacks: [floats([3, 2, 4]), floats([3, 4, 2])],
      "a stack and a matrix": [floats([3, 2, 4]), floats([4, 2])],
      "a matrix and a stack": [floats([2, 4]), floats([3, 4, 2])],
      "stacks that broadcast": [floats([2, 1, 2, 3]), floats([3, 3, 2])],
      "a stack and a vector": [floats([2, 3, 4]), floats([4])],
      "a vector and a stack": [floats([3]), floats([2, 3, 2])],
      "a stack of nothing": [floats([0, 2, 3]), floats([0, 3, 2])],
      "stacks of size 1": [floats([1, 1, 1]), floats([1, 1, 1])],
      "stacks, a transposed": [floats([2, 3, 2]), floats([2, 3, 4]), { transposeA: true }],
      "stacks, b transposed": [floats([2, 2, 3]), floats([2, 4, 3]), { transposeB: true }],
      "stacks, both transposed": [
        floats([2, 3, 2]),
        floats([2, 4, 3]),
        { transposeA: true, transposeB: true },
      ],
      int32: [draws.integers([2, 3], 100), draws.integers([3, 2], 100)],
      "int32 stack, b transposed": [
        draws.integers([2, 2, 3], 9),
        draws.integers([4, 3], 9),
        { transposeB: true },
      ],
      "a matrix of one and a stack": [floats([1, 1]), floats([2, 1, 1])],
      "stacks of stacks": [floats([1, 3, 3, 3]), floats([1, 3, 3, 1])],
      "a stack of one and a row": [floats([1, 1, 1]), floats([1, 2])],
      "a stack of one against many": [floats([1, 3, 3]), floats([3, 3, 2])],
      "a column and a row": [floats([2, 1]), floats([1, 3])],
    };
  },
  order: { "extreme values": 0 },
});
