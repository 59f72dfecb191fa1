// Two linear maps, each the transpose of the other: the sum over axes, and the repetition along axes.
import { type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, linear } from "./define.js";
import { reduceDims, type Span, spanParams, withoutSpan } from "./reduce.js";
import { reshape } from "./reshape.js";
import { withRank } from "./samples.js";
import { stridedParams } from "./strided.js";

const sumOp = linear<"x", Span>("sum", {
  inputs: ["x"],
  kernel: "sum",
  shape: ({ x, ...span }) => ({
    shape: withoutSpan(x, span),
    dtype: checkDTypes("sum", ["x"], [x], "number"),
  }),
  params: spanParams,
  batch: ({ x, begin, end }, { op }) => op([x], { begin: begin + 1, end: end + 1 }),
  transpose: ({ dy, x, begin, end }) => {
    const ones = x.shape.slice(begin, end).map(() => 1);
    return expandTo(reshape(dy, [...x.shape.slice(0, begin), ...ones, ...x.shape.slice(end)]), x.shape);
  },
});

/** The sum over the axes [begin, end). */
export function sumSpan(x: Tensor, span: Span): Tensor {
  return sumOp([x], span);
}

/** The transpose of broadcasting: sums the axes along which `shape` was broadcast to x's shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  // Of one element there is no sum: a compiled function reads it where it is, and −0 stays −0.
  const dim = x.shape
    .map((_, d) => d)
    .filter((d) => x.shape[d] !== 1 && (d < added || shape[d - added] === 1));
  const y =
    dim.length === 0 ? x : reduceDims("sum", x, { dim }, (part, begin, end) => sumSpan(part, { begin, end }));
  return reshape(y, shape);
}

const expandOp = linear<"x", { shape: Shape }>("expand", {
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
  batch: ({ x, shape }, { size, op }) => op([withRank(x, shape.length)], { shape: [size, ...shape] }),
});

/** x repeated along axes of size 1 and along new ones in front, to a shape that it broadcasts to. */
export function expandTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : expandOp([x], { shape });
}
