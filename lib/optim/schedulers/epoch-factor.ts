import { ArgumentError } from "../../errors.js";
import { describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";

/** A factor by epoch, for all groups or one for each. */
export type EpochFactor = (epoch: number) => number;

/** The factor of each group. @throws ArgumentError */
export function readFactors(
  name: string,
  factors: EpochFactor | readonly EpochFactor[],
  { groups: { length: groups } }: Optimizer,
): EpochFactor[] {
  const list = typeof factors === "function" ? new Array<EpochFactor>(groups).fill(factors) : factors;
  if (!Array.isArray(list) || list.length !== groups || !list.every((one) => typeof one === "function")) {
    throw new ArgumentError(
      `${name}: expected a function of the epoch, or a list of ${groups}, got ${describe(factors)}`,
    );
  }
  return list;
}
