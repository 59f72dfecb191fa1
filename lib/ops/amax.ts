import { ShapeError } from "../errors.js";
import { format, sizeOf } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { amongEqual } from "./among-equal.js";
import { checkDTypes, defineOp } from "./define.js";
import { mul } from "./mul.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** Reduces the axes [begin, end). */
const op = defineOp<"x", { begin: number; end: number }>("amax", {
  inputs: ["x"],
  kernel: "amax",
  shape: ({ x, begin, end }) => {
    const dtype = checkDTypes("amax", ["x"], [x], "number");
    if (sizeOf(x.shape.slice(begin, end)) === 0) {
      throw new ShapeError(`amax: no elements to choose from in ${format(x.shape)}`);
    }
    return { shape: [...x.shape.slice(0, begin), ...x.shape.slice(end)], dtype };
  },
  params: ({ x, begin, end }) => [
    sizeOf(x.shape.slice(0, begin)),
    sizeOf(x.shape.slice(begin, end)),
    sizeOf(x.shape.slice(end)),
  ],
  vjp: {
    x: ({ dy, x, y, begin, end }) => {
      const { share, kept } = amongEqual(x, y, begin, end);
      return mul(share, reshape(dy, kept));
    },
  },
  jvp: {
    x: ({ dx, x, y, begin, end }) => {
      const { share, dims } = amongEqual(x, y, begin, end);
      return sum(mul(share, dx), { dim: dims });
    },
  },
});

/**
 * Largest element along the axes `dim`, or of all; NaN where there is one.
 * The gradient is shared evenly among equal ones (torch.amax).
 * Shapes: as `sum`. Dtypes: float32, float64, int32.
 * @example amax(tensor([[1, 5], [7, 2]]), { dim: 1 })   // [5, 7]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function amax(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("amax", x, options, (part, begin, end) => op([part], { begin, end }));
}
