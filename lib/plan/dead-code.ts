import { canFail, type Instruction, type Program, read, type Value, written } from "./ir.js";

/** Removes instructions whose results are not read. Instructions that can fail stay, so that they still fail. */
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
