import { oneHot } from "../../ops/one-hot.js";
import { sub } from "../../ops/sub.js";
import { isInstance } from "../../options.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { encoderOf } from "../encode.js";
import { Box, Discrete, MultiBinary, type Space } from "../space.js";

/**
 * The shape of one observation as networks take it: that of a `Box`, or the length of its one-hot code.
 * @throws ArgumentError for other spaces
 */
export function featureShape(where: string, space: Space): Shape {
  const { size } = encoderOf(where, space);
  return isInstance(space, Box) || isInstance(space, MultiBinary) ? space.shape : [size];
}

/** Observations of dynamics in ops as networks take them. [n, …] → [n, …featureShape] */
export function features(space: Space, observation: Tensor): Tensor {
  if (!isInstance(space, Discrete)) return observation;
  return oneHot(space.start === 0 ? observation : sub(observation, space.start), space.n);
}
