import { ShapeError } from "../errors.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Draw, Draws } from "./cases.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { mul } from "./mul.js";
import { type ReduceOneOptions, type ReduceOptions, type Span, spanParams, withoutSpan } from "./reduce.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";
import { to } from "./to.js";

/** The largest or smallest element over a span of axes; its gradient is shared evenly among equal ones. */
export function extreme(name: "amax" | "amin"): Apply<Span> {
  return defineOp<"x", Span>(name, {
    inputs: ["x"],
    kernel: name,
    shape: ({ x, ...span }) => {
      const dtype = checkDTypes(name, ["x"], [x], "number");
      checkNotEmpty(name, x, span);
      return { shape: withoutSpan(x, span), dtype };
    },
    params: spanParams,
    vjp: {
      x: ({ dy, x, y, ...span }) => mul(shareOfEqual(x, y, span), reshape(dy, keeping(x, span))),
    },
    jvp: {
      x: ({ dx, x, y, ...span }) => sum(mul(shareOfEqual(x, y, span), dx), { dim: dimsOfSpan(x, span) }),
    },
    batch: ({ x, begin, end }, { op }) => op([x], { begin: begin + 1, end: end + 1 }),
  });
}

/** @throws ShapeError where there is nothing to choose from. */
export function checkNotEmpty(name: string, x: Tensor, { begin, end }: Span): void {
  if (x.shape.slice(begin, end).includes(0)) {
    throw new ShapeError(`${name}: no elements to choose from in ${format(x.shape)}`);
  }
}

const dimsOfSpan = (x: Tensor, { begin, end }: Span): number[] =>
  x.shape.map((_, d) => d).filter((d) => d >= begin && d < end);

const keeping = (x: Tensor, { begin, end }: Span): number[] =>
  x.shape.map((size, d) => (d >= begin && d < end ? 1 : size));

/** For an extreme y of x: 1/count where an element is one of `count` that equal y, 0 elsewhere. */
function shareOfEqual(x: Tensor, y: Tensor, span: Span): Tensor {
  const chosen = to(equal(x, reshape(y, keeping(x, span))), x.dtype);
  const dim = dimsOfSpan(x, span);
  return dim.length === 0 ? chosen : div(chosen, sum(chosen, { dim, keepdim: true }));
}

/** What amax and amin are tested with. */
export const extremeCases = ({
  values,
}: Draws): Readonly<Record<string, readonly [Draw, ReduceOptions?]>> => ({
  ties: [
    values([
      [1, 3, 3],
      [2, 2, 2],
      [0, -1, -1],
    ]),
    { dim: 1 },
  ],
  "ties over all": [
    values([
      [4, 4],
      [-1, -1],
      [0, 4],
    ]),
  ],
});

/** What argmax and argmin are tested with. */
export const positionCases = ({
  values,
}: Draws): Readonly<Record<string, readonly [Draw, ReduceOneOptions?]>> => ({
  "ties give the first": [
    values([
      [1, 3, 3],
      [2, 2, 2],
      [0, -1, -1],
    ]),
    { dim: 1 },
  ],
  "ties over all give the first": [
    values([
      [0, 4],
      [-1, 4],
      [-1, 0],
    ]),
  ],
  NaN: [
    values([
      [1, NaN, Infinity],
      [NaN, NaN, 0],
      [-Infinity, 1, NaN],
    ]),
    { dim: 1 },
  ],
  "zeros of both signs": [values([0, -0, 0])],
});
