import { type Instruction, type Program, type Value, written } from "./ir.js";

/**
 * Whether values hold at a later instruction what they held at an earlier one, so that a read may be moved
 * from one to the other: a state may have been written to between them.
 */
export function unchangedBetween(
  { instructions }: Program,
  values: readonly (Value | null)[],
  earlier: Instruction,
  later: Instruction,
): boolean {
  const between = instructions.slice(instructions.indexOf(earlier) + 1, instructions.indexOf(later));
  return !between.some((one) => written(one).some((value) => values.includes(value)));
}
