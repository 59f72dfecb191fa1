import { checkChoice } from "../../options.js";

/**
 * Reads a schedule over the steps of `learn`: a number stays, or falls to 0. Default: "constant".
 * @returns whether it is "linear"
 * @throws ArgumentError
 */
export const readSchedule = (
  where: string,
  name: string,
  value: "constant" | "linear" | undefined,
): boolean => checkChoice(where, name, value ?? "constant", ["constant", "linear"]) === "linear";

/** The number after this share of the steps, in [0, 1). */
export const scheduled = (start: number, isLinear: boolean, progress: number): number =>
  isLinear ? start * (1 - progress) : start;
