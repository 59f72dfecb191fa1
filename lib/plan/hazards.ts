import { type Buffer, type Instruction, type Program, written } from "./ir.js";

/**
 * Whether buffers hold at a later instruction what they held at an earlier one, so that a read may be moved
 * from one to the other: a state may have been written to between them.
 */
export function unchangedBetween(
  { instructions }: Program,
  buffers: readonly (Buffer | null)[],
  earlier: Instruction,
  later: Instruction,
): boolean {
  const between = instructions.slice(instructions.indexOf(earlier) + 1, instructions.indexOf(later));
  return !between.some((one) => written(one).some((buffer) => buffers.includes(buffer)));
}
