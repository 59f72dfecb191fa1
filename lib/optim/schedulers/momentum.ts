// What the schedules that move the momentum have in common.
import { ArgumentError } from "../../errors.js";
import { checkNumber } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { flag, number } from "./options.js";

interface Momentum {
  readonly cycleMomentum: boolean;
  readonly baseMomentum: number;
  readonly maxMomentum: number;
}

const WITHIN = { min: 0, below: 1 };

/** The options of both. */
export const momentumOptions = (least: number, most: number) => ({
  cycleMomentum: flag(true),
  baseMomentum: number(WITHIN, least),
  maxMomentum: number(WITHIN, most),
});

/** @throws ArgumentError where there is no momentum to move, or the least one is not the lesser one. */
export function checkMomenta(
  name: string,
  { cycleMomentum, baseMomentum, maxMomentum }: Momentum,
  { groups }: Optimizer,
): void {
  if (!cycleMomentum) return;
  if (!groups.every(({ canMoveMomentum }) => canMoveMomentum)) {
    throw new ArgumentError(
      `${name}: the optimizer has no momentum to cycle; give it one, or say cycleMomentum: false`,
    );
  }
  checkNumber(name, "maxMomentum", maxMomentum, { ...WITHIN, min: baseMomentum });
}
