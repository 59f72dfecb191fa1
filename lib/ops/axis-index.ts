import { DTypeError, IndexError, ShapeError } from "../errors.js";
import { around, checkDim, format, type Shape } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { reshape } from "./reshape.js";
import { expandTo } from "./sum-and-expand.js";

/** @throws DTypeError unless the index is an int32 tensor. */
export function checkIndex(name: string, index: Tensor): void {
  checkTensor(name, "index", index);
  if (index.dtype !== "int32")
    throw new DTypeError(`${name}: expected index to be int32, got ${index.dtype}`);
}

/**
 * @throws IndexError unless every element is in [0, count). Within `compile` the elements are not known:
 *   there the kernels check them in each run.
 */
export function checkRange(where: string, noun: string, index: Tensor, count: number): void {
  if (index.storage.isSymbolic) return;
  const values = index.storage.forReading();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < 0 || value >= count) {
      throw new IndexError(`${where}: ${noun} ${value} at position ${i} is outside [0, ${count})`);
    }
  }
}

/** The position of an axis of x. @throws ShapeError also for a scalar, which has no axis. */
export function checkAxis(name: string, x: Tensor, dim: unknown): number {
  if (x.rank === 0) throw new ShapeError(`${name}: expected x to have an axis, got a scalar`);
  return checkDim(name, dim, x.rank);
}

export const isScalar = (x: unknown): boolean => isTensor(x) && x.rank === 0;

/** A scalar as a list of one element, as ops along an axis take it; anything else as it is. */
export const asList = <T>(x: T): T | Tensor => (isTensor(x) && x.rank === 0 ? reshape(x, [1]) : x);

/** The axis, where the index is a list along it. */
export function checkAxisList(name: string, x: Tensor, dim: number, index: Tensor): number {
  checkTensor(name, "x", x);
  checkIndex(name, index);
  const axis = checkAxis(name, x, dim);
  if (index.rank !== 1)
    throw new ShapeError(`${name}: expected index to be a list, got ${format(index.shape)}`);
  return axis;
}

/** The axis, where each element has an index of its own: along the others there are no more of them than of x. */
export function checkAxisPerElement(name: string, x: Tensor, dim: number, index: Tensor): number {
  checkTensor(name, "x", x);
  checkIndex(name, index);
  const axis = checkDim(name, dim, x.rank);
  const fits =
    x.rank > 0 &&
    index.rank === x.rank &&
    x.shape.every((size, d) => d === axis || (index.shape[d] as number) <= size);
  if (!fits) {
    throw new ShapeError(
      `${name}: expected index to have x's sizes, or smaller ones, but along dim ${dim}: x ${format(x.shape)}, index ${format(index.shape)}`,
    );
  }
  return axis;
}

/** Parameters of the native instructions: outer, axis, inner of the long side, and the count of the short one. */
export function indexParams(long: Shape, dim: number, count: number): number[] {
  return [...around(long, dim), count];
}

export function withSize(shape: Shape, dim: number, size: number): Shape {
  return shape.map((own, d) => (d === dim ? size : own));
}

/** For lists of slices along `dim`, one [samples, m] for each sample: the index of each element. */
export function indexOfSlices(lists: Tensor, shape: Shape, dim: number): Tensor {
  const [samples, count] = lists.shape as [number, number];
  const line = shape.map((_, d) => (d === 0 ? samples : d === dim ? count : 1));
  return expandTo(reshape(lists, line), shape);
}
