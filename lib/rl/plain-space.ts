import { EnvironmentError } from "../errors.js";
import { describe, isInstance } from "../options.js";
import type { Shape } from "../tensor/shape.js";
import { Box, Discrete, MultiBinary, MultiDiscrete, type Space } from "./space.js";

/** A space as data that can be sent to another thread. */
export type PlainSpace =
  | { readonly kind: "Box"; readonly low: Float64Array; readonly high: Float64Array; readonly shape: Shape }
  | { readonly kind: "Discrete"; readonly n: number; readonly start: number }
  | { readonly kind: "MultiDiscrete"; readonly counts: readonly number[] }
  | { readonly kind: "MultiBinary"; readonly shape: Shape };

/** @throws EnvironmentError for a space of another kind. */
export function toPlain(where: string, space: Space): PlainSpace {
  if (isInstance(space, Box)) {
    const { low, high, shape } = space;
    return { kind: "Box", low, high, shape };
  }
  if (isInstance(space, Discrete)) return { kind: "Discrete", n: space.n, start: space.start };
  if (isInstance(space, MultiDiscrete)) return { kind: "MultiDiscrete", counts: space.counts };
  if (isInstance(space, MultiBinary)) return { kind: "MultiBinary", shape: space.shape };
  throw new EnvironmentError(
    `${where}: expected a Box, Discrete, MultiDiscrete or MultiBinary, got ${describe(space)}, which cannot be sent to another thread`,
  );
}

export function fromPlain(plain: PlainSpace): Space {
  switch (plain.kind) {
    case "Box":
      return new Box(plain.low, plain.high, { shape: plain.shape });
    case "Discrete":
      return new Discrete(plain.n, { start: plain.start });
    case "MultiDiscrete":
      return new MultiDiscrete(plain.counts);
    case "MultiBinary":
      return new MultiBinary(plain.shape);
  }
}
