import { maximum } from "../../ops/maximum.js";
import { minimum } from "../../ops/minimum.js";
import { tensor } from "../../tensor/create.js";
import type { DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Box } from "../space.js";

/** Numbers of one environment's action, which broadcast with the actions of n. */
export const ofActions = (box: Box, numbers: Float64Array, dtype: DType): Tensor =>
  tensor(numbers, { shape: box.shape, dtype });

/** The actions of the box that are nearest. [n, …] */
export const clippedAll = (box: Box, actions: Tensor): Tensor =>
  minimum(maximum(actions, ofActions(box, box.low, actions.dtype)), ofActions(box, box.high, actions.dtype));

/** The action of the box that is nearest. */
export function clipped({ low, high }: Box, action: ArrayLike<number>): Float32Array {
  return Float32Array.from(action, (value, i) =>
    Math.min(Math.max(value, low[i] as number), high[i] as number),
  );
}
