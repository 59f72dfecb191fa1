import { ShapeError } from "../errors.js";
import { describe, describeList } from "../options.js";
import type { DType } from "./dtype.js";

export type Shape = readonly number[];

/** A tensor without its numbers. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export const MAX_RANK = 8;

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

export function format(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** @throws ShapeError unless the value is a list of at most 8 sizes ≥ 0 with a product below 2⁵³. */
export function checkShape(where: string, shape: unknown): Shape {
  const valid = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!valid) {
    throw new ShapeError(
      `${where}: expected a shape as a list of whole numbers ≥ 0, got ${describeList(shape)}`,
    );
  }
  if (shape.length > MAX_RANK) {
    throw new ShapeError(
      `${where}: expected at most ${MAX_RANK} axes, got ${shape.length}: ${format(shape)}`,
    );
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new ShapeError(`${where}: ${format(shape)} has more than 2^53 elements`);
  }
  return [...shape];
}

/**
 * The position of an axis. −1 is the last axis.
 * @throws ShapeError unless −rank ≤ dim < rank.
 */
export function checkDim(where: string, dim: unknown, rank: number): number {
  // As in PyTorch, a scalar may be given dim 0 or −1.
  const axes = rank === 0 ? 1 : rank;
  if (typeof dim !== "number" || !Number.isInteger(dim) || dim < -axes || dim >= axes) {
    throw new ShapeError(
      `${where}: expected dim to be a whole number in [${-axes}, ${axes}), got ${describe(dim)}`,
    );
  }
  return dim < 0 ? dim + axes : dim;
}

/** A list as it is; anything else, such as a single axis, in a list of its own. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The positions of several axes, sorted, each once. */
export function checkDims(where: string, dims: unknown, rank: number): number[] {
  const positions = listOf(dims).map((dim) => checkDim(where, dim, rank));
  const sorted = [...new Set(positions)].sort((a, b) => a - b);
  if (sorted.length !== positions.length) {
    throw new ShapeError(`${where}: an axis is named twice in dim ${describeList(dims)}`);
  }
  return sorted;
}

/**
 * The shape to which both broadcast, by NumPy's rule: with the last axes aligned, sizes are equal or one of them is 1.
 * @throws ShapeError if they do not broadcast.
 */
export function broadcast(where: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let d = 0; d < rank; d++) {
    const m = a[d - rank + a.length] ?? 1;
    const n = b[d - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${where}: ${format(a)} and ${format(b)} do not broadcast: sizes ${m} and ${n} at axis ${d - rank}`,
      );
    }
    shape[d] = m === 1 ? n : m;
  }
  return shape;
}

/** [outer, axis, inner]: the sizes before, at and after one axis. */
export function around(shape: Shape, dim: number): [outer: number, axis: number, inner: number] {
  return [sizeOf(shape.slice(0, dim)), shape[dim] ?? 1, sizeOf(shape.slice(dim + 1))];
}

/** Number of matrices in a stack [..., rows, columns], and number of rows of each. */
export function stackSizes(shape: Shape): [count: number, rows: number] {
  return [sizeOf(shape.slice(0, -2)), shape[shape.length - 2] as number];
}
