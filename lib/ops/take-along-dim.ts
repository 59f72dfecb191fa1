import { ShapeError } from "../errors.js";
import { broadcast, checkDim, format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkIndex, withSize } from "./axis-index.js";
import { expand } from "./expand.js";
import { gather } from "./gather.js";
import { less } from "./less.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { where } from "./where.js";

/**
 * As `gather`, where the other axes of x and index broadcast (torch.take_along_dim). Without an axis both are taken as
 * flat. A negative index counts from the end.
 * Shapes: x [..., n, ...], index [..., m, ...] int32 → y [..., m, ...]. Any dtype of x.
 * @example takeAlongDim(x, argsort(x), -1)   // the elements of each row in order
 * @throws IndexError for an index outside [−n, n); ShapeError, DTypeError
 */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  checkTensor("takeAlongDim", "x", x);
  checkIndex("takeAlongDim", index);
  if (dim === undefined) {
    return gather(reshape(x, [x.size]), 0, fromStart(reshape(index, [index.size]), x.size));
  }
  const axis = checkDim("takeAlongDim", dim, x.rank);
  if (x.rank === 0 || x.rank !== index.rank) {
    throw new ShapeError(
      `takeAlongDim: expected x and index to have as many axes, got ${format(x.shape)} and ${format(index.shape)}`,
    );
  }
  const others = broadcast("takeAlongDim", withSize(x.shape, axis, 1), withSize(index.shape, axis, 1));
  const withOwn = ({ shape }: Tensor): Shape => withSize(others, axis, shape[axis] as number);
  const places = fromStart(index, x.shape[axis] as number);
  return gather(expand(x, withOwn(x)), axis, expand(places, withOwn(index)));
}

const fromStart = (index: Tensor, size: number): Tensor => where(less(index, 0), add(index, size), index);

register("takeAlongDim", takeAlongDim, {
  torch: "torch.take_along_dim",
  cases: ({ floats, integers, values }) => ({
    flat: [floats([2, 3]), values([5, 0, 3], "int32")],
    "last dim": [floats([2, 3]), integers([2, 4], 3), 1],
    "one row of indices for all": [floats([3, 2]), values([[1, 0, 1]], "int32"), -1],
    "one row for all indices": [floats([1, 3]), integers([2, 2], 3), 1],
    "from the end": [floats([2, 3]), values([[-1, 0, -3]], "int32"), 1],
    "first dim": [floats([3, 2]), integers([2, 1], 3), 0],
    "3-D": [floats([2, 3, 2]), integers([1, 2, 2], 3), 1],
    "another number of axes": [floats([2, 3]), integers([3], 2), 0],
    empty: [floats([2, 3]), integers([2, 0], 3), 1],
  }),
});
