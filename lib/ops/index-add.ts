import { DTypeError, ShapeError } from "../errors.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkAxisList, withSize } from "./axis-index.js";
import { addSlices } from "./index-maps.js";

/**
 * Adds slices of source into a copy of x where a list says: y[index[j]] += source[j] (torch.index_add).
 * Slices that meet are all added.
 * Shapes: x [..., n, ...], index [m] int32, source [..., m, ...] → y as x.
 * @example indexAdd(zeros([3, 2]), 0, tensor([2, 2], { dtype: "int32" }), ones([2, 2]))
 * @throws IndexError for an index outside [0, n); ShapeError, DTypeError
 */
export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
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
