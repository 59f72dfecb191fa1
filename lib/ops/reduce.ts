import { checkFlag, checkOptions } from "../options.js";
import { checkDim, checkDims, type Shape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { reshape } from "./reshape.js";

/** Which axes to reduce, and whether to keep them with size 1. */
export interface ReduceOptions {
  /** An axis or several; −1 is the last. Default: all. */
  readonly dim?: number | readonly number[];
  /** Keep each reduced axis with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/** As `ReduceOptions`, for reductions along one axis. */
export interface ReduceOneOptions {
  /** The axis; −1 is the last. Default: all, as if the tensor were flat. */
  readonly dim?: number;
  /** Keep the reduced axis with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/** The axes [begin, end), which are adjacent in memory. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The shape that is left of x without the axes of a span. */
export function withoutSpan(x: Tensor, { begin, end }: Span): Shape {
  return [...x.shape.slice(0, begin), ...x.shape.slice(end)];
}

/** Parameters of a reduction over a span: outer, axis, inner. */
export function spanParams({ x, begin, end }: { readonly x: Tensor } & Span): number[] {
  return [sizeOf(x.shape.slice(0, begin)), sizeOf(x.shape.slice(begin, end)), sizeOf(x.shape.slice(end))];
}

/** The axes that `options` name, sorted; all of them by default. */
export function dimsOf(name: string, x: Tensor, options: ReduceOptions): number[] {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["dim", "keepdim"]);
  if (options.keepdim !== undefined) checkFlag(name, "keepdim", options.keepdim);
  if (options.dim === undefined) return x.shape.map((_, d) => d);
  return checkDims(name, options.dim, x.rank).filter((d) => d < x.rank);
}

/** The shape that a reduction leaves. */
function remaining(shape: Shape, dims: readonly number[], keepdim: boolean): Shape {
  return keepdim
    ? shape.map((size, d) => (dims.includes(d) ? 1 : size))
    : shape.filter((_, d) => !dims.includes(d));
}

/**
 * Reduces the axes that `options` name, by reductions of axes [begin, end) that lie side by side;
 * from the last to the first, so that earlier positions stay what they were.
 */
export function reduceDims(
  name: string,
  x: Tensor,
  options: ReduceOptions,
  reduce: (part: Tensor, begin: number, end: number) => Tensor,
): Tensor {
  const dims = dimsOf(name, x, options);
  let y = x;
  let end = dims.length;
  while (end > 0) {
    let begin = end - 1;
    while (begin > 0 && dims[begin - 1] === (dims[begin] as number) - 1) begin--;
    y = reduce(y, dims[begin] as number, (dims[end - 1] as number) + 1);
    end = begin;
  }
  // Of no axes each element is its own result; the op still checks it, and gives its dtype.
  if (dims.length === 0) y = reduce(x, 0, 0);
  return options.keepdim === true ? reshape(y, remaining(x.shape, dims, true)) : y;
}

/** Reduces one axis, or all as one: for results that are positions. */
export function reduceOne(
  name: string,
  x: Tensor,
  options: ReduceOneOptions,
  reduce: (part: Tensor, dim: number) => Tensor,
): Tensor {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["dim", "keepdim"]);
  const keepdim = options.keepdim === undefined ? false : checkFlag(name, "keepdim", options.keepdim);
  if (options.dim === undefined || x.rank === 0) {
    if (options.dim !== undefined) checkDim(name, options.dim, 0);
    const y = reduce(reshape(x, [x.size]), 0);
    return keepdim
      ? reshape(
          y,
          x.shape.map(() => 1),
        )
      : y;
  }
  const dim = checkDim(name, options.dim, x.rank);
  const y = reduce(x, dim);
  return keepdim ? reshape(y, remaining(x.shape, [dim], true)) : y;
}
