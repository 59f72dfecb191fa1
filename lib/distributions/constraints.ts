import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { all } from "../ops/all.js";
import { any } from "../ops/any.js";
import { diagonal } from "../ops/diagonal.js";
import { equal } from "../ops/equal.js";
import { floor } from "../ops/floor.js";
import { greater } from "../ops/greater.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { isFinite } from "../ops/is-finite.js";
import { less } from "../ops/less.js";
import { lessEqual } from "../ops/less-equal.js";
import { logicalAnd } from "../ops/logical-and.js";
import { logicalOr } from "../ops/logical-or.js";
import { mul } from "../ops/mul.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { transposed } from "../ops/transpose.js";
import { tril } from "../ops/triangle.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

interface Definition {
  /** What an element is, as in "expected value to be …". */
  readonly words: string;
  readonly contains: (value: Tensor) => Tensor;
  /** Default: 0. */
  readonly eventDim?: number;
  /** Default: false. */
  readonly isDiscrete?: boolean;
  /** Whether it holds all numbers but NaN. Default: false. */
  readonly isWhole?: boolean;
  /** An element, or what broadcasts to one; null where a density can be computed from any value. */
  readonly inside?: Operand | null;
}

/** A set of numbers, vectors or matrices: the support of a distribution, or what a parameter may be. */
export class Constraint {
  /** Whether its elements are isolated, as whole numbers are. */
  readonly isDiscrete: boolean;
  /** Number of axes of one element: 0 for numbers, 1 for vectors, 2 for matrices. */
  readonly eventDim: number;
  /** @internal */
  readonly isWhole: boolean;
  /** @internal */
  readonly inside: Operand | null;
  readonly #words: string;
  readonly #contains: (value: Tensor) => Tensor;

  /** @internal Distributions make them. */
  constructor({ words, contains, eventDim = 0, isDiscrete = false, isWhole = false, inside }: Definition) {
    this.isDiscrete = isDiscrete;
    this.eventDim = eventDim;
    this.isWhole = isWhole;
    this.inside = inside ?? null;
    this.#words = words;
    this.#contains = contains;
  }

  /**
   * Whether each number, vector or matrix is an element.
   * Shapes: value [..., …element] → bool [...].
   * @throws ArgumentError, ShapeError, DTypeError
   */
  check(value: Tensor): Tensor {
    return this.#contains(checkTensor("Constraint.check", "value", value));
  }

  /** What an element is, in words: "a number > 0". */
  toString(): string {
    return this.#words;
  }
}

const between = (low: Operand, value: Tensor, high: Operand): Tensor =>
  logicalAnd(greaterEqual(value, low), lessEqual(value, high));

const isWholeNumber = (value: Tensor): Tensor => equal(value, floor(value));

/** Whether all along the last `axes` axes are true. */
function allLast(truths: Tensor, axes: number): Tensor {
  return axes === 0 ? truths : all(truths, { dim: Array.from({ length: axes }, (_, i) => -1 - i) });
}

// NaN alone differs from itself.
const isNumber = (value: Tensor): Tensor => equal(value, value);

export const real = new Constraint({ words: "a number", contains: isNumber, isWhole: true });

export const positive = new Constraint({
  words: "a number > 0",
  contains: (value) => greater(value, 0),
  inside: 1,
});

export const nonnegative = new Constraint({
  words: "a number ≥ 0",
  contains: (value) => greaterEqual(value, 0),
  inside: 1,
});

export const unitInterval = new Constraint({
  words: "a number in [0, 1]",
  contains: (value) => between(0, value, 1),
  inside: 0.5,
});

/** Numbers in (0, 1]. */
export const probability = new Constraint({
  words: "a number in (0, 1]",
  contains: (value) => logicalAnd(greater(value, 0), lessEqual(value, 1)),
});

/** Numbers in (−1, 1). */
export const openUnitBall = new Constraint({
  words: "a number in (-1, 1)",
  contains: (value) => less(abs(value), 1),
  inside: 0,
});

export const boolean = new Constraint({
  words: "0 or 1",
  contains: (value) => logicalOr(equal(value, 0), equal(value, 1)),
  isDiscrete: true,
  inside: 0,
});

