import { ShapeError } from "../errors.js";
import { format, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { checkDTypes, linear } from "./define.js";
import { pad } from "./pad.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { stridedParams } from "./strided.js";

/** The diagonal of the last two axes, [..., m, n] → [..., min(m, n)]. */
const op = linear<"x">("diagonal", {
  inputs: ["x"],
  kernel: "strided",
  shape: ({ x }) => ({
    shape: [...x.shape.slice(0, -2), Math.min(...checkMatrix("diagonal", x))],
    dtype: x.dtype,
  }),
  params: ({ x }, y) => {
    const n = x.shape[x.rank - 1] as number;
    const strides = y.shape.map((_, d) => (d === y.shape.length - 1 ? n + 1 : sizeOf(x.shape.slice(d + 1))));
    return stridedParams(y.shape, strides, 0);
  },
  transpose: ({ dy, x }) => {
    const [rows, columns] = checkMatrix("diagonal", x);
    const size = Math.min(rows, columns);
    return pad(pad(diagonalMatrix(dy), -2, 0, rows - size), -1, 0, columns - size);
  },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/** @throws ShapeError unless there are two axes. */
export function checkMatrix(name: string, x: Tensor): [rows: number, columns: number] {
  if (x.rank < 2)
    throw new ShapeError(`${name}: expected a matrix or a stack of such, got ${format(x.shape)}`);
  return x.shape.slice(-2) as [number, number];
}

/** @throws ShapeError unless the last two axes have one size. */
export function checkSquare(name: string, x: Tensor): number {
  checkTensor(name, "x", x);
  const [rows, columns] = x.shape.slice(-2);
  if (x.rank < 2 || rows !== columns) {
    throw new ShapeError(`${name}: expected a square matrix or a stack of such, got ${format(x.shape)}`);
  }
  return rows as number;
}

/**
 * The diagonal of a matrix, or of each of a stack (torch.diagonal over the last two axes).
 * Shapes: x [..., m, n] → y [..., min(m, n)]. Any dtype.
 * @example diagonal(tensor([[1, 2], [3, 4]]))   // [1, 4]
 * @throws ShapeError
 */
export function diagonal(x: Tensor): Tensor {
  checkTensor("diagonal", "x", x);
  checkMatrix("diagonal", x);
  return op([x], {});
}

/**
 * The matrix with x on its diagonal and 0 elsewhere, or a stack of such (torch.diag_embed).
 * Shapes: x [..., n] → y [..., n, n]. Dtypes: float32, float64, int32.
 * @example diagonalMatrix(tensor([1, 4]))   // [[1, 0], [0, 4]]
 * @throws ShapeError for a scalar; DTypeError
 */
export function diagonalMatrix(x: Tensor): Tensor {
  checkTensor("diagonalMatrix", "x", x);
  checkAxis("diagonalMatrix", x, -1);
  checkDTypes("diagonalMatrix", ["x"], [x], "number");
  const n = x.shape[x.rank - 1] as number;
  const front = x.shape.slice(0, -1);
  if (n === 0) return reshape(x, [...front, 0, 0]);
  // Each element, followed by n zeros: these are the matrix's rows without a gap, and more zeros at the end.
  const spaced = reshape(pad(reshape(x, [...front, n, 1]), -1, 0, n), [...front, n * (n + 1)]);
  return reshape(slice(spaced, -1, { end: n * n }), [...front, n, n]);
}

register("diagonal", diagonal, {
  torch: "lambda x: torch.diagonal(x, dim1=-2, dim2=-1)",
  cases: ({ floats }) => ({
    matrix: [floats([3, 3])],
    "more columns": [floats([2, 4])],
    "more rows": [floats([2, 3, 2])],
    stack: [floats([2, 2, 2])],
    "size 1": [floats([1, 1])],
    empty: [floats([2, 0, 0])],
  }),
});
register("diagonalMatrix", diagonalMatrix, {
  torch: "torch.diag_embed",
  cases: ({ floats }) => ({
    vector: [floats([3])],
    stack: [floats([2, 2])],
    "size 1": [floats([1])],
    empty: [floats([2, 0])],
  }),
});
