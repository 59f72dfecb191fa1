// Reads what several methods have among their arguments.

import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { checkNumber, checkRequired, describe } from "../options.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** A point: an array, a typed array, or a tensor of one axis. */
export type Point = ArrayLike<number> | Tensor;

/** A number for all coordinates, or one for each. */
export type PerCoordinate = number | ArrayLike<number>;

/** The least and the greatest value of each coordinate, infinite if there is none. */
export interface BoxBounds {
  /** Default: −∞. */
  readonly lower?: PerCoordinate;
  /** Default: +∞. */
  readonly upper?: PerCoordinate;
}

/** When a method has come to rest. */
export interface Tolerances {
  /** Of the values: it ends once they differ by less. */
  readonly tolfun?: number;
  /** Of the point: it ends once the steps in all coordinates are less. */
  readonly tolx?: number;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) ||
  (ArrayBuffer.isView(value) &&
    !types.isProxy(value) &&
    !types.isDataView(value) &&
    !types.isBigInt64Array(value) &&
    !types.isBigUint64Array(value));

/** The coordinates of a point, in a new array. @throws ArgumentError unless it has at least one, all finite. */
export function readPoint(where: string, name: string, value: unknown): Float64Array {
  const list = isTensor(value) && value.rank === 1 ? value.storage.forReading() : value;
  if (!isList(list) || list.length === 0) {
    throw new ArgumentError(
      `${where}: expected ${name} to be a list of numbers or a tensor of one axis, got ${describe(value)}`,
    );
  }
  return Float64Array.from(list, (element) => checkNumber(where, `each coordinate of ${name}`, element));
}

/** A number for each coordinate, of one for all or of one for each. @throws ArgumentError */
export function readPerCoordinate(
  where: string,
  name: string,
  value: unknown,
  d: number,
  check: (element: unknown) => number,
): Float64Array {
  if (!isList(value)) return new Float64Array(d).fill(check(value));
  if (value.length !== d) {
    throw new ArgumentError(`${where}: expected ${name} to be a number or ${d} of them, got ${value.length}`);
  }
  return Float64Array.from(value, check);
}

/** Lower and upper bounds of each coordinate; null if there are none. */
export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * The bounds of each coordinate; null if there are none.
 * @throws ArgumentError unless each lower bound is less than the upper one and `x0` is within them.
 */
export function readBounds(where: string, bounds: unknown, x0: Float64Array): Box | null {
  if (bounds === undefined) return null;
  checkRequired(where, bounds, ["lower", "upper"]);
  const { lower, upper } = bounds as BoxBounds;
  const side = (name: string, value: unknown, none: number): Float64Array =>
    readPerCoordinate(where, `bounds.${name}`, value ?? none, x0.length, (element) =>
      element === Number.POSITIVE_INFINITY || element === Number.NEGATIVE_INFINITY
        ? element
        : checkNumber(where, `bounds.${name}`, element),
    );
  const box = {
    lower: side("lower", lower, Number.NEGATIVE_INFINITY),
    upper: side("upper", upper, Number.POSITIVE_INFINITY),
  };
  x0.forEach((x, i) => {
    const [least, most] = [box.lower[i] as number, box.upper[i] as number];
    if (!(least < most)) {
      throw new ArgumentError(
        `${where}: expected the lower bound to be less than the upper one, got ${least} and ${most} at ${i}`,
      );
    }
    if (x < least || x > most) {
      throw new ArgumentError(
        `${where}: expected x0 within the bounds, got ${x} outside [${least}, ${most}] at ${i}`,
      );
    }
  });
  return [...box.lower, ...box.upper].some(Number.isFinite) ? box : null;
}

/** Sets the coordinates of the point [d] at `at` that are outside of the box to the bound. */
export function clip(points: Float64Array, at: number, { lower, upper }: Box): void {
  for (let i = 0; i < lower.length; i++) {
    const x = points[at + i] as number;
    points[at + i] = Math.min(Math.max(x, lower[i] as number), upper[i] as number);
  }
}

/**
 * Tolerances, of a number (that of the values) or of an object; what is not given has its default.
 * @throws ArgumentError, OptionError
 */
export function readTolerances<Names extends string>(
  where: string,
  tolerance: unknown,
  defaults: Readonly<Record<Names, number>>,
): Record<Names, number> {
  const given = typeof tolerance === "number" || tolerance === undefined ? { tolfun: tolerance } : tolerance;
  checkRequired(where, given, Object.keys(defaults));
  const entries = Object.entries<number>(defaults).map(([name, byDefault]) => [
    name,
    checkNumber(where, name, (given as Record<string, unknown>)[name] ?? byDefault, { min: 0 }),
  ]);
  return Object.fromEntries(entries) as Record<Names, number>;
}
