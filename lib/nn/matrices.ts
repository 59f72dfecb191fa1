import type { Tensor } from "../tensor/tensor.js";

/** The method by which a module gives the weights that it multiplies each row of its input by, for `summary`. */
export const matrices = Symbol("matrices");

/** A module that multiplies by matrices. */
export interface HasMatrices {
  [matrices](): readonly Tensor[];
}
