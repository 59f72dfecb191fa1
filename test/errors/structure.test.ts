import { describe } from "vitest";
import {
  ArgumentError,
  compile,
  DTypeError,
  IndexError,
  OptionError,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, testErrors } from "./expect-error.js";

const scalar = tensor(1);
const vector = tensor([1, 2, 3]);
const matrix = zeros([2, 3]);
const integers = tensor([1, 2], { dtype: "int32" });
const kept = () => [scalar, vector, matrix, integers];

describe("putting together and taking apart", () => {
  testErrors(
    [
      [() => ops.concat(bad(vector)), ArgumentError, /^concat: expected a list of at least one tensor, got/],
      [() => ops.concat([]), ArgumentError, /^concat: expected a list of at least one tensor, got/],
      [() => ops.concat([vector, bad(1)]), ArgumentError, "concat: expected tensor 1 to be a tensor, got 1"],
      [
        () => ops.concat([scalar]),
        ShapeError,
        "concat: expected tensors with an axis, got scalars; use stack",
      ],
      [() => ops.concat([vector], 1), ShapeError, /^concat: /],
      [
        () => ops.concat([matrix, vector]),
        ShapeError,
        "concat: expected tensor 1 to have the sizes of tensor 0 but along dim 0: [2, 3], got [3]",
      ],
      [() => ops.concat([vector, integers]), DTypeError, /^concat: x0 is float32 but x1 is int32/],
      [() => ops.stack([vector, scalar]), ShapeError, "stack: expected tensor 1 to be [3], got []"],
      [() => ops.stack([]), ArgumentError, /^stack: expected a list of at least one tensor/],
      [() => ops.split(bad(1), 1), ArgumentError, "split: expected x to be a tensor, got 1"],
      [() => ops.split(scalar, 1), ShapeError, "split: expected x to have an axis, got a scalar"],
      [() => ops.split(vector, [1, 1]), ArgumentError, "split: expected sizes that add up to 3, got [1, 1]"],
      [() => ops.split(vector, 0), ArgumentError, "split: expected sizes to be a whole number ≥ 1, got 0"],
      [
        () => ops.split(vector, [-1, 4]),
        ArgumentError,
        "split: expected each size to be a whole number ≥ 0, got -1",
      ],
      [() => ops.slice(bad(1), 0), ArgumentError, "slice: expected x to be a tensor, got 1"],
      [() => ops.slice(scalar, 0), ShapeError, "slice: expected x to have an axis, got a scalar"],
      [
        () => ops.slice(vector, 0, { step: 0 }),
        ArgumentError,
        "slice: expected step to be a whole number ≥ 1, got 0",
      ],
      [
        () => ops.slice(vector, 0, { start: 0.5 }),
        ArgumentError,
        "slice: expected start to be a whole number, got 0.5",
      ],
      [() => ops.slice(vector, 0, bad({ stop: 1 })), OptionError, /^slice: unknown option "stop"/],
      [() => ops.pad(bad(1), 0, 1, 1), ArgumentError, "pad: expected x to be a tensor, got 1"],
      [() => ops.pad(scalar, 0, 1, 1), ShapeError, "pad: expected x to have an axis, got a scalar"],
      [
        () => ops.pad(vector, 0, -1, 1),
        ArgumentError,
        "pad: expected before to be a whole number ≥ 0, got -1",
      ],
      [
        () => ops.pad(vector, 0, 1, 1.5),
        ArgumentError,
        "pad: expected after to be a whole number ≥ 0, got 1.5",
      ],
      [() => ops.pad(vector, 0, 1, 1, bad("0")), ArgumentError, /^pad: expected value to be a number/],
      [
        () => ops.pad(ops.to(vector, "int32"), 0, 1, 1, 0.5),
        ArgumentError,
        "pad: expected value to be a whole number in [-2^31, 2^31) for int32, got 0.5",
      ],
      [
        () => ops.pad(ops.to(vector, "int32"), 0, 0, 0, 2 ** 31),
        ArgumentError,
        "pad: expected value to be a whole number in [-2^31, 2^31) for int32, got 2147483648",
      ],
      [
        () => ops.pad(ops.to(vector, "bool"), 0, 1, 1, 3),
        ArgumentError,
        "pad: expected value to be 0, 1, true or false for bool, got 3",
      ],
      [() => ops.flip(bad(1), 0), ArgumentError, "flip: expected x to be a tensor, got 1"],
      [() => ops.flip(vector, 1), ShapeError, /^flip: /],
      [() => ops.repeat(bad(1), [1]), ArgumentError, "repeat: expected x to be a tensor, got 1"],
      [() => ops.repeat(matrix, [2]), ShapeError, "repeat: expected a count for each of 2 axes, got [2]"],
      [() => ops.repeat(vector, [-1]), ShapeError, /^repeat: /],
    ],
    kept,
  );
});

