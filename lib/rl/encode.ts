import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { checkNumber, describe, isInstance } from "../options.js";
import { sizeOf } from "../tensor/shape.js";
import { Box, Discrete, isFiniteInFloat32, MultiBinary, MultiDiscrete, type Space } from "./space.js";

/** Writes an observation that is known to be in its space as numbers, from the offset on. */
type Encode = (observation: unknown, out: Float32Array, offset: number) => void;

/** How the observations of a space become the inputs of a network. */
export interface Encoder {
  readonly size: number;
  readonly encode: Encode;
}

const copy: Encode = (observation, out, offset) => {
  out.set(observation as ArrayLike<number>, offset);
};

/** @throws ArgumentError for a space of another kind. */
export function encoderOf(where: string, space: unknown): Encoder {
  if (isInstance(space, Box) || isInstance(space, MultiBinary)) {
    return { size: sizeOf(space.shape), encode: copy };
  }
  if (isInstance(space, Discrete)) {
    const { n, start } = space;
    return {
      size: n,
      encode(observation, out, offset) {
        out.fill(0, offset, offset + n);
        out[offset + (observation as number) - start] = 1;
      },
    };
  }
  if (isInstance(space, MultiDiscrete)) {
    const { counts } = space;
    const size = counts.reduce((sum, count) => sum + count, 0);
    return {
      size,
      encode(observation, out, offset) {
        out.fill(0, offset, offset + size);
        let first = offset;
        counts.forEach((count, i) => {
          out[first + ((observation as ArrayLike<number>)[i] as number)] = 1;
          first += count;
        });
      },
    };
  }
  throw new ArgumentError(
    `${where}: expected a space of observations that is a Box, Discrete, MultiDiscrete or MultiBinary, got ${describe(space)}${isOfAnotherCopy(space) ? " of another copy of thalweg" : ""}`,
  );
}

/** Whether its class has the name of one that is known here, without being that class. */
function isOfAnotherCopy(space: unknown): boolean {
  const name: unknown = (space as { readonly constructor?: { readonly name?: unknown } } | null)?.constructor
    ?.name;
  return [Box, Discrete, MultiDiscrete, MultiBinary].some((known) => known.name === name);
}

/**
 * How many numbers a network gets for an observation of the space: `encodeObservation` writes that many.
 * @throws ArgumentError for a space of another kind.
 * @example observationSize(new MultiDiscrete([2, 3]))   // 5
 */
export function observationSize(space: Space): number {
  return encoderOf("observationSize", space).size;
}

/**
 * Writes an observation as float32 numbers, as a network takes it (`preprocess_obs` of stable-baselines3): of a `Box`
 * or `MultiBinary` the numbers, row-major; of `Discrete` n numbers that are 0 but for a 1 at its place (one-hot); of
 * `MultiDiscrete` this for each of its numbers, one after the other.
 * @param out Is written from `offset` (0) to `offset + observationSize(space)`.
 * @throws ArgumentError for a space of another kind, an observation that is not in the space or has numbers that are
 *   not finite as float32, or where `out` is too short.
 * @example
 * const out = new Float32Array(3);
 * encodeObservation(new Discrete(3), 1, out);
 * out   // [0, 1, 0]
 */
export function encodeObservation<T>(space: Space<T>, observation: T, out: Float32Array, offset = 0): void {
  const where = "encodeObservation";
  const { size, encode } = encoderOf(where, space);
  if (!types.isFloat32Array(out)) {
    throw new ArgumentError(`${where}: expected out to be a Float32Array, got ${describe(out)}`);
  }
  checkNumber(where, "offset", offset, { min: 0, integer: true });
  if (offset + size > out.length) {
    throw new ArgumentError(
      `${where}: expected room for ${size} numbers from ${offset} on, got ${out.length} numbers in all`,
    );
  }
  if (!space.contains(observation)) {
    throw new ArgumentError(`${where}: expected an observation of ${space}, got ${describe(observation)}`);
  }
  if (!isFiniteInFloat32(observation)) {
    throw new ArgumentError(
      `${where}: expected an observation of finite float32 numbers, got ${describe(observation)}`,
    );
  }
  encode(observation, out, offset);
}
