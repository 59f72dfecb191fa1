import { descriptionOf } from "../native/instructions.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { accessOf } from "./layout.js";

/** Where a value's memory is: an input of the call, a tensor that outlives the call, a constant, or the arena. */
export type ValueKind = "input" | "state" | "constant" | "temporary";

/** An array of numbers that instructions read and write. */
export interface Value {
  readonly kind: ValueKind;
  readonly size: number;
  readonly dtype: DType;
  /** The shape that the user sees; for `explain()` only. */
  readonly shape: Shape;
  /** Of a state that belongs to a tensor: the tensor's memory. */
  readonly storage?: Storage;
  /** Of a constant, and of a state that belongs to no tensor: the initial values. */
  readonly contents?: TypedArray;
  /** Of an input: the number of the argument. */
  readonly argument?: number;
}

/** One native instruction over values. Its description names its parameters and operands (`named.ts`). */
export interface Instruction {
  readonly name: string;
  readonly params: readonly number[];
  /** In the native order; null for an operand that is left out. */
  readonly operands: readonly (Value | null)[];
  /** Its recomputation; 0 or absent for none. The result of an earlier computation does not replace it. */
  readonly recomputation?: number;
}

/** A traced function: instructions in a valid order, and the values that it returns. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly Value[];
}

/** Makes a better program that computes the same. */
export type Pass = (program: Program) => Program;

/** The operands that it writes. An operand may be both read and written. */
export function written(instruction: Instruction): Value[] {
  return instruction.operands.filter(
    (operand, at): operand is Value => operand !== null && writes(instruction, at),
  );
}

/** The operands whose old values matter: all but written temporaries, since a temporary is written whole and once. */
export function read(instruction: Instruction): Value[] {
  return instruction.operands.filter(
    (operand, at): operand is Value =>
      operand !== null && !(writes(instruction, at) && operand.kind === "temporary"),
  );
}

/** Whether it writes the operand at that position. */
export const writes = (instruction: Instruction, at: number): boolean => accessOf(instruction)[at] !== "read";

/** Whether the data can make it fail: an index out of range, a singular matrix. */
export const canFail = ({ name }: Instruction): boolean => descriptionOf(name).canFail;

/** Whether it is a known number. */
export const isNumber = ({ kind, size }: Value): boolean => kind === "constant" && size === 1;

/** Whether it is the number 1. */
export const isOne = (value: Value): boolean => isNumber(value) && value.contents?.[0] === 1;

/** Number of reads of each value. Being an output counts as a read. */
export function countUses(program: Program): Map<Value, number> {
  const uses = new Map<Value, number>();
  const count = (value: Value): void => {
    uses.set(value, (uses.get(value) ?? 0) + 1);
  };
  for (const instruction of program.instructions) for (const value of read(instruction)) count(value);
  for (const value of program.outputs) count(value);
  return uses;
}

/** The instruction that writes each temporary. */
export function producers(program: Program): Map<Value, Instruction> {
  const map = new Map<Value, Instruction>();
  for (const instruction of program.instructions) {
    for (const value of written(instruction)) if (value.kind === "temporary") map.set(value, instruction);
  }
  return map;
}

/** The instruction with some of the values that it reads replaced by others. */
export function replaceReads(instruction: Instruction, replacements: ReadonlyMap<Value, Value>): Instruction {
  if (!instruction.operands.some((operand) => operand !== null && replacements.has(operand)))
    return instruction;
  const operands = instruction.operands.map((operand, i) =>
    operand === null || writes(instruction, i) ? operand : (replacements.get(operand) ?? operand),
  );
  return { ...instruction, operands };
}
