import { descriptionOf } from "../native/instructions.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { accessOf } from "./layout.js";

/** Where a value's memory is: an input of the call, a tensor that outlives it, a constant, or the arena. */
export type ValueKind = "input" | "state" | "constant" | "temporary";

/** A place for numbers that instructions read and write. */
export interface Value {
  readonly kind: ValueKind;
  readonly size: number;
  readonly dtype: DType;
  /** As the user sees it; for `explain()` only. */
  readonly shape: Shape;
  /** Of a state: the tensor's memory, where a tensor shows it. */
  readonly storage?: Storage;
  /** Of a constant, and of a state that no tensor shows: its values at first. */
  readonly contents?: TypedArray;
  /** Of an input: which argument. */
  readonly argument?: number;
}

/** One native instruction over values. What its parameters and operands are, its description says: `named.ts`. */
export interface Instruction {
  readonly name: string;
  readonly params: readonly number[];
  /** In the native order; null for one that is left out. */
  readonly operands: readonly (Value | null)[];
  /** Which recomputation asked for it, so that it is not replaced by what was computed before; 0: none. */
  readonly recomputation?: number;
}

/** A traced function: instructions in an order that is right, and the values that it gives back. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly Value[];
}

/** Makes a program that does the same in a better way. */
export type Pass = (program: Program) => Program;

/** The operands that it writes; one may be read too. */
export function written(instruction: Instruction): Value[] {
  return instruction.operands.filter(
    (operand, at): operand is Value => operand !== null && writes(instruction, at),
  );
}

/** The operands whose old values matter: all but temporaries that are written, which are written whole, once. */
export function read(instruction: Instruction): Value[] {
  return instruction.operands.filter(
    (operand, at): operand is Value =>
      operand !== null && !(writes(instruction, at) && operand.kind === "temporary"),
  );
}

/** Whether it writes the operand at that position. */
export const writes = (instruction: Instruction, at: number): boolean => accessOf(instruction)[at] !== "read";

/** Whether only the data show that it cannot be done: an index out of range, a singular matrix. */
export const canFail = ({ name }: Instruction): boolean => descriptionOf(name).canFail;

/** Whether it is one number that is known. */
export const isNumber = ({ kind, size }: Value): boolean => kind === "constant" && size === 1;

/** Whether it is the number 1. */
export const isOne = (value: Value): boolean => isNumber(value) && value.contents?.[0] === 1;

/** How often each value is read; being an output counts. */
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

/** The instruction with some values exchanged for others where it reads them. */
export function replaceReads(instruction: Instruction, replacements: ReadonlyMap<Value, Value>): Instruction {
  if (!instruction.operands.some((operand) => operand !== null && replacements.has(operand)))
    return instruction;
  const operands = instruction.operands.map((operand, i) =>
    operand === null || writes(instruction, i) ? operand : (replacements.get(operand) ?? operand),
  );
  return { ...instruction, operands };
}
