import { ShapeError } from "../errors.js";
import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineOp } from "./define.js";
import { dimsOf, type ReduceOptions, reduceDims, type Span, spanParams, withoutSpan } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { sumSpan } from "./sum-and-expand.js";

const MAX_COUNT = 2 ** 31 - 1;

const op = defineOp<"x", Span>("countNonzero", {
  inputs: ["x"],
  kernel: "count_nonzero",
  shape: ({ x, ...span }) => ({ shape: withoutSpan(x, span), dtype: "int32" }),
  params: spanParams,
  batch: ({ x, begin, end }, { op: self }) => self([x], { begin: begin + 1, end: end + 1 }),
});

/**
 * How many elements are not 0, along the axes `dim` or of all: y = Σ [x ≠ 0]. NaN is not 0, and −0 is; of no elements
 * the count is 0. It has no gradient: `backward()` through it is an error (torch.count_nonzero).
 * Shapes: as `sum`. Dtypes: float32, float64, int32, bool. Gives int32.
 * @example countNonzero(tensor([[1, 0], [0, 0]]), { dim: 1 })   // [1, 0]
 * @throws ShapeError also where a count could pass int32; OptionError
 */
export function countNonzero(x: Tensor, options: ReduceOptions = {}): Tensor {
  const dims = dimsOf("countNonzero", x, options);
  checkCounts(x, dims);
  // Where the axes lie apart, the first reduction counts and the others add up its counts.
  return reduceDims("countNonzero", x, options, (part, begin, end) =>
    part === x ? op([part], { begin, end }) : sumSpan(part, { begin, end }),
  );
}

/** @throws ShapeError where more elements go into a count than int32 can count. */
function checkCounts(x: Tensor, dims: readonly number[]): void {
  const counted = sizeOf(dims.map((d) => x.shape[d] as number));
  if (counted > MAX_COUNT && x.size > 0) {
    throw new ShapeError(
      `countNonzero: expected at most ${MAX_COUNT} elements to a count, which is int32, got ${counted}`,
    );
  }
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    countNonzero: Method<typeof countNonzero>;
  }
}

register("countNonzero", countNonzero, {
  method: true,
  torch: "reduced(count_nonzero)",
  reduces: { axes: "several", of: "floats" },
  cases: ({ values, integers, truths }) => ({
    "zeros of both signs, NaN and infinities": [values([0, -0, NaN, Infinity, -Infinity, 2])],
    "zeros, two dims apart": [
      values([
        [
          [0, 1],
          [2, 0],
        ],
        [
          [0, 0],
          [3, 0],
        ],
      ]),
      { dim: [0, 2] },
    ],
    int32: [integers([3, 17], 3), { dim: 1 }],
    bool: [truths([3, 17]), { dim: 0, keepdim: true }],
  }),
});
