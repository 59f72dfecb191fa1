import { ArgumentError, ShapeError } from "../errors.js";
import { describe } from "../options.js";
import { checkDim, format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { register } from "./registry.js";
import { join } from "./slice-and-concat.js";

/** @throws ArgumentError unless it is a list of at least one tensor. */
export function checkTensors(name: string, tensors: unknown): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ArgumentError(`${name}: expected a list of at least one tensor, got ${describe(tensors)}`);
  }
  for (const [i, tensor] of tensors.entries()) checkTensor(name, `tensor ${i}`, tensor);
  return tensors;
}

/**
 * The tensors joined one after the other along an axis (torch.cat).
 * Shapes: [..., nᵢ, ...], equal but along `dim` → [..., Σ nᵢ, ...]. Dtypes: any, the same.
 * @param dim default 0.
 * @example concat([tensor([[1, 2]]), tensor([[3, 4]])])   // [[1, 2], [3, 4]]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function concat(tensors: readonly Tensor[], dim = 0): Tensor {
  const list = checkTensors("concat", tensors);
  const first = list[0] as Tensor;
  if (first.rank === 0) throw new ShapeError("concat: expected tensors with an axis, got scalars; use stack");
  const axis = checkDim("concat", dim, first.rank);
  const fits = (shape: Shape): boolean =>
    shape.length === first.rank && shape.every((size, d) => d === axis || size === first.shape[d]);
  for (const [i, { shape }] of list.entries()) {
    if (fits(shape)) continue;
    throw new ShapeError(
      `concat: expected tensor ${i} to have the sizes of tensor 0 but along dim ${dim}: ${format(first.shape)}, got ${format(shape)}`,
    );
  }
  return join(list, axis);
}

register("concat", concat, {
  torch: "torch.cat",
  cases: ({ floats }) => ({
    "two vectors": [[floats([3]), floats([2])], 0],
    rows: [[floats([1, 3]), floats([2, 3]), floats([1, 3])], 0],
    columns: [[floats([2, 1]), floats([2, 3])], -1],
    "middle dim": [[floats([2, 1, 2]), floats([2, 2, 2])], 1],
    "one tensor": [[floats([2, 2])], 0],
    "an empty one": [[floats([0, 2]), floats([1, 2])], 0],
  }),
});