describe("matrices", () => {
  testErrors(
    [
      [() => ops.diagonal(vector), ShapeError, "diagonal: expected a matrix or a stack of such, got [3]"],
      [() => ops.diagonal(bad(1)), ArgumentError, "diagonal: expected x to be a tensor, got 1"],
      [() => ops.trace(vector), ShapeError, "trace: expected a matrix or a stack of such, got [3]"],
      [
        () => ops.diagonalMatrix(scalar),
        ShapeError,
        "diagonalMatrix: expected x to have an axis, got a scalar",
      ],
      [() => ops.diagonalMatrix(ops.greater(vector, 1)), DTypeError, /^diagonalMatrix: expected x to be/],
      [() => ops.diagonalMatrix(bad(1)), ArgumentError, "diagonalMatrix: expected x to be a tensor, got 1"],
      [() => ops.tril(vector), ShapeError, "tril: expected a matrix or a stack of such, got [3]"],
      [() => ops.triu(vector), ShapeError, "triu: expected a matrix or a stack of such, got [3]"],
      [() => ops.triu(bad(1)), ArgumentError, "triu: expected x to be a tensor, got 1"],
      [
        () => ops.tril(matrix, { diagonal: 0.5 }),
        ArgumentError,
        "tril: expected diagonal to be a whole number, got 0.5",
      ],
      [() => ops.tril(matrix, bad({ k: 1 })), OptionError, /^tril: unknown option "k"/],
      [
        () => ops.dot(matrix, vector),
        ShapeError,
        "dot: expected two vectors of one size, got a [2, 3] and b [3]",
      ],
      [() => ops.dot(vector, bad(1)), ArgumentError, "dot: expected b to be a tensor, got 1"],
      [() => ops.outer(matrix, vector), ShapeError, "outer: expected two vectors, got a [2, 3] and b [3]"],
      [() => ops.outer(bad(1), vector), ArgumentError, "outer: expected a to be a tensor, got 1"],
      [() => ops.matmul(zeros([2, 2, 3]), zeros([3, 3, 2])), ShapeError, /^matmul: .*do not broadcast/],
      [() => ops.einsum(bad(1), [vector]), ArgumentError, /^einsum: expected an equation such as/],
      [() => ops.einsum("i->->", [vector]), ArgumentError, /^einsum: expected an equation such as/],
      [() => ops.einsum("i,j", [vector]), ArgumentError, 'einsum: "i,j" has 2 operands, got 1 tensors'],
      [() => ops.einsum("i->j", [vector]), ArgumentError, /^einsum: expected each letter of the result once/],
      [() => ops.einsum("ij->i", [vector]), ShapeError, 'einsum: "ij" names 2 axes, got [3]'],
      [() => ops.einsum("i,i->", [vector, tensor([1, 2])]), ShapeError, "einsum: sizes of i differ: 3 and 2"],
    ],
    kept,
  );
});

