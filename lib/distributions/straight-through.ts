import { add } from "../ops/add.js";
import { detach } from "../ops/detach.js";
import { sub } from "../ops/sub.js";
import { checkFlag } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { SampleOptions } from "./distribution.js";

export interface StraightThroughOptions extends SampleOptions {
  /**
   * Gives discrete samples with the gradient of continuous numbers in their place (Bengio, Léonard and Courville,
   * 2013). Default: false.
   */
  readonly straightThrough?: boolean;
}

/** @throws ArgumentError unless the option is true or false. */
export function readStraightThrough(
  where: string,
  { straightThrough = false }: StraightThroughOptions,
): boolean {
  return checkFlag(where, "straightThrough", straightThrough);
}

/** The value of `hard` with the gradient of `soft`. */
export function straightThrough(hard: Tensor, soft: Tensor): Tensor {
  return add(detach(hard), sub(soft, detach(soft)));
}
