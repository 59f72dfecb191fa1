import { ShapeError } from "../errors.js";
import { describeList } from "../options.js";
import { checkDim, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { linear } from "./define.js";
import { type Method, register } from "./registry.js";
import { stridedParams } from "./strided.js";

const op = linear<"x", { dims: readonly number[] }>("permute", {
  inputs: ["x"],
  kernel: "strided",
  shape: ({ x, dims }) => ({ shape: dims.map((d) => x.shape[d] as number), dtype: x.dtype }),
  params: ({ x, dims }, y) =>
    stridedParams(
      y.shape,
      dims.map((d) => sizeOf(x.shape.slice(d + 1))),
      0,
    ),
  transpose: ({ dy, dims }) =>
    permute(
      dy,
      dims.map((_, d) => dims.indexOf(d)),
    ),
  batch: ({ x, dims }, { op: self }) => self([x], { dims: [0, ...dims.map((d) => d + 1)] }),
});

/**
 * Axis d of the result is axis `dims[d]` of x (torch.permute).
 * @example permute(zeros([2, 3, 4]), [2, 0, 1])   // [4, 2, 3]
 * @throws ShapeError unless `dims` names each axis once.
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  checkTensor("permute", "x", x);
  const order = Array.isArray(dims) ? dims.map((d) => checkDim("permute", d, x.rank)) : null;
  if (order === null || order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(`permute: expected each of ${x.rank} axes once, got ${describeList(dims)}`);
  }
  return order.every((d, i) => d === i) ? x : op([x], { dims: order });
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    permute: Method<typeof permute>;
  }
}

register("permute", permute, {
  method: true,
  torch: "torch.permute",
  cases: ({ floats }) => ({
    "2-D": [floats([3, 7]), [1, 0]],
    "3-D, a cycle": [floats([2, 3, 4]), [2, 0, 1]],
    "negative dims": [floats([2, 3, 4]), [-1, 1, -3]],
    identity: [floats([2, 3]), [0, 1]],
    "4-D": [floats([2, 1, 3, 2]), [0, 2, 3, 1]],
    "1-D": [floats([3]), [0]],
    "0-d": [floats([]), []],
    empty: [floats([0, 3]), [1, 0]],
  }),
});
