import { bytesOf, lives } from "./plan/arena.js";
import type { Buffer, Instruction } from "./plan/ir.js";
import { type Executable, KIND_LETTER } from "./program.js";

/** A program as a table: what each instruction reads and writes, and what it costs. */
export function explain({ program, arena }: Executable): string {
  const names = new Map<Buffer, string>();
  const counts: Record<string, number> = {};
  const nameOf = (buffer: Buffer): string => {
    let name = names.get(buffer);
    if (name === undefined) {
      const letter = KIND_LETTER[buffer.kind];
      counts[letter] = (counts[letter] ?? 0) + 1;
      name = `${letter}${(counts[letter] as number) - 1}`;
      names.set(buffer, name);
    }
    return name;
  };
  const show = (buffer: Buffer): string => `${nameOf(buffer)} [${buffer.shape.join(", ")}]`;
  const lines = program.instructions.map((instruction, i) => {
    const written = instruction.writes.map((at) => show(instruction.operands[at] as Buffer));
    const read = instruction.operands.flatMap((operand, at) =>
      operand === null || instruction.writes.includes(at) ? [] : [show(operand)],
    );
    const flops = flopsOf(instruction);
    const cost = flops === 0 ? "" : `   ${Math.round(flops).toLocaleString("en")} flops`;
    return `${String(i).padStart(3)}  ${written.join(", ")} ← ${describe(instruction)}(${read.join(", ")})${cost}`;
  });
  const total = program.instructions.reduce((sum, instruction) => sum + flopsOf(instruction), 0);
  const places = lives(program).map(({ buffer, first, last }) => {
    const at = arena.offsets.get(buffer) ?? 0;
    return `     ${show(buffer)} ${buffer.dtype}: bytes ${at} to ${at + bytesOf(buffer)}, instructions ${first} to ${last}`;
  });
  return [
    `program: ${program.instructions.length} instructions, ${Math.round(total).toLocaleString("en")} flops, arena ${arena.bytes.toLocaleString("en")} bytes`,
    "x: inputs, w: parameters and state, c: constants, t: the arena's",
    ...lines,
    ...(places.length === 0 ? [] : ["arena:", ...places]),
    `gives ${program.outputs.map(show).join(", ") || "nothing"}`,
  ].join("\n");
}

const ACTIVATIONS = ["", "relu", "tanh", "sigmoid"];

function describe({ name, params, operands }: Instruction): string {
  if (name !== "matmul") return name;
  const [, , , transposeA, transposeB, alpha, beta, activation, stateActivation] = params;
  const parts = [`${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`];
  if (alpha !== 1) parts.push(`alpha ${alpha}`);
  if (beta !== 0) parts.push("accumulate");
  if (operands[2] != null) parts.push("bias");
  if (activation) parts.push(ACTIVATIONS[activation] as string);
  if (operands[5] != null) parts.push(`slope of ${ACTIVATIONS[stateActivation as number]}`);
  if (operands[6] != null) parts.push("lr");
  return `matmul ${parts.join(" ")} `;
}

function flopsOf({ name, params, operands, writes }: Instruction): number {
  if (name === "matmul") return 2 * (params[0] as number) * (params[1] as number) * (params[2] as number);
  if (name === "strided" || name === "index_select" || name === "gather") return 0;
  const sizes = operands.map((operand) => operand?.size ?? 0);
  return writes.length === 0 ? 0 : Math.max(...sizes);
}
