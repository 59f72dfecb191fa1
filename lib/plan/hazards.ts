import { type Instruction, type Program, type Value, written } from "./ir.js";

/**
 * Whether values are the same at a later instruction as after an earlier one, so that a read may move from one to
 * the other. They are not if an instruction between the two writes one of them: values include states.
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
