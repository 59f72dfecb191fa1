import { executeAny } from "../native/binding.js";
import { instructionId } from "../native/instructions.js";
import { allocate } from "../tensor/dtype.js";
import { type Buffer, type Instruction, type Program, read, replaceReads, written } from "./ir.js";

// A larger constant would cost more memory than it saves time.
const MAX_SIZE = 1 << 16;

/** Computes once, when the program is made, what depends on constants alone. */
export function foldConstants(program: Program): Program {
  const folded = new Map<Buffer, Buffer>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, folded);
    const results = written(instruction);
    const foldable =
      read(instruction).every((buffer) => buffer.kind === "constant") &&
      results.every((buffer) => buffer.kind === "temporary" && buffer.size <= MAX_SIZE);
    if (!foldable) {
      kept.push(instruction);
      continue;
    }
    const values = new Map(results.map((buffer) => [buffer, allocate(buffer.dtype, buffer.size)]));
    const operands = instruction.operands.map((buffer) =>
      buffer === null ? null : (values.get(buffer) ?? buffer.values ?? null),
    );
    try {
      executeAny(instructionId(instruction.name), instruction.params, operands);
    } catch {
      // A run will say what is wrong, and as an error of the library.
      kept.push(instruction);
      continue;
    }
    for (const [buffer, array] of values) {
      const { size, dtype, shape } = buffer;
      folded.set(buffer, { kind: "constant", size, dtype, shape, values: array });
    }
  }
  const outputs = program.outputs.map((buffer) => folded.get(buffer) ?? buffer);
  return { instructions: kept, outputs };
}
