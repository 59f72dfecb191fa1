import { ArgumentError } from "../errors.js";
import { checkNumber, describeList } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { register } from "./registry.js";
import { slice } from "./slice.js";

/**
 * Cuts an axis into pieces of a size, the last of which may be smaller, or of the sizes in a list
 * (torch.split).
 * @param dim default 0.
 * @example split(arange(5), 2)        // [0, 1], [2, 3], [4]
 * @example split(arange(5), [1, 4])   // [0], [1, 2, 3, 4]
 * @throws ArgumentError unless listed sizes add up to the axis's; ShapeError
 */
export function split(x: Tensor, sizes: number | readonly number[], dim = 0): Tensor[] {
  checkTensor("split", "x", x);
  const axis = checkAxis("split", x, dim);
  const length = x.shape[axis] as number;
  const list = Array.isArray(sizes)
    ? sizes.map((size: unknown) => checkNumber("split", "each size", size, { min: 0, integer: true }))
    : equalSizes(length, checkNumber("split", "sizes", sizes, { min: 1, integer: true }));
  const total = list.reduce((sum, size) => sum + size, 0);
  if (total !== length) {
    throw new ArgumentError(`split: expected sizes that add up to ${length}, got ${describeList(sizes)}`);
  }
  let start = 0;
  return list.map((size) => {
    const piece = slice(x, axis, { start, end: start + size });
    start += size;
    return piece;
  });
}

function equalSizes(length: number, size: number): number[] {
  const count = Math.max(Math.ceil(length / size), 1);
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

register("split", split, {
  torch: "torch.split",
  cases: ({ floats }) => ({
    equal: [floats([6]), 2, 0],
    "a smaller last one": [floats([2, 5]), 2, 1],
    listed: [floats([5, 2]), [1, 0, 4], 0],
    empty: [floats([0, 2]), 1, 1],
  }),
});
