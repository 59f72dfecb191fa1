import { ShapeError } from "../errors.js";
import { checkShape, format, type Shape, sameShape, sizeOf } from "../graph/shape.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { linear } from "./define.js";

const op = linear<"x", { shape: Shape }>("reshape", {
  inputs: ["x"],
  kernel: null,
  shape: ({ x, shape }) => ({ shape, dtype: x.dtype }),
  transpose: ({ dy, x }) => reshape(dy, x.shape),
});

/** The same tensor as a result of its own in the graph, whatever its shape. */
export function view(x: Tensor): Tensor {
  return op([x], { shape: x.shape });
}

/**
 * The same elements under another shape: a view of the same memory. One size may be −1: what is left.
 * @example reshape(arange(6), [2, -1])   // [2, 3]
 * @throws ShapeError where the numbers of elements differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor("reshape", "x", x);
  if (sameShape(x.shape, shape)) return x;
  const open = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  let wanted = shape;
  if (open >= 0) {
    const rest = sizeOf(shape.filter((_, d) => d !== open));
    wanted = shape.map((size, d) => (d === open && rest !== 0 ? x.size / rest : size));
  }
  const mismatch = () => {
    throw new ShapeError(
      `reshape: ${format(x.shape)} has ${x.size} elements and does not fit ${format(shape)}`,
    );
  };
  if (open >= 0 && !Number.isInteger(wanted[open])) mismatch();
  const checked = checkShape("reshape", wanted);
  if (sizeOf(checked) !== x.size) mismatch();
  return op([x], { shape: checked });
}