describe("reductions and order", () => {
  testErrors(
    [
      [() => ops.clamp(bad(1), { min: 0 }), ArgumentError, "clamp: expected x to be a tensor, got 1"],
      [() => ops.clamp(vector, {}), ArgumentError, "clamp: expected min or max, got neither"],
      [() => ops.clamp(vector, bad()), ArgumentError, "clamp: expected min or max, got neither"],
      [
        () => ops.clamp(ops.to(vector, "int32"), { max: 1.5 }),
        ArgumentError,
        "clamp: the number 1.5 beside a tensor of int32 is no int32; convert the tensor with to()",
      ],
      [
        () => ops.clamp(ops.to(vector, "bool"), { max: 1 }),
        DTypeError,
        "clamp: expected x to be float32, float64 or int32, got bool",
      ],
      [() => ops.clamp(vector, { min: bad("0") }), ArgumentError, /^clamp: expected min to be a number/],
      [() => ops.clamp(vector, { max: Number.NaN }), ArgumentError, /^clamp: expected max to be a number/],
      [() => ops.clamp(vector, bad({ low: 0 })), OptionError, /^clamp: unknown option "low"/],
      [
        () => ops.logicalXor(bad(1), bad(1)),
        ArgumentError,
        "logicalXor: expected a tensor beside the number 1, got 1",
      ],
      [() => ops.prod(bad(1)), ArgumentError, "prod: expected x to be a tensor, got 1"],
      [() => ops.variance(integers), DTypeError, "variance: expected x to be float32 or float64, got int32"],
      [
        () => ops.std(vector, { correction: bad("1") }),
        ArgumentError,
        'std: expected correction to be a number, got "1"',
      ],
      [() => ops.std(vector, bad({ ddof: 1 })), OptionError, /^std: unknown option "ddof"/],
      [() => ops.norm(vector, { p: bad("2") }), ArgumentError, 'norm: expected p to be a number, got "2"'],
      [() => ops.norm(vector, { p: Number.NaN }), ArgumentError, "norm: expected p to be a number, got NaN"],
      [() => ops.norm(integers), DTypeError, "norm: expected x to be float32 or float64, got int32"],
      [() => ops.norm(vector, bad({ order: 1 })), OptionError, /^norm: unknown option "order"/],
      [() => ops.cumsum(bad(1), 0), ArgumentError, "cumsum: expected x to be a tensor, got 1"],
      [() => ops.cumsum(vector, 1), ShapeError, /^cumsum: /],
      [() => ops.argsort(bad(1)), ArgumentError, "argsort: expected x to be a tensor, got 1"],
      [() => ops.sort(vector, { dim: 2 }), ShapeError, /^sort: /],
      [
        () => ops.sort(vector, { descending: bad(1) }),
        ArgumentError,
        "sort: expected descending to be true or false, got 1",
      ],
      [() => ops.sort(vector, bad({ reverse: true })), OptionError, /^sort: unknown option "reverse"/],
      [() => ops.topk(bad(1), 1), ArgumentError, "topk: expected x to be a tensor, got 1"],
      [() => ops.topk(vector, 4), ArgumentError, "topk: expected k to be a whole number ≥ 0 and ≤ 3, got 4"],
      [
        () => ops.topk(vector, 1, { largest: bad(1) }),
        ArgumentError,
        "topk: expected largest to be true or false, got 1",
      ],
      [() => ops.topk(vector, 1, bad({ sorted: true })), OptionError, /^topk: unknown option "sorted"/],
      [() => ops.max(zeros([0]), { dim: 0 }), ShapeError, "max: no elements to choose from in [0]"],
      [() => ops.min(bad(1), { dim: 0 }), ArgumentError, "min: expected x to be a tensor, got 1"],
      [() => ops.atan2(bad("1"), vector), ArgumentError, /^atan2: expected a to be a tensor or a number/],
      [() => ops.sin(integers), DTypeError, "sin: expected x to be float32 or float64, got int32"],
    ],
    kept,
  );
});

