import { checkDims, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { linear } from "./define.js";
import { register } from "./registry.js";
import { stridedParams } from "./strided.js";

const op = linear<"x", { dims: readonly number[] }>("flip", {
  inputs: ["x"],
  kernel: "strided",
  shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
  params: ({ x, dims }) => {
    const steps = x.shape.map((_, d) => sizeOf(x.shape.slice(d + 1)));
    const last = dims.reduce((sum, d) => sum + ((x.shape[d] as number) - 1) * (steps[d] as number), 0);
    return stridedParams(
      x.shape,
      steps.map((step, d) => (dims.includes(d) ? -step : step)),
      Math.max(last, 0),
    );
  },
  transpose: ({ dy, dims }) => flip(dy, dims),
  batch: ({ x, dims }, { op: self }) => self([x], { dims: dims.map((d) => d + 1) }),
});

/**
 * Turns axes around, so that their last position comes first (torch.flip).
 * Shapes: x → y, the same. Any dtype.
 * @example flip(tensor([1, 2, 3]), 0)   // [3, 2, 1]
 * @throws ShapeError
 */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  checkTensor("flip", "x", x);
  const axes = checkDims("flip", dims, x.rank).filter((d) => d < x.rank);
  return axes.length === 0 ? x : op([x], { dims: axes });
}

register("flip", flip, {
  torch: "lambda x, dims: torch.flip(x, [dims] if isinstance(dims, int) else dims)",
  cases: ({ floats }) => ({
    "1-D": [floats([5]), 0],
    "one of two": [floats([2, 3]), 1],
    both: [floats([2, 3]), [0, 1]],
    "ends of three, negative": [floats([2, 3, 2]), [-1, 0]],
    none: [floats([2, 3]), []],
    empty: [floats([0, 3]), 0],
    "size 1": [floats([1, 3]), 0],
  }),
});
