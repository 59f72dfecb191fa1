import { type Buffer, canFail, type Instruction, type Program, read, written } from "./ir.js";

/** Leaves out instructions whose results nobody reads, but for those that refuse some data: they still do. */
export function deadCode(program: Program): Program {
  const needed = new Set<Buffer>(program.outputs);
  const kept: Instruction[] = [];
  for (const instruction of [...program.instructions].reverse()) {
    const results = written(instruction);
    const isNeeded = results.some((buffer) => buffer.kind !== "temporary" || needed.has(buffer));
    if (!isNeeded && !canFail(instruction)) continue;
    for (const buffer of read(instruction)) needed.add(buffer);
    kept.push(instruction);
  }
  return { ...program, instructions: kept.reverse() };
}
