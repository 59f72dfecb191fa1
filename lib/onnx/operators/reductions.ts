// Reductions over axes, and what looks along an axis.
import * as ops from "../../ops/index.js";
import { full } from "../../tensor/create.js";
import { isFloat } from "../../tensor/dtype.js";
import { checkDim } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { numberOf } from "../known.js";
import { at, axesOf, inFloats, ofOne, ofTwo, optionalNumbers } from "./inputs.js";
import { type Compute, operator } from "./registry.js";

interface Over {
  readonly dim: readonly number[];
  readonly keepdim: boolean;
}

/** Sums of elements; whole numbers stay whole. */
const sum = (x: Tensor, over: Over): Tensor => ops.sum(x, over);

/** The largest or smallest, which there is for no elements and for truths too. */
function extreme(reduce: typeof ops.amax, ofTruths: typeof ops.any, ofNone: number) {
  return (x: Tensor, over: Over): Tensor => {
    if (x.dtype === "bool") return ofTruths(x, over);
    if (!over.dim.some((d) => x.shape[d] === 0)) return reduce(x, over);
    const shape = over.keepdim
      ? x.shape.map((size, d) => (over.dim.includes(d) ? 1 : size))
      : x.shape.filter((_, d) => !over.dim.includes(d));
    return full(shape, isFloat(x.dtype) ? ofNone : Math.sign(ofNone) * 2 ** 31 - Number(ofNone > 0), {
      dtype: x.dtype,
    });
  };
}

const REDUCTIONS: Readonly<Record<string, (x: Tensor, over: Over) => Tensor>> = {
  ReduceSum: sum,
  ReduceMean: (x, over) => inFloats(x, (y) => ops.mean(y, over)),
  ReduceProd: (x, over) => ops.prod(x, over),
  ReduceMax: extreme(ops.amax, ops.any, -Infinity),
  ReduceMin: extreme(ops.amin, ops.all, Infinity),
  ReduceL1: (x, over) => sum(ops.abs(x), over),
  ReduceL2: (x, over) => inFloats(x, (y) => ops.norm(y, over)),
  ReduceLogSum: (x, over) => inFloats(x, (y) => ops.log(ops.sum(y, over))),
  ReduceLogSumExp: (x, over) => inFloats(x, (y) => ops.logsumexp(y, over)),
  ReduceSumSquare: (x, over) => sum(ops.mul(x, x), over),
};

/** The first opset in which the axes are an input. */
const axesAreInput = (name: string): number => (name === "ReduceSum" ? 13 : 18);

for (const [name, compute] of Object.entries(REDUCTIONS)) {
  const reduce = (x: Tensor, axes: readonly number[] | undefined, keepdim: boolean): Tensor =>
    compute(x, {
      dim: axes === undefined ? x.shape.map((_, d) => d) : axesOf("axes", axes, x.rank),
      keepdim,
    });
  operator(name, {
    since: 1,
    inputs: 1,
    make: ({ attributes }) => {
      const axes = attributes.ints("axes");
      const keepdim = attributes.flag("keepdims", true);
      return ofOne((x) => reduce(x, axes, keepdim));
    },
  });
  operator(name, {
    since: axesAreInput(name),
    inputs: [1, 2],
    make: ({ attributes }): Compute => {
      const keepdim = attributes.flag("keepdims", true);
      const noopWithoutAxes = attributes.flag("noop_with_empty_axes", false);
      return (inputs) => {
        const axes = optionalNumbers("axes", inputs[1]) ?? [];
        const isAll = axes.length === 0 && !noopWithoutAxes;
        return reduce(at(inputs, 0), isAll ? undefined : axes, keepdim);
      };
    },
  });
}

for (const [name, find] of [
  ["ArgMax", ops.argmax],
  ["ArgMin", ops.argmin],
] as const) {
  operator(name, {
    since: 1,
    inputs: 1,
    make: ({ attributes }) => {
      const axis = attributes.int("axis", 0);
      const keepdim = attributes.flag("keepdims", true);
      const last = attributes.flag("select_last_index", false);
      return ofOne((x) => {
        const dim = checkDim("axis", axis, x.rank);
        if (!last) return find(x, { dim, keepdim });
        return ops.sub((x.shape[dim] ?? 1) - 1, find(ops.flip(x, dim), { dim, keepdim }));
      });
    },
  });
}

for (const since of [1, 10]) {
  operator("TopK", {
    since,
    inputs: since === 1 ? 1 : 2,
    outputs: [1, 2],
    make: ({ attributes }) => {
      const dim = attributes.int("axis", -1);
      const largest = attributes.flag("largest", true);
      const fixed = since === 1 ? attributes.required("k", attributes.int("k")) : undefined;
      // Sorted is one of the orders that "not sorted" allows.
      attributes.flag("sorted", true);
      return (inputs) => {
        const k = fixed ?? numberOf("K", at(inputs, 1));
        const { values, indices } = ops.topk(at(inputs, 0), k, { dim, largest });
        return [values, indices];
      };
    },
  });
}

operator("CumSum", {
  since: 11,
  inputs: 2,
  make: ({ attributes }) => {
    const exclusive = attributes.flag("exclusive", false);
    const reverse = attributes.flag("reverse", false);
    return ofTwo((x, axis) => {
      const dim = checkDim("axis", numberOf("axis", axis), x.rank);
      const ordered = reverse ? ops.flip(x, dim) : x;
      const size = x.shape[dim] ?? 0;
      // Without an element itself: the sums of those before it.
      const shifted =
        exclusive && size > 0 ? ops.pad(ops.slice(ordered, dim, { end: size - 1 }), dim, 1, 0) : ordered;
      const sums = ops.cumsum(shifted, dim);
      return reverse ? ops.flip(sums, dim) : sums;
    });
  },
});
