import { checkNumber, checkOptions } from "../options.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { checkMatrix } from "./diagonal.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/** Which diagonal a triangle ends with. */
export interface TriangleOptions {
  /** 0 for the main one, 1 for the one above it, −1 for the one below, … Default: 0. */
  readonly diagonal?: number;
}

function triangle(
  name: string,
  x: Tensor,
  options: TriangleOptions,
  keeps: (row: number, column: number, diagonal: number) => boolean,
): Tensor {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["diagonal"]);
  const diagonal = checkNumber(name, "diagonal", options.diagonal ?? 0, { integer: true });
  const [rows, columns] = checkMatrix(name, x);
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) mask[i * columns + j] = Number(keeps(i, j, diagonal));
  }
  return where(new Tensor(mask, [rows, columns], "bool"), x, 0);
}

/**
 * x on and below a diagonal, 0 above it (torch.tril). Shapes: x [..., m, n] → y, the same. Any dtype.
 * @example tril(ones([2, 2]))   // [[1, 0], [1, 1]]
 * @throws ShapeError, ArgumentError, OptionError
 */
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  return triangle("tril", x, options, (row, column, diagonal) => column - row <= diagonal);
}

/**
 * x on and above a diagonal, 0 below it (torch.triu). Shapes: x [..., m, n] → y, the same. Any dtype.
 * @example triu(ones([2, 2]))   // [[1, 1], [0, 1]]
 * @throws ShapeError, ArgumentError, OptionError
 */
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  return triangle("triu", x, options, (row, column, diagonal) => column - row >= diagonal);
}

register("tril", tril, {
  torch: "torch.tril",
  cases: ({ floats }) => ({
    square: [floats([3, 3])],
    "wide, above": [floats([2, 4]), { diagonal: 1 }],
    "tall, below": [floats([4, 2]), { diagonal: -1 }],
    stack: [floats([2, 3, 3])],
    empty: [floats([0, 3])],
  }),
});
register("triu", triu, {
  torch: "torch.triu",
  cases: ({ floats }) => ({
    square: [floats([3, 3])],
    "wide, above": [floats([2, 4]), { diagonal: 1 }],
    "tall, below": [floats([4, 2]), { diagonal: -1 }],
    stack: [floats([2, 3, 3])],
    empty: [floats([0, 3])],
  }),
});
