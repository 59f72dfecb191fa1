import { ShapeError } from "../errors.js";
import { checkShape, format, type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { linear } from "./define.js";
import { withRank } from "./samples.js";
import { stridedParams } from "./strided.js";
import { sumTo } from "./sum-to.js";

const op = linear<"x", { shape: Shape }>("expand", {
  inputs: ["x"],
  kernel: "strided",
  shape: ({ x, shape }) => ({ shape, dtype: x.dtype }),
  params: ({ x, shape }) => {
    const added = shape.length - x.rank;
    const strides = shape.map((_, d) =>
      d < added || x.shape[d - added] === 1 ? 0 : sizeOf(x.shape.slice(d - added + 1)),
    );
    return stridedParams(shape, strides, 0);
  },
  transpose: ({ dy, x }) => sumTo(dy, x.shape),
  batch: ({ x, shape }, { size, op: self }) => self([withRank(x, shape.length)], { shape: [size, ...shape] }),
});

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
  return sameShape(x.shape, wanted) ? x : op([x], { shape: wanted });
}
