import { DTypeError, ShapeError } from "../errors.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { asList, checkAxisList, isScalar, withSize } from "./axis-index.js";
import { addSlices } from "./index-maps.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * Adds slices of source into a copy of x where a list says: y[index[j]] += source[j] (torch.index_add).
 * Slices that meet are all added.
 * Shapes: x [..., n, ...], index [m] int32, source [..., m, ...] → y as x. A scalar is a list of one element.
 * @example indexAdd(zeros([3, 2]), 0, tensor([2, 2], { dtype: "int32" }), ones([2, 2]))
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  if (isScalar(x)) return reshape(indexAdd(asList(x), dim, asList(index), asList(source)), []);
  const axis = checkAxisList("indexAdd", x, dim, index);
  checkTensor("indexAdd", "source", source);
  const expected = withSize(x.shape, axis, index.size);
  if (!sameShape(source.shape, expected)) {
    throw new ShapeError(`indexAdd: expected source to be ${format(expected)}, got ${format(source.shape)}`);
  }
  if (source.dtype !== x.dtype)
    throw new DTypeError(`indexAdd: x is ${x.dtype} but source is ${source.dtype}`);
  return add(x, addSlices(source, axis, index, x.shape[axis] as number));
}

register("indexAdd", indexAdd, {
  torch: "torch.index_add",
  cases: ({ floats, values }) => ({
    "1-D, repeated": [floats([5]), 0, values([4, 0, 4, 2, 4, 1, 0], "int32"), floats([7])],
    "rows, repeated": [floats([4, 3]), 0, values([2, 0, 2], "int32"), floats([3, 3])],
    columns: [floats([3, 4]), 1, values([3, 1], "int32"), floats([3, 2])],
    "negative dim": [floats([2, 3]), -1, values([2, 2, 0, 1], "int32"), floats([2, 4])],
    "3-D, middle dim": [floats([2, 3, 2]), 1, values([2, 0], "int32"), floats([2, 2, 2])],
    "a scalar": [floats([]), 0, values([0], "int32"), floats([])],
    "size 1": [floats([1, 1]), 0, values([0], "int32"), floats([1, 1])],
    "no index": [floats([3, 2]), 0, values([], "int32"), floats([0, 2])],
  }),
});
