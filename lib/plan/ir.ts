import { descriptionOf } from "../native/instructions.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { accessOf } from "./layout.js";

/** Where a buffer's memory is: an input of the call, a tensor that outlives it, a constant, or the arena. */
export type BufferKind = "input" | "state" | "constant" | "temporary";

/** A place for numbers that instructions read and write. */
export interface Buffer {
  readonly kind: BufferKind;
  readonly size: number;
  readonly dtype: DType;
  /** As the user sees it; for `explain()` only. */
  readonly shape: Shape;
  /** Of a state: the tensor's memory, where a tensor shows it. */
  readonly storage?: Storage;
  /** Of a constant, and of a state that no tensor shows: its values at first. */
  readonly values?: TypedArray;
  /** Of an input: which argument. */
  readonly argument?: number;
}

/** One native instruction over buffers. What its parameters and operands are, its description says: `named.ts`. */
export interface Instruction {
  readonly name: string;
  readonly params: readonly number[];
  /** In the native order; null for one that is left out. */
  readonly operands: readonly (Buffer | null)[];
  /** Which recomputation asked for it, so that it is not replaced by what was computed before; 0: none. */
  readonly recomputation?: number;
}

/** A traced function: instructions in an order that is right, and the buffers that it gives back. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly Buffer[];
}

/** Makes a program that does the same in a better way. */
export type Pass = (program: Program) => Program;

/** The operands that it writes; one may be read too. */
export function written(instruction: Instruction): Buffer[] {
  return instruction.operands.filter(
    (operand, at): operand is Buffer => operand !== null && writes(instruction, at),
  );
}

/** The operands whose old values matter: all but temporaries that are written, which are written whole, once. */
export function read(instruction: Instruction): Buffer[] {
  return instruction.operands.filter(
    (operand, at): operand is Buffer =>
      operand !== null && !(writes(instruction, at) && operand.kind === "temporary"),
  );
}

/** Whether it writes the operand at that position. */
export const writes = (instruction: Instruction, at: number): boolean => accessOf(instruction)[at] !== "read";

/** Whether only the data show that it cannot be done: an index out of range, a singular matrix. */
export const canFail = ({ name }: Instruction): boolean => descriptionOf(name).canFail;

/** Whether it is one number that is known. */
export const isNumber = ({ kind, size }: Buffer): boolean => kind === "constant" && size === 1;

/** Whether it is the number 1. */
export const isOne = (buffer: Buffer): boolean => isNumber(buffer) && buffer.values?.[0] === 1;

/** How often each buffer is read; being an output counts. */
export function countUses(program: Program): Map<Buffer, number> {
  const uses = new Map<Buffer, number>();
  const count = (buffer: Buffer): void => {
    uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  };
  for (const instruction of program.instructions) for (const buffer of read(instruction)) count(buffer);
  for (const buffer of program.outputs) count(buffer);
  return uses;
}

/** The instruction that writes each temporary. */
export function producers(program: Program): Map<Buffer, Instruction> {
  const map = new Map<Buffer, Instruction>();
  for (const instruction of program.instructions) {
    for (const buffer of written(instruction)) if (buffer.kind === "temporary") map.set(buffer, instruction);
  }
  return map;
}

/** The instruction with some buffers exchanged for others where it reads them. */
export function replaceReads(
  instruction: Instruction,
  replacements: ReadonlyMap<Buffer, Buffer>,
): Instruction {
  if (!instruction.operands.some((operand) => operand !== null && replacements.has(operand)))
    return instruction;
  const operands = instruction.operands.map((operand, i) =>
    operand === null || writes(instruction, i) ? operand : (replacements.get(operand) ?? operand),
  );
  return { ...instruction, operands };
}
