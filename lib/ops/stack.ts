import { ShapeError } from "../errors.js";
import { checkDim, format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkTensors, concat } from "./concat.js";
import { register } from "./registry.js";
import { unsqueeze } from "./unsqueeze.js";

/**
 * Tensors of one shape side by side along a new axis (torch.stack).
 * Shapes: n × [...] → [..., n, ...], with n at `dim`. Dtypes: any, the same.
 * @param dim default 0.
 * @example stack([tensor([1, 2]), tensor([3, 4])])   // [[1, 2], [3, 4]]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const list = checkTensors("stack", tensors);
  const { shape, rank } = list[0] as Tensor;
  const axis = checkDim("stack", dim, rank + 1);
  for (const [i, other] of list.entries()) {
    if (sameShape(other.shape, shape)) continue;
    throw new ShapeError(`stack: expected tensor ${i} to be ${format(shape)}, got ${format(other.shape)}`);
  }
  return concat(
    list.map((x) => unsqueeze(x, axis)),
    axis,
  );
}

register("stack", stack, {
  torch: "torch.stack",
  cases: ({ floats }) => ({
    vectors: [[floats([2]), floats([2]), floats([2])], 0],
    "last dim": [[floats([2, 3]), floats([2, 3])], -1],
    scalars: [[floats([]), floats([])], 0],
    "one tensor": [[floats([3])], 1],
    empty: [[floats([0]), floats([0])], 0],
  }),
});
