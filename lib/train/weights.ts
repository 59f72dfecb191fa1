import type { AnyDataset } from "../data/dataset.js";
import { ArgumentError } from "../errors.js";
import { checkWeights, toWeights, type Values } from "../metrics/values.js";
import { to } from "../ops/to.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Objective } from "./objective.js";

/** The weights of a set: its own, or those of the option. Null: all samples count alike. @throws ArgumentError */
export function readWeights(
  where: string,
  sampleWeight: Values | undefined,
  objective: Objective,
  { w, length }: AnyDataset,
): Tensor | null {
  if (sampleWeight !== undefined && w !== null) {
    throw new ArgumentError(`${where}: expected either sampleWeight or the weights w of the set`);
  }
  return checkedWeights(where, sampleWeight ?? w, objective, length);
}

/** Weights as float64 [P]. @throws ArgumentError, ShapeError, DataError */
export function checkedWeights(
  where: string,
  given: Values | null,
  { isMean }: Objective,
  length: number,
): Tensor | null {
  if (given === null) return null;
  const weights = to(toWeights(where, given, length), "float64");
  checkWeights(where, "sampleWeight", weights.storage.forReading());
  if (isMean) return weights;
  throw new ArgumentError(
    `${where}: expected a cost of cost.… or defineCost for sampleWeight, since the weights of a cost of another kind are not known`,
  );
}
