import { zerosLike } from "../tensor/copy.js";
import { arange, zeros } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { asList, checkAxisPerElement, indexParams, isScalar } from "./axis-index.js";
import { defineOp, type OpDefinition } from "./define.js";
import { equal } from "./equal.js";
import { expand } from "./expand.js";
import { forEach } from "./for-each.js";
import { gather } from "./gather.js";
import { frontOf, sourceFor, withFront } from "./index-source.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { where } from "./where.js";

/** An op that runs the kernel, without its derivatives. */
export const SCATTER: OpDefinition<"x" | "index" | "source", { dim: number }> = {
  inputs: ["x", "index", "source"],
  kernel: "scatter",
  shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  params: ({ x, index, dim }) => indexParams(x.shape, dim, index.shape[dim] as number),
  batch: ({ x, index, source, dim }, { batched, size, op: self }) => {
    const tensors = [
      forEach(x, batched.x, size),
      forEach(index, batched.index, size),
      forEach(source, batched.source, size),
    ];
    return self(tensors, { dim: dim + 1 });
  },
};

const op = defineOp("scatter", {
  ...SCATTER,
  vjp: {
    x: ({ dy, index, dim }) => scatter(dy, dim, index, 0),
    source: ({ dy, x, index, dim }) => where(stays(x, index, dim), gather(dy, dim, index), 0),
  },
  jvp: {
    x: ({ dx, index, dim }) => scatter(dx, dim, index, 0),
    source: ({ dsource, x, index, dim }) => scatter(zerosLike(x), dim, index, dsource),
  },
});

/** Which elements of the source no later one overwrites. */
function stays(x: Tensor, index: Tensor, dim: number): Tensor {
  const order = positions(index.shape, dim);
  const last = scatter(zeros(x.shape, { dtype: "int32" }), dim, index, order);
  return equal(gather(last, dim, index), order);
}

/** 0, 1, … along the axis, of that shape. int32 */
export function positions(shape: Shape, dim: number): Tensor {
  const count = shape[dim] as number;
  const line = shape.map((_, d) => (d === dim ? count : 1));
  return expand(reshape(arange(count, { dtype: "int32" }), line), shape);
}

/**
 * Writes into a copy of x along an axis, each element where its index says: for dim 1,
 * y[i, index[i, j]] = source[i, j] (torch.scatter). Of those that meet the last stays, and has the gradient;
 * PyTorch leaves open which.
 * Shapes: index has x's sizes, or smaller ones, but along `dim`, where it may have any; source has index's, or larger
 * ones, or is one number; y has x's. A scalar is a list of one element. index: int32. Any dtype.
 * @example scatter(zeros([3]), 0, tensor([2], { dtype: "int32" }), 5)   // [0, 0, 5]
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError
 */
export function scatter(x: Tensor, dim: number, index: Tensor, source: Operand): Tensor {
  if (isScalar(x)) return reshape(scatter(asList(x), dim, asList(index), asList(source)), []);
  const axis = checkAxisPerElement("scatter", x, dim, index);
  const values =
    typeof source === "number"
      ? expand(operands("scatter", x, source)[1], index.shape)
      : sourceFor("scatter", x, index, source);
  return withFront(x, op([frontOf(x, index.shape, axis), index, values], { dim: axis }));
}

register("scatter", scatter, {
  torch: "scatter",
  cases: ({ floats, values }) => ({
    // PyTorch's gradient is of an index that names no place twice.
    "1-D": [floats([5]), 0, values([4, 0, 2], "int32"), floats([3])],
    "first dim": [
      floats([3, 4]),
      0,
      values(
        [
          [0, 2, 1, 1],
          [2, 0, 0, 2],
        ],
        "int32",
      ),
      floats([2, 4]),
    ],
    "last dim, negative": [
      floats([3, 4]),
      -1,
      values(
        [
          [3, 0],
          [1, 0],
          [2, 3],
        ],
        "int32",
      ),
      floats([3, 2]),
    ],
    "3-D, middle dim": [floats([2, 3, 2]), 1, values([[[0, 2]], [[1, 1]]], "int32"), floats([2, 1, 2])],
    "a smaller index": [
      floats([3, 4, 2]),
      1,
      values(
        [
          [[3], [0]],
          [[1], [2]],
        ],
        "int32",
      ),
      floats([2, 3, 2]),
    ],
    "a source too small": [floats([3]), 0, values([0, 1], "int32"), floats([1])],
    "a scalar": [floats([]), 0, values(0, "int32"), floats([])],
    "size 1": [floats([1]), 0, values([0], "int32"), floats([1])],
    "no index": [floats([3]), 0, values([], "int32"), floats([0])],
    "extreme values": [
      values([NaN, 1, Infinity, 2]),
      0,
      values([2, 0, 1], "int32"),
      values([-Infinity, NaN, 1e300]),
    ],
  }),
  order: { "extreme values": 0 },
});
