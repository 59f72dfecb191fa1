import { executeAny } from "../native/binding.js";
import { instructionId } from "../native/instructions.js";
import { allocate } from "../tensor/dtype.js";
import { type Instruction, type Program, read, replaceReads, type Value, written } from "./ir.js";

// A larger constant would cost more memory than it saves time.
const MAX_SIZE = 1 << 16;

/** Computes what depends only on constants once, when the program is made. */
export function foldConstants(program: Program): Program {
  const folded = new Map<Value, Value>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, folded);
    const results = written(instruction);
    const foldable =
      read(instruction).every((value) => value.kind === "constant") &&
      results.every((value) => value.kind === "temporary" && value.size <= MAX_SIZE);
    if (!foldable) {
      kept.push(instruction);
      continue;
    }
    const arrays = new Map(results.map((value) => [value, allocate(value.dtype, value.size)]));
    const operands = instruction.operands.map((value) =>
      value === null ? null : (arrays.get(value) ?? value.contents ?? null),
    );
    try {
      executeAny(instructionId(instruction.name), instruction.params, operands);
    } catch {
      // Each run will fail in the same way, with a typed error.
      kept.push(instruction);
      continue;
    }
    for (const [value, array] of arrays) {
      const { size, dtype, shape } = value;
      folded.set(value, { kind: "constant", size, dtype, shape, contents: array });
    }
  }
  const outputs = program.outputs.map((value) => folded.get(value) ?? value);
  return { instructions: kept, outputs };
}
