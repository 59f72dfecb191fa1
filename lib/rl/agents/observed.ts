import { concat } from "../../ops/concat.js";
import { oneHot } from "../../ops/one-hot.js";
import { select } from "../../ops/select.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import { unsqueeze } from "../../ops/unsqueeze.js";
import { isInstance } from "../../options.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { encoderOf } from "../encode.js";
import { Box, Discrete, MultiBinary, MultiDiscrete, type Space } from "../space.js";

/**
 * The shape of one observation as networks take it: that of a `Box` or `MultiBinary`, [1] for a number, or the length of
 * its one-hot code.
 * @throws ArgumentError for other spaces
 */
export function featureShape(where: string, space: Space): Shape {
  const { size } = encoderOf(where, space);
  const isCoded = !isInstance(space, Box) && !isInstance(space, MultiBinary);
  return isCoded || space.shape.length === 0 ? [size] : space.shape;
}

/** Observations of dynamics in ops as networks take them. [n, …] → [n, …featureShape] */
export function features(space: Space, observation: Tensor): Tensor {
  if (isInstance(space, Discrete)) {
    return oneHot(space.start === 0 ? observation : sub(observation, space.start), space.n);
  }
  if (isInstance(space, MultiDiscrete)) {
    const codes = space.counts.map((count, i) => oneHot(select(observation, 1, i), count));
    return concat(codes, 1);
  }
  const numbers = observation.dtype === "float32" ? observation : to(observation, "float32");
  return space.shape.length === 0 ? unsqueeze(numbers, 1) : numbers;
}
