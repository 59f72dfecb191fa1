import { ArgumentError, ShapeError } from "../errors.js";
import { checkNumber, describe } from "../options.js";
import { checkDim, format, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { matmul } from "./matmul.js";
import { permute } from "./permute.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** The axes of a and of b that are summed over together. */
export type TensordotDims = number | readonly [a: readonly number[], b: readonly number[]];

/**
 * The sum of products over axes of both, as one matrix product (torch.tensordot): over the last `dims` axes of a and the
 * first of b, or over the axes that are listed for each.
 * Shapes: a [left..., inner...], b [inner..., right...] → y [left..., right...]. An axis of size 1 against a longer one
 * counts for all of that. Dtypes: float32, float64, int32.
 * @param dims default 2.
 * @example tensordot(ones([2, 3, 4]), ones([3, 4, 5]))              // [2, 5], of 12
 * @example tensordot(ones([2, 3]), ones([5, 2]), [[0], [1]])        // [3, 5], of 2
 * @throws ShapeError where sizes differ; ArgumentError, DTypeError
 */
export function tensordot(a: Tensor, b: Tensor, dims: TensordotDims = 2): Tensor {
  checkTensor("tensordot", "a", a);
  checkTensor("tensordot", "b", b);
  checkDTypes("tensordot", ["a", "b"], [a, b], "number");
  const [ofA, ofB] = readDims(a, b, dims);
  let [left, right] = [a, b];
  for (const [i, d] of ofA.entries()) {
    const e = ofB[i] as number;
    const [m, n] = [a.shape[d] as number, b.shape[e] as number];
    if (m === n) continue;
    if (m === 1) right = sum(right, { dim: e, keepdim: true });
    else if (n === 1) left = sum(left, { dim: d, keepdim: true });
    else throw new ShapeError(`tensordot: sizes ${m} of axis ${d} of a and ${n} of axis ${e} of b differ`);
  }
  const others = (x: Tensor, used: readonly number[]): number[] =>
    x.shape.map((_, d) => d).filter((d) => !used.includes(d));
  const sizes = (x: Tensor, axes: readonly number[]): number[] => axes.map((d) => x.shape[d] as number);
  const [rows, columns] = [others(left, ofA), others(right, ofB)];
  const inner = sizeOf(sizes(left, ofA));
  const y = matmul(
    reshape(permute(left, [...rows, ...ofA]), [sizeOf(sizes(left, rows)), inner]),
    reshape(permute(right, [...ofB, ...columns]), [inner, sizeOf(sizes(right, columns))]),
  );
  return reshape(y, [...sizes(left, rows), ...sizes(right, columns)]);
}

function readDims(a: Tensor, b: Tensor, dims: TensordotDims): readonly [number[], number[]] {
  if (typeof dims === "number") {
    const count = checkNumber("tensordot", "dims", dims, { min: 0, integer: true });
    if (count > Math.min(a.rank, b.rank)) {
      throw new ShapeError(
        `tensordot: expected ${count} axes of both, got ${format(a.shape)} and ${format(b.shape)}`,
      );
    }
    const first = Array.from({ length: count }, (_, d) => d);
    return [first.map((d) => a.rank - count + d), first];
  }
  const lists: unknown = dims;
  if (!Array.isArray(lists) || lists.length !== 2 || !lists.every(Array.isArray)) {
    throw new ArgumentError(
      `tensordot: expected dims to be a number or two lists of axes, got ${describe(dims)}`,
    );
  }
  const [ofA, ofB] = [a, b].map((x, i) =>
    (dims[i] as readonly number[]).map((d) => checkDim("tensordot", d, x.rank)),
  ) as [number[], number[]];
  const isOnce = [ofA, ofB].every((list) => new Set(list).size === list.length);
  if (
    ofA.length === ofB.length &&
    isOnce &&
    (a.rank > 0 || ofA.length === 0) &&
    (b.rank > 0 || ofB.length === 0)
  )
    return [ofA, ofB];
  throw new ShapeError(
    `tensordot: expected as many axes of a as of b, each once, got ${format(ofA)} and ${format(ofB)}`,
  );
}

register("tensordot", tensordot, {
  torch: "torch.tensordot",
  cases: ({ floats, integers }) => ({
    "two axes": [floats([2, 3, 4]), floats([3, 4, 5])],
    "one axis": [floats([2, 3]), floats([3, 4]), 1],
    "no axis": [floats([2]), floats([3]), 0],
    "all axes": [floats([2, 3]), floats([2, 3]), 2],
    listed: [
      floats([2, 3, 4]),
      floats([4, 5, 2]),
      [
        [0, 2],
        [2, 0],
      ] as const,
    ],
    "listed, negative": [floats([2, 3]), floats([5, 2]), [[-2], [-1]] as const],
    "a size of 1": [floats([2, 1]), floats([3, 2]), [[1], [0]] as const],
    "sizes that differ": [floats([2, 3]), floats([2, 3]), 1],
    int32: [integers([2, 3], 5), integers([3, 2], 5), 1],
    empty: [floats([0, 3]), floats([3, 2]), 1],
  }),
});
