import { type Instruction, type Program, replaceReads, type Value } from "./ir.js";

/** A result that is another value, number for number. */
export interface Same {
  readonly from: Value;
  readonly result: Value;
}

/**
 * Leaves out instructions whose result is a value that exists already, and reads that value instead.
 * @param sameAs gives that value for an instruction, or null.
 */
export function forwardValues(program: Program, sameAs: (instruction: Instruction) => Same | null): Program {
  const source = new Map<Value, Value>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, source);
    const same = sameAs(instruction);
    if (same === null) kept.push(instruction);
    else source.set(same.result, same.from);
  }
  return { instructions: kept, outputs: program.outputs.map((value) => source.get(value) ?? value) };
}

/** Only temporaries can stand for each other: a state may be written before it is read again. */
export function same(from: Value, result: Value): Same | null {
  const isSame = from.size === result.size && from.dtype === result.dtype;
  return isSame && from.kind === "temporary" && result.kind === "temporary" ? { from, result } : null;
}
