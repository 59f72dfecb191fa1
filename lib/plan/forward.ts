import { type Instruction, type Program, replaceReads, type Value, written } from "./ir.js";

/** A result that is another value, number for number. */
export interface Same {
  readonly from: Value;
  readonly result: Value;
}

/** The instruction that makes a temporary, reading what was forwarded before. */
export type Makers = ReadonlyMap<Value, Instruction>;

/**
 * Leaves out instructions whose result is a value that exists already, and reads that value instead.
 * @param sameAs gives that value for an instruction, or null.
 */
export function forwardValues(
  program: Program,
  sameAs: (instruction: Instruction, makers: Makers) => Same | null,
): Program {
  const source = new Map<Value, Value>();
  const makers = new Map<Value, Instruction>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, source);
    const same = sameAs(instruction, makers);
    if (same !== null) {
      source.set(same.result, same.from);
      continue;
    }
    kept.push(instruction);
    for (const value of written(instruction)) if (value.kind === "temporary") makers.set(value, instruction);
  }
  return { instructions: kept, outputs: program.outputs.map((value) => source.get(value) ?? value) };
}

/** Only temporaries can stand for each other: a state may be written before it is read again. */
export function same(from: Value, result: Value): Same | null {
  const isSame = from.size === result.size && from.dtype === result.dtype;
  return isSame && from.kind === "temporary" && result.kind === "temporary" ? { from, result } : null;
}