export const nonnegativeInteger = new Constraint({
  words: "a whole number ≥ 0",
  contains: (value) => logicalAnd(isWholeNumber(value), logicalAnd(greaterEqual(value, 0), isFinite(value))),
  isDiscrete: true,
  inside: 0,
});

export const interval = (low: Tensor, high: Tensor): Constraint =>
  new Constraint({
    words: "a number in [low, high]",
    contains: (value) => between(low, value, high),
    inside: low,
  });

/** Numbers below a bound, which a parameter is. */
export const below = (bound: Tensor, words: string): Constraint =>
  new Constraint({ words, contains: (value) => less(value, bound) });

/** Whole numbers from 0 to a bound, which a parameter is or which is known. */
export const upTo = (high: Operand, words: string): Constraint =>
  new Constraint({
    words: `a whole number in [0, ${words}]`,
    contains: (value) => logicalAnd(isWholeNumber(value), between(0, value, high)),
    isDiscrete: true,
    inside: 0,
  });

export const realVector = new Constraint({
  words: "a vector of numbers",
  contains: (value) => allLast(isNumber(value), 1),
  eventDim: 1,
  isWhole: true,
});

/** How far from 1 the sum of a simplex's vector may be: rounding, no more. */
const ROUNDING = { float32: 1e-5, float64: 1e-6 };

export const simplex = new Constraint({
  words: "numbers ≥ 0 of sum 1 along the last axis",
  contains: (value) => {
    const error = abs(sub(sum(value, { dim: -1 }), 1));
    const most = value.dtype === "float64" ? ROUNDING.float64 : ROUNDING.float32;
    return logicalAnd(allLast(greaterEqual(value, 0), 1), less(error, most));
  },
  eventDim: 1,
  inside: 0.5,
});

/** Weights of classes, which need not be normalized. */
export const weights = new Constraint({
  words: "numbers ≥ 0, not all 0, along the last axis",
  contains: (value) =>
    logicalAnd(
      allLast(logicalAnd(greaterEqual(value, 0), isFinite(value)), 1),
      any(greater(value, 0), { dim: -1 }),
    ),
  eventDim: 1,
});

/** Logarithms of such weights. */
export const logWeights = new Constraint({
  words: "numbers < ∞, not all -∞, along the last axis",
  contains: (value) =>
    logicalAnd(
      allLast(less(value, Number.POSITIVE_INFINITY), 1),
      any(greater(value, Number.NEGATIVE_INFINITY), { dim: -1 }),
    ),
  eventDim: 1,
});

export const oneHotVector = new Constraint({
  words: "one 1 and else 0 along the last axis",
  contains: (value) => logicalAnd(allLast(boolean.check(value), 1), equal(sum(value, { dim: -1 }), 1)),
  eventDim: 1,
  isDiscrete: true,
});

export const lowerCholesky = new Constraint({
  words: "a lower triangular matrix with a positive diagonal",
  contains: (value) =>
    logicalAnd(allLast(equal(value, tril(value)), 2), allLast(greater(diagonal(value), 0), 1)),
  eventDim: 2,
});

export const symmetric = new Constraint({
  words: "a symmetric matrix",
  contains: (value) => {
    const other = transposed(value);
    const most = value.dtype === "float64" ? ROUNDING.float64 : ROUNDING.float32;
    const size = add(abs(value), abs(other));
    return allLast(lessEqual(abs(sub(value, other)), mul(size, most)), 2);
  },
  eventDim: 2,
});

/** As elements, blocks of the last `axes` axes of elements. */
export function independent(base: Constraint, axes: number): Constraint {
  if (axes === 0) return base;
  return new Constraint({
    words: `${base}, all along the last ${axes === 1 ? "axis" : `${axes} axes`}`,
    contains: (value) => allLast(base.check(value), axes),
    eventDim: base.eventDim + axes,
    isDiscrete: base.isDiscrete,
    isWhole: base.isWhole,
    inside: base.inside,
  });
}

/** The union of sets. They lie along an axis of their own, the one before the axes of an event. */
export const union = (parts: Constraint): Constraint =>
  new Constraint({
    words: `${parts}, of at least one component`,
    contains: (value) => any(parts.check(unsqueeze(value, -1 - parts.eventDim)), { dim: -1 }),
    eventDim: parts.eventDim,
    isDiscrete: parts.isDiscrete,
    isWhole: parts.isWhole,
  });
