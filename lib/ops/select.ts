import { IndexError } from "../errors.js";
import { checkNumber } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sliceAt } from "./slice-and-concat.js";

/**
 * One position along an axis, which is left out (torch.select); a negative index counts from the end.
 * Shapes: x [..., n, ...] → y without that axis. Any dtype.
 * @example select(tensor([[1, 2], [3, 4]]), 1, 0)   // [1, 3]
 * @throws IndexError for an index outside [−n, n); ShapeError for a scalar; ArgumentError
 */
export function select(x: Tensor, dim: number, index: number): Tensor {
  checkTensor("select", "x", x);
  const axis = checkAxis("select", x, dim);
  const size = x.shape[axis] as number;
  checkNumber("select", "index", index, { integer: true });
  if (index < -size || index >= size) {
    throw new IndexError(
      `select: expected index to be in [${-size}, ${size}) along dim ${dim}, got ${index}`,
    );
  }
  return positionOf(x, axis, index < 0 ? index + size : index);
}

/** `select` of a position that is there. */
export function positionOf(x: Tensor, axis: number, at: number): Tensor {
  return reshape(sliceAt(x, { dim: axis, start: at, count: 1, step: 1 }), x.shape.toSpliced(axis, 1));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    select: Method<typeof select>;
  }
}

register("select", select, {
  method: true,
  torch: "torch.select",
  cases: ({ floats }) => ({
    "1-D": [floats([5]), 0, 3],
    row: [floats([2, 3]), 0, 1],
    "column from the end": [floats([2, 3]), 1, -1],
    "middle dim": [floats([2, 3, 2]), -2, 0],
    "beyond the end": [floats([2, 3]), 0, 2],
    empty: [floats([0, 3]), 1, 2],
    "an empty axis": [floats([0, 3]), 0, 0],
  }),
});
