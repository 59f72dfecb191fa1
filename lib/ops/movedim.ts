import { ShapeError } from "../errors.js";
import { describeList } from "../options.js";
import { checkDim, listOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { permute } from "./permute.js";
import { type Method, register } from "./registry.js";

/**
 * Moves axes to other positions; the others keep their order (torch.movedim).
 * Any dtype.
 * @param source an axis, or several.
 * @param destination the position of each.
 * @example movedim(zeros([2, 3, 4]), 0, -1)   // [3, 4, 2]
 * @throws ShapeError unless both name as many axes, each once.
 */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  checkTensor("movedim", "x", x);
  const from = listOf(source).map((dim) => checkDim("movedim", dim, x.rank));
  const to = listOf(destination).map((dim) => checkDim("movedim", dim, x.rank));
  if (from.length !== to.length || [from, to].some((list) => new Set(list).size !== list.length)) {
    throw new ShapeError(
      `movedim: expected source and destination to name as many axes, each once, got ${describeList(source)} and ${describeList(destination)}`,
    );
  }
  const others = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  let next = 0;
  return permute(
    x,
    x.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)] : others[next++]) as number),
  );
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    movedim: Method<typeof movedim>;
  }
}

register("movedim", movedim, {
  method: true,
  torch: "torch.movedim",
  cases: ({ floats }) => ({
    "first to last": [floats([2, 3, 4]), 0, -1],
    "last to first": [floats([2, 3, 4]), 2, 0],
    "to its own place": [floats([2, 3]), 1, 1],
    several: [floats([2, 1, 3, 2]), [0, -1], [2, 0]],
    none: [floats([2, 3]), [], []],
    "0-d": [floats([]), 0, 0],
    empty: [floats([0, 3]), 0, 1],
  }),
});
