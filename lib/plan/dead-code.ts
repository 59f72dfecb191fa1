import { canFail, type Instruction, type Program, read, type Value, written } from "./ir.js";

/** Leaves out instructions whose results nobody reads, but for those that refuse some data: they still do. */
export function deadCode(program: Program): Program {
  const needed = new Set<Value>(program.outputs);
  const kept: Instruction[] = [];
  for (const instruction of [...program.instructions].reverse()) {
    const results = written(instruction);
    const isNeeded = results.some((value) => value.kind !== "temporary" || needed.has(value));
    if (!isNeeded && !canFail(instruction)) continue;
    for (const value of read(instruction)) needed.add(value);
    kept.push(instruction);
  }
  return { ...program, instructions: kept.reverse() };
}
