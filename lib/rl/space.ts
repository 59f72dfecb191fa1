import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { checkNumber, checkOptions, describe, isInstance } from "../options.js";
import { Generator } from "../random/generator.js";
import { checkShape, format, type Shape, sizeOf } from "../tensor/shape.js";

/** The set of all observations, or of all actions (gymnasium.spaces.Space). */
export interface Space<T = unknown> {
  /** Of one member; [] for a number. */
  readonly shape: Shape;
  /** A member by chance. */
  sample(generator: Generator): T;
  /** Whether the value is a member. */
  contains(value: unknown): value is T;
  /** As it is written in code: "Discrete(2)". */
  toString(): string;
}

/** Uniform in [0, 1). */
function chances(generator: Generator, count: number): Float64Array {
  if (!isInstance(generator, Generator)) {
    throw new ArgumentError(`sample: expected a Generator, got ${describe(generator)}`);
  }
  return generator.uniform([count], { dtype: "float64" }).data as Float64Array;
}

/**
 * Whole numbers {start, …, start + n − 1} (gymnasium.spaces.Discrete).
 * @throws ArgumentError, OptionError
 * @example new Discrete(3).contains(2)   // true
 */
export class Discrete implements Space<number> {
  readonly n: number;
  readonly start: number;
  readonly shape: Shape = [];

  constructor(n: number, options: { readonly start?: number } = {}) {
    checkOptions("Discrete", options, ["start"]);
    this.n = checkNumber("Discrete", "n", n, { min: 1, integer: true });
    this.start = checkNumber("Discrete", "start", options.start ?? 0, { integer: true });
  }

  sample(generator: Generator): number {
    return this.start + Math.floor((chances(generator, 1)[0] as number) * this.n);
  }

  contains(value: unknown): value is number {
    return (
      Number.isSafeInteger(value) &&
      (value as number) >= this.start &&
      (value as number) < this.start + this.n
    );
  }

  toString(): string {
    return this.start === 0 ? `Discrete(${this.n})` : `Discrete(${this.n}, start ${this.start})`;
  }
}

/**
 * Lists of whole numbers, the i-th in {0, …, counts[i] − 1} (gymnasium.spaces.MultiDiscrete).
 * @throws ArgumentError
 * @example new MultiDiscrete([2, 3]).contains([1, 2])   // true
 */
export class MultiDiscrete implements Space<ArrayLike<number>> {
  readonly counts: readonly number[];
  readonly shape: Shape;

  constructor(counts: readonly number[]) {
    if (!Array.isArray(counts) || counts.length === 0) {
      throw new ArgumentError(`MultiDiscrete: expected a list of counts, got ${describe(counts)}`);
    }
    this.counts = counts.map((count, i) =>
      checkNumber("MultiDiscrete", `count ${i}`, count, { min: 1, integer: true }),
    );
    this.shape = [counts.length];
  }

  sample(generator: Generator): Int32Array {
    const draws = chances(generator, this.counts.length);
    return Int32Array.from(this.counts, (count, i) => Math.floor((draws[i] as number) * count));
  }

  contains(value: unknown): value is ArrayLike<number> {
    if (!isNumberList(value) || value.length !== this.counts.length) return false;
    return this.counts.every((count, i) => {
      const number = value[i] as number;
      return Number.isSafeInteger(number) && number >= 0 && number < count;
    });
  }

  toString(): string {
    return `MultiDiscrete([${this.counts.join(", ")}])`;
  }
}

/**
 * Lists, or arrays of a shape, of zeros and ones (gymnasium.spaces.MultiBinary). A number as shape is the
 * length of a list.
 * @throws ArgumentError, ShapeError
 * @example new MultiBinary(3).contains([1, 0, 1])   // true
 */
export class MultiBinary implements Space<ArrayLike<number>> {
  readonly shape: Shape;
  readonly #size: number;

  constructor(shape: number | Shape) {
    const sizes = typeof shape === "number" ? [shape] : shape;
    this.shape = [...checkShape("MultiBinary", sizes)];
    this.#size = sizeOf(this.shape);
    if (this.#size === 0) {
      throw new ArgumentError(`MultiBinary: expected at least one element, got shape ${format(this.shape)}`);
    }
  }

