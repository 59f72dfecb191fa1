import { checkNumber } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { type Method, register } from "./registry.js";
import { split } from "./split.js";

// An empty axis is cut into that many pieces, each empty: their list must fit into memory.
const MOST_EMPTY = 2 ** 20;

/**
 * Cuts an axis into that many pieces of equal size ⌈n / chunks⌉ (torch.chunk). The last may be smaller, and there may be
 * fewer pieces: 5 elements in 4 chunks are 3 pieces of sizes 2, 2 and 1. Of an axis of size 0 there are `chunks` empty
 * pieces, 2²⁰ at most.
 * Shapes: x [..., n, ...] → pieces [..., ⌈n / chunks⌉, ...]. Any dtype.
 * @param dim default 0.
 * @example chunk(arange(5), 2)   // [0, 1, 2], [3, 4]
 * @throws ArgumentError, ShapeError
 */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  checkTensor("chunk", "x", x);
  const axis = checkAxis("chunk", x, dim);
  const count = checkNumber("chunk", "chunks", chunks, { min: 1, max: 2 ** 31 - 1, integer: true });
  const length = x.shape[axis] as number;
  if (length === 0) {
    checkNumber("chunk", "chunks of an empty axis", count, { max: MOST_EMPTY });
    return Array.from({ length: count }, () => x);
  }
  return split(x, Math.ceil(length / count), axis);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    chunk: Method<typeof chunk>;
  }
}

register("chunk", chunk, {
  method: true,
  torch: "torch.chunk",
  cases: ({ floats }) => ({
    equal: [floats([6]), 3, 0],
    "a smaller last one": [floats([2, 5]), 2, 1],
    "fewer than asked for": [floats([5]), 4, 0],
    "more than elements": [floats([2, 3]), 7, -1],
    one: [floats([3, 2]), 1],
    "an empty axis": [floats([0, 2]), 3, 0],
    "another empty axis": [floats([0, 2]), 2, 1],
  }),
});
