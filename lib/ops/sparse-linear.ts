import { ShapeError } from "../errors.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { checkPattern, type SparsePattern, type SparsePatternOptions } from "./sparse-pattern.js";
import { sparseProduct } from "./sparse-products.js";

/**
 * y = x·Wᵀ + b for a matrix W of which only the entries of a pattern are not 0:
 *
 *     y[..., i] = Σ_{e: rows[e] = i} values[e]·x[..., columns[e]] + b[i]
 *
 * Derivatives are those for the entries that there are: dvalues[e] = Σ dy[..., rows[e]]·x[..., columns[e]], and
 * dx = dy·W. (PyTorch has `torch.sparse.mm` of a matrix in compressed sparse rows.)
 * Shapes: x [..., columns], values [entries], bias [rows] or null → y [..., rows]. Dtypes: float32, float64.
 *
 * The sum of a row has the same bits for any number of threads and of samples beside it.
 * @param pattern A `SparsePattern`, or what it is made of; a pattern that is used again is made once.
 * @throws ShapeError, DTypeError, ArgumentError; IndexError, OptionError for what is no pattern
 * @example sparseLinear(tensor([1, 2, 3]), tensor([10, 100]), null, { rows: [0, 0], columns: [2, 1], shape: [2, 3] })   // [230, 0]
 */
export function sparseLinear(
  x: Tensor,
  values: Tensor,
  bias: Tensor | null,
  pattern: SparsePattern | SparsePatternOptions,
): Tensor {
  const where = "sparseLinear";
  checkTensor(where, "x", x);
  checkTensor(where, "values", values);
  const known = checkPattern(where, pattern);
  const [rows, columns] = known.shape;
  if (bias !== null) checkTensor(where, "bias", bias);
  checkDTypes(where, ["x", "values"], [x, values], "float");
  if (bias !== null) checkDTypes(where, ["x", "bias"], [x, bias], "float");
  if (x.rank === 0 || x.shape.at(-1) !== columns) {
    throw new ShapeError(`${where}: expected x [..., ${columns}], got ${format(x.shape)}`);
  }
  if (values.rank !== 1 || values.size !== known.entries) {
    throw new ShapeError(`${where}: expected values [${known.entries}], got ${format(values.shape)}`);
  }
  if (bias !== null && (bias.rank !== 1 || bias.size !== rows)) {
    throw new ShapeError(`${where}: expected bias [${rows}], got ${format(bias.shape)}`);
  }
  if (x.rank === 2) return sparseProduct(values, x, bias, known);
  const front = x.shape.slice(0, -1);
  const batch = front.reduce((product, size) => product * size, 1);
  const y = sparseProduct(values, reshape(x, [batch, columns]), bias, known);
  return reshape(y, [...front, rows]);
}

register("sparseLinear", sparseLinear, {
  torch: "sparse_linear",
  cases: ({ floats, values }) => {
    const small = { rows: [0, 0, 2, 2, 2], columns: [3, 0, 1, 2, 3], shape: [3, 4] } as const;
    const odd = {
      rows: Array.from({ length: 40 }, (_, e) => Math.floor(e / 9)),
      columns: Array.from({ length: 40 }, (_, e) => (e * 5) % 9),
      shape: [5, 9],
    } as const;
    const empty = (rows: number, columns: number): SparsePatternOptions => ({
      rows: [],
      columns: [],
      shape: [rows, columns],
    });
    return {
      "a matrix": [floats([2, 4]), floats([5]), floats([3]), small],
      "no bias": [floats([2, 4]), floats([5]), null, small],
      "one sample": [floats([1, 4]), floats([5]), floats([3]), small],
      "1-D": [floats([4]), floats([5]), floats([3]), small],
      "3-D": [floats([2, 3, 4]), floats([5]), floats([3]), small],
      "odd sizes, 19 samples": [floats([19, 9]), floats([40]), floats([5]), odd],
      "odd sizes, one sample": [floats([9]), floats([40]), null, odd],
      "no samples": [floats([0, 4]), floats([5]), floats([3]), small],
      "no entries": [floats([2, 3]), floats([0]), floats([2]), empty(2, 3)],
      "no rows": [floats([2, 3]), floats([0]), floats([0]), empty(0, 3)],
      "no columns": [floats([2, 0]), floats([0]), floats([2]), empty(2, 0)],
      "size 1": [floats([1]), floats([1]), floats([1]), { rows: [0], columns: [0], shape: [1, 1] as const }],
      "extreme values": [
        values([
          [1, Infinity, 0],
          [NaN, 1e300, 1e300],
        ]),
        values([1, 2, -1]),
        null,
        { rows: [0, 0, 0], columns: [0, 1, 2], shape: [1, 3] as const },
      ],
    };
  },
  order: { "extreme values": 0 },
});
