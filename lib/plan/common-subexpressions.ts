import { type Instruction, type Program, replaceReads, type Value, writes, written } from "./ir.js";

/** Computes a result once if several instructions compute it from the same values. */
export function commonSubexpressions(program: Program): Program {
  const numbers = new Map<Value, number>();
  // After each write a state counts as another value.
  const versions = new Map<Value, number>();
  const name = (value: Value | null): string => {
    if (value === null) return "-";
    if (value.kind === "constant" && value.size === 1) {
      const number = value.contents?.[0] as number;
      return `${value.dtype}:${Object.is(number, -0) ? "-0" : number}`;
    }
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return `${numbers.get(value)}.${versions.get(value) ?? 0}`;
  };
  const known = new Map<string, Instruction>();
  const same = new Map<Value, Value>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, same);
    const results = written(instruction);
    if (results.some((value) => value.kind !== "temporary")) {
      for (const value of results) versions.set(value, (versions.get(value) ?? 0) + 1);
      kept.push(instruction);
      continue;
    }
    const inputs = instruction.operands.map((value, i) => (writes(instruction, i) ? "w" : name(value)));
    const sizes = results.map((value) => `${value.size}${value.dtype}`);
    const { name: op, params, recomputation = 0 } = instruction;
    const key = [recomputation, op, ...params, "|", ...inputs, "|", ...sizes].join(" ");
    const earlier = known.get(key);
    if (earlier === undefined) {
      known.set(key, instruction);
      kept.push(instruction);
    } else {
      written(earlier).forEach((value, i) => {
        same.set(results[i] as Value, value);
      });
    }
  }
  return { instructions: kept, outputs: program.outputs.map((value) => same.get(value) ?? value) };
}
