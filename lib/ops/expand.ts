import { ShapeError } from "../errors.js";
import { checkShape, format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { expandTo } from "./sum-and-expand.js";

/**
 * Repeats axes of size 1, and adds axes in front, until x has that shape; −1 keeps a size.
 * Ops broadcast by themselves: this is for where the larger tensor itself is wanted.
 * @example expand(tensor([[1], [2]]), [2, 3])   // [[1, 1, 1], [2, 2, 2]]
 * @throws ShapeError where a size is neither equal nor 1.
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor("expand", "x", x);
  const added = Array.isArray(shape) ? shape.length - x.rank : 0;
  const wanted = checkShape(
    "expand",
    Array.isArray(shape)
      ? shape.map((size, d) => (size === -1 && d >= added ? x.shape[d - added] : size))
      : shape,
  );
  const fits = added >= 0 && x.shape.every((size, d) => size === 1 || size === wanted[d + added]);
  if (!fits) throw new ShapeError(`expand: ${format(x.shape)} does not expand to ${format(wanted)}`);
  return expandTo(x, wanted);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    expand: Method<typeof expand>;
  }
}

register("expand", expand, {
  method: true,
  torch: "lambda x, shape: x.expand(shape)",
  cases: ({ floats, values }) => ({
    "leading dim": [floats([3]), [2, 3]],
    column: [floats([2, 1]), [2, 3]],
    "sizes kept by -1": [floats([2, 1]), [4, -1, 3]],
    "middle dim": [floats([2, 1, 3]), [2, 2, 3]],
    "0-d": [floats([]), [2, 3]],
    "0-d to 0-d": [floats([]), []],
    "size 1": [floats([1, 1]), [7, 1]],
    "same shape": [floats([2, 3]), [2, 3]],
    "size 1 to empty": [floats([1]), [0]],
    empty: [floats([0, 1]), [0, 3]],
    "extreme values": [
      values([
        [NaN, Infinity, -Infinity],
        [-0, 1e300, 5e-324],
      ]),
      [2, 2, 3],
    ],
  }),
});
