import { type Buffer, type Instruction, type Program, replaceReads, writes, written } from "./ir.js";

/** Computes once what is computed twice from the same values. */
export function commonSubexpressions(program: Program): Program {
  const numbers = new Map<Buffer, number>();
  // A state is another value after each write.
  const versions = new Map<Buffer, number>();
  const name = (buffer: Buffer | null): string => {
    if (buffer === null) return "-";
    if (buffer.kind === "constant" && buffer.size === 1) {
      const value = buffer.values?.[0] as number;
      return `${buffer.dtype}:${Object.is(value, -0) ? "-0" : value}`;
    }
    if (!numbers.has(buffer)) numbers.set(buffer, numbers.size);
    return `${numbers.get(buffer)}.${versions.get(buffer) ?? 0}`;
  };
  const known = new Map<string, Instruction>();
  const same = new Map<Buffer, Buffer>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, same);
    const results = written(instruction);
    if (results.some((buffer) => buffer.kind !== "temporary")) {
      for (const buffer of results) versions.set(buffer, (versions.get(buffer) ?? 0) + 1);
      kept.push(instruction);
      continue;
    }
    const inputs = instruction.operands.map((buffer, i) => (writes(instruction, i) ? "w" : name(buffer)));
    const sizes = results.map((buffer) => `${buffer.size}${buffer.dtype}`);
    const { name: op, params, recomputation = 0 } = instruction;
    const key = [recomputation, op, ...params, "|", ...inputs, "|", ...sizes].join(" ");
    const earlier = known.get(key);
    if (earlier === undefined) {
      known.set(key, instruction);
      kept.push(instruction);
    } else {
      written(earlier).forEach((buffer, i) => {
        same.set(results[i] as Buffer, buffer);
      });
    }
  }
  return { instructions: kept, outputs: program.outputs.map((buffer) => same.get(buffer) ?? buffer) };
}
