import { ShapeError } from "../errors.js";
import { describeList } from "../options.js";
import { checkShape, format, type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { linear } from "./define.js";
import { type Method, register } from "./registry.js";

const op = linear<"x", { shape: Shape }>("reshape", {
  inputs: ["x"],
  kernel: null,
  shape: ({ x, shape }) => ({ shape, dtype: x.dtype }),
  transpose: ({ dy, x }) => reshape(dy, x.shape),
  batch: ({ x, shape }, { size, op: self }) => self([x], { shape: [size, ...shape] }),
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
  if (!Array.isArray(shape)) checkShape("reshape", shape);
  if (sameShape(x.shape, shape)) return x;
  const open = shape.indexOf(-1);
  if (open !== shape.lastIndexOf(-1)) {
    throw new ShapeError(`reshape: expected at most one size to be -1, got ${describeList(shape)}`);
  }
  let wanted = shape;
  if (open >= 0) {
    const others = shape.filter((_, d) => d !== open);
    const rest = sizeOf(checkShape("reshape", others));
    wanted = shape.map((size, d) => (d === open && rest !== 0 ? x.size / rest : size));
  }
  const leavesNone = open >= 0 && (!Number.isInteger(wanted[open]) || wanted[open] === -1);
  const checked = leavesNone ? [] : checkShape("reshape", wanted);
  if (leavesNone || sizeOf(checked) !== x.size) {
    throw new ShapeError(
      `reshape: ${format(x.shape)} has ${x.size} elements and does not fit ${describeList(shape)}`,
    );
  }
  return op([x], { shape: checked });
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    reshape: Method<typeof reshape>;
  }
}

register("reshape", reshape, {
  method: true,
  torch: "torch.reshape",
  cases: ({ floats }) => ({
    "2-D to 2-D": [floats([2, 6]), [3, 4]],
    "a size to infer": [floats([2, 6]), [4, -1]],
    "to 1-D": [floats([3, 7]), [21]],
    "1-D to 3-D": [floats([12]), [2, 1, 6]],
    "0-d to size 1": [floats([]), [1, 1]],
    "size 1 to 0-d": [floats([1]), []],
    empty: [floats([0, 3]), [3, 0, 2]],
  }),
});
