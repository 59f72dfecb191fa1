import { type Buffer, type Instruction, isOne, type Program, replaceReads } from "./ir.js";

/** Reads a result from where it was made, instead of a copy, a sum over axes of size 1 or a product with 1. */
export function dropCopies(program: Program): Program {
  const source = new Map<Buffer, Buffer>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, source);
    const copied = copyOf(instruction);
    if (copied === null) kept.push(instruction);
    else source.set(copied.result, copied.from);
  }
  return { instructions: kept, outputs: program.outputs.map((buffer) => source.get(buffer) ?? buffer) };
}

interface Copied {
  readonly from: Buffer;
  readonly result: Buffer;
}

/** What is made from what, of instructions that change nothing. A state may be written before it is read again. */
function copyOf({ name, params, operands }: Instruction): Copied | null {
  const copied = (from: Buffer, result: Buffer): Copied | null => {
    const isSame = from.size === result.size && from.dtype === result.dtype;
    return isSame && from.kind === "temporary" && result.kind === "temporary" ? { from, result } : null;
  };
  if (name === "copy" && params[0] === 1 && params[2] === 1) {
    return copied(operands[0] as Buffer, operands[1] as Buffer);
  }
  if (name === "sum" && params[1] === 1) return copied(operands[0] as Buffer, operands[1] as Buffer);
  if (name !== "mul") return null;
  const [a, b, result] = operands as [Buffer, Buffer, Buffer];
  if (isOne(b)) return copied(a, result);
  return isOne(a) ? copied(b, result) : null;
}
