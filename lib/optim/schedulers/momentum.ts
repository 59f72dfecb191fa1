import { ArgumentError } from "../../errors.js";
import { checkFlag, checkNumber } from "../../options.js";
import type { Optimizer } from "../optimizer.js";

/** What both cycles take for the momentum. */
export interface MomentumOptions {
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number;
  readonly maxMomentum?: number;
}

export interface MomentumRange {
  readonly least: number;
  readonly most: number;
}

export const MOMENTUM_OPTIONS = ["cycleMomentum", "baseMomentum", "maxMomentum"] as const;

/** Between which values the momentum goes; null where it stays. */
export function readMomentum(
  name: string,
  optimizer: Optimizer,
  options: MomentumOptions,
  standard: MomentumRange,
): MomentumRange | null {
  const { cycleMomentum = true, baseMomentum = standard.least, maxMomentum = standard.most } = options;
  if (!checkFlag(name, "cycleMomentum", cycleMomentum)) return null;
  if (optimizer.groups.some(({ momentum }) => momentum === null || momentum === 0)) {
    throw new ArgumentError(
      `${name}: the optimizer has no momentum to cycle; give it one, or say cycleMomentum: false`,
    );
  }
  const least = checkNumber(name, "baseMomentum", baseMomentum, { min: 0, below: 1 });
  return { least, most: checkNumber(name, "maxMomentum", maxMomentum, { min: least, below: 1 }) };
}
