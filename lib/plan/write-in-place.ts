import { canFail } from "./dependencies.js";
import { chainOps, elementwiseInputs } from "./fuse-elementwise.js";
import { type Buffer, type Instruction, type Program, read, written } from "./ir.js";

/**
 * What elementwise instructions make and a copy then puts into a state is written there at once, where nobody needs
 * what the state held before: the updates of optimizers go through the memory of weights and moments once.
 */
export function writeInPlace(program: Program): Program {
  const outputs = new Set(program.outputs);
  const instructions = [...program.instructions];
  for (let at = 0; at < instructions.length; at++) {
    const copy = copyOf(instructions[at] as Instruction);
    if (copy === null || outputs.has(copy.source)) continue;
    const from = instructions.findIndex((one) => written(one).includes(copy.source));
    if (!mayWrite(instructions, from, at, copy)) continue;
    instructions.splice(at--, 1);
    for (let i = from; i < instructions.length; i++) {
      const one = instructions[i] as Instruction;
      if (!one.operands.includes(copy.source)) continue;
      const operands = one.operands.map((operand) => (operand === copy.source ? copy.target : operand));
      instructions[i] = { ...one, operands };
    }
  }
  return { ...program, instructions };
}

interface Copy {
  readonly source: Buffer;
  readonly target: Buffer;
}

/** What goes whole into a state: how values are written. */
function copyOf({ name, params, operands }: Instruction): Copy | null {
  if (name !== "copy" || params[0] !== 1) return null;
  const [source, target] = operands as [Buffer, Buffer];
  const isWhole = source.kind === "temporary" && source.size === target.size && params[1] === target.size;
  return isWhole && target.kind === "state" ? { source, target } : null;
}

/** Whether the instruction `from` may write the state itself, and not only the copy at `at`. */
function mayWrite(
  instructions: readonly Instruction[],
  from: number,
  at: number,
  { source, target }: Copy,
): boolean {
  const maker = instructions[from];
  if (maker === undefined || !letsWrite(maker, source, target)) return false;
  const touches = (one: Instruction): boolean => one.operands.includes(target) || canFail(one);
  if (instructions.slice(from + 1, at).some(touches)) return false;
  // Those that read the source behind the copy find it in the state, until that is written again.
  const again = instructions.findIndex((one, i) => i > at && written(one).includes(target));
  const lastRead = instructions.findLastIndex((one) => read(one).includes(source));
  return again < 0 || lastRead < again;
}

/** Whether it reads each element of the target only before it writes it. */
function letsWrite(maker: Instruction, source: Buffer, target: Buffer): boolean {
  const { name, params, operands, writes } = maker;
  const isRead = operands.some((operand, i) => operand === target && !writes.includes(i));
  if (written(maker).includes(target)) return false;
  if (name === "chain") {
    if (!isRead) return true;
    const inputs = params[1] as number;
    const place = operands.indexOf(target);
    const ops = chainOps(maker);
    const kept = ops.flatMap((op, k) => (op.kept ? [k] : []));
    const k = kept[operands.indexOf(source) - inputs] as number;
    return target.size === params[0] && ops.slice(k + 1).every((op) => !op.from.includes(place));
  }
  const inputs = elementwiseInputs(name);
  if (inputs === null) return false;
  const isElementByElement =
    params[0] === 1 && params.slice(2).every((stride, i) => operands[i] !== target || stride === 1);
  return !isRead || isElementByElement;
}
