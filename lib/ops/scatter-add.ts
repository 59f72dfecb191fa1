import { DTypeError, ShapeError } from "../errors.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkAxisPerElement } from "./axis-index.js";
import { addElements } from "./index-maps.js";

/**
 * Adds into a copy of x along an axis, each element where its index says: for dim 1,
 * y[i, index[i, j]] += source[i, j] (torch.scatter_add). Elements that meet are all added.
 * Shapes: index and source have one shape, x the same sizes but along `dim`; y has x's. index: int32.
 * @example scatterAdd(zeros([1, 3]), 1, index, source)
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const axis = checkAxisPerElement("scatterAdd", x, dim, index);
  checkTensor("scatterAdd", "source", source);
  if (!sameShape(source.shape, index.shape)) {
    throw new ShapeError(
      `scatterAdd: expected source to have index's shape ${format(index.shape)}, got ${format(source.shape)}`,
    );
  }
  if (source.dtype !== x.dtype)
    throw new DTypeError(`scatterAdd: x is ${x.dtype} but source is ${source.dtype}`);
  return add(x, addElements(source, axis, index, x.shape[axis] as number));
}