  sample(generator: Generator): Uint8Array {
    return Uint8Array.from(chances(generator, this.#size), (chance) => (chance < 0.5 ? 0 : 1));
  }

  contains(value: unknown): value is ArrayLike<number> {
    if (!isNumberList(value) || value.length !== this.#size) return false;
    for (let i = 0; i < value.length; i++) {
      if (value[i] !== 0 && value[i] !== 1) return false;
    }
    return true;
  }

  toString(): string {
    return `MultiBinary(${format(this.shape)})`;
  }
}

export interface BoxOptions {
  /** Default: that of `low` or `high` if one is a list; else [1]. */
  readonly shape?: Shape;
}

/**
 * Points whose coordinates each lie in [low, high]; a bound may be infinite (gymnasium.spaces.Box). A number as bound
 * is that of all coordinates.
 * @throws ArgumentError, OptionError, ShapeError
 * @example new Box(-1, 1, { shape: [2] }).contains([0.5, -1])   // true
 */
export class Box implements Space<ArrayLike<number>> {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly shape: Shape;

  constructor(low: number | ArrayLike<number>, high: number | ArrayLike<number>, options: BoxOptions = {}) {
    checkOptions("Box", options, ["shape"]);
    const given = [low, high].find(isNumberList)?.length ?? 1;
    this.shape = [...checkShape("Box", options.shape ?? [given])];
    const size = sizeOf(this.shape);
    this.low = boundsOf("low", low, size);
    this.high = boundsOf("high", high, size);
    this.low.forEach((least, i) => {
      if (least <= (this.high[i] as number)) return;
      throw new ArgumentError(
        `Box: expected low ≤ high, got ${least} and ${this.high[i]} at coordinate ${i}`,
      );
    });
  }

  /** Uniform where both bounds are finite, exponential from one finite bound, normal where there is none. */
  sample(generator: Generator): Float32Array {
    const size = this.low.length;
    const uniform = chances(generator, size);
    const normal = generator.normal([size], { dtype: "float64" }).data as Float64Array;
    return Float32Array.from(this.low, (low, i) => {
      const high = this.high[i] as number;
      const chance = uniform[i] as number;
      if (Number.isFinite(low) && Number.isFinite(high)) return low + chance * (high - low);
      if (Number.isFinite(low)) return low - Math.log1p(-chance);
      return Number.isFinite(high) ? high + Math.log1p(-chance) : (normal[i] as number);
    });
  }

  contains(value: unknown): value is ArrayLike<number> {
    if (!isNumberList(value) || value.length !== this.low.length) return false;
    for (let i = 0; i < value.length; i++) {
      const number = value[i] as number;
      // A float32 may lie beyond a bound that it was rounded from.
      if (!(number >= Math.min(this.low[i] as number, Math.fround(this.low[i] as number)))) return false;
      if (!(number <= Math.max(this.high[i] as number, Math.fround(this.high[i] as number)))) return false;
    }
    return true;
  }

  toString(): string {
    const same = (bounds: Float64Array) =>
      bounds.every((bound) => bound === bounds[0]) ? String(bounds[0]) : `[${bounds.join(", ")}]`;
    return `Box(${same(this.low)}, ${same(this.high)}, ${format(this.shape)})`;
  }
}

function boundsOf(name: string, bounds: number | ArrayLike<number>, size: number): Float64Array {
  if (typeof bounds === "number" && !Number.isNaN(bounds)) return new Float64Array(size).fill(bounds);
  if (isNumberList(bounds) && bounds.length === size) {
    const list = Float64Array.from(bounds);
    if (!list.some(Number.isNaN)) return list;
  }
  throw new ArgumentError(`Box: expected ${name} to be a number or ${size} numbers, got ${describe(bounds)}`);
}

/** Whether the value is an array or typed array of numbers; not one whose memory was taken away. */
export function isNumberList(value: unknown): value is ArrayLike<number> {
  if (types.isProxy(value)) return false;
  if (types.isTypedArray(value)) {
    const isBig = types.isBigInt64Array(value) || types.isBigUint64Array(value);
    return !isBig && (value.length > 0 || value.buffer.byteLength > 0);
  }
  return Array.isArray(value) && value.every((element) => typeof element === "number");
}

/** @throws ArgumentError unless the action, which is `name.step`'s, is in the space. */
export function checkAction<T>(name: string, space: Space<T>, action: unknown): asserts action is T {
  if (space.contains(action)) return;
  throw new ArgumentError(`${name}.step: expected an action of ${space}, got ${describe(action)}`);
}

/** Whether networks can take a member of a space: a number, or each of a list, is finite as a float32. */
export function isFiniteInFloat32(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(Math.fround(value));
  if (!isNumberList(value)) return true;
  for (let i = 0; i < value.length; i++) {
    if (!Number.isFinite(Math.fround(value[i] as number))) return false;
  }
  return true;
}