describe("linear algebra and scatter", () => {
  const square = tensor([
    [1, 2],
    [2, 4],
  ]);
  const index = tensor([0, 1], { dtype: "int32" });
  const singular = /^solve: expected an invertible matrix: matrix 0, pivot 1 is 0$/;
  const calls = [
    ["cholesky", ops.cholesky],
    ["eigh", ops.eigh],
    ["eigvalsh", ops.eigvalsh],
    ["inverse", ops.inverse],
    ["det", ops.det],
    ["slogdet", ops.slogdet],
    ["logdet", ops.logdet],
    ["solve", (x: Tensor) => ops.solve(x, vector)],
    ["solveTriangular", (x: Tensor) => ops.solveTriangular(x, vector)],
  ] as const;
  testErrors(
    [
      ...calls.flatMap(([name, op]): Parameters<typeof testErrors>[0] => [
        [() => op(bad(1)), ArgumentError, new RegExp(`^${name}: expected [ax] to be a tensor, got 1$`)],
        [
          () => op(bad(matrix)),
          ShapeError,
          `${name}: expected a square matrix or a stack of such, got [2, 3]`,
        ],
      ]),
      [
        () => ops.inverse(zeros([2, 2], { dtype: "int32" })),
        DTypeError,
        /^inverse: expected x to be float32/,
      ],
      [() => ops.inverse(square), ArgumentError, singular],
      [() => ops.solve(square, tensor([1, 2])), ArgumentError, singular],
      [
        () => ops.solve(ops.stack([ops.add(square, tensor([[1, 0]])), square]), tensor([1, 2])),
        ArgumentError,
        "solve: expected an invertible matrix: matrix 1, pivot 1 is 0",
      ],
      [() => ops.solve(square, vector), ShapeError, "solve: expected b to have 2 rows, as a has, got [3]"],
      [() => ops.solve(square, scalar), ShapeError, "solve: expected b to have 2 rows, as a has, got []"],
      [() => ops.solve(square, bad([1, 2])), ArgumentError, /^solve: expected b to be a tensor/],
      [() => ops.solve(square, zeros([2], { dtype: "float64" })), DTypeError, /^solve: a is float32 but b/],
      [() => ops.solve(zeros([2, 2, 2]), zeros([3, 2, 1])), ShapeError, /^solve: /],
      [
        () => ops.solveTriangular(square, tensor([1, 2]), bad({ lower: true })),
        OptionError,
        /^solveTriangular: unknown option "lower"/,
      ],
      [
        () => ops.solveTriangular(square, tensor([1, 2]), { upper: bad(1) }),
        ArgumentError,
        /^solveTriangular: expected upper to be/,
      ],
      [
        () =>
          ops.cholesky(
            tensor([
              [1, 2],
              [2, 1],
            ]),
          ),
        ArgumentError,
        "cholesky: expected a positive definite matrix: matrix 0, pivot 1 is not above 0",
      ],
      [
        () => compile((x: Tensor) => ops.cholesky(x))(tensor([[-1]])),
        ArgumentError,
        "cholesky: expected a positive definite matrix: matrix 0, pivot 0 is not above 0",
      ],
      [() => ops.scatter(bad(1), 0, index, 1), ArgumentError, "scatter: expected x to be a tensor, got 1"],
      [() => ops.scatter(vector, 0, bad([0]), 1), ArgumentError, /^scatter: expected index to be a tensor/],
      [
        () => ops.scatter(vector, 0, vector, 1),
        DTypeError,
        "scatter: expected index to be int32, got float32",
      ],
      [
        () => ops.scatter(vector, 0, index, tensor([1])),
        ShapeError,
        /^scatter: expected source to have index's/,
      ],
      [
        () => ops.scatter(vector, 0, index, integers),
        DTypeError,
        "scatter: x is float32 but source is int32",
      ],
      [() => ops.scatter(integers, 0, index, 0.5), ArgumentError, /^scatter: the number 0.5 beside a tensor/],
      [
        () => ops.scatter(vector, 0, index, bad("1")),
        ArgumentError,
        /^scatter: expected source to be a tensor/,
      ],
      [
        () => ops.scatter(vector, 0, tensor([0, 3], { dtype: "int32" }), 1),
        IndexError,
        "scatter: index 3 at position 1 is outside [0, 3)",
      ],
    ],
    kept,
  );
});
