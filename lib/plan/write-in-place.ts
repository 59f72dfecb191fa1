import { chainOps } from "./fuse-elementwise.js";
import { canFail, type Instruction, type Program, read, type Value, writes, written } from "./ir.js";
import { isNamed, type Named, named } from "./named.js";

/**
 * If elementwise instructions make a result and a copy then puts it into a state, writes the result directly into the
 * state, unless the old value is still needed. An optimizer's update then goes through weights and moments once.
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
  readonly source: Value;
  readonly target: Value;
}

/** A copy of a whole temporary into a whole state; null for any other instruction. */
function copyOf(instruction: Instruction): Copy | null {
  const copy = isNamed(instruction, "elementwise", "copy");
  if (copy === null || copy.param("rank") !== 1) return null;
  const [source, target] = [copy.required("x"), copy.required("y")];
  const isWhole =
    source.kind === "temporary" && source.size === target.size && copy.params("shape")[0] === target.size;
  return isWhole && target.kind === "state" ? { source, target } : null;
}

/** Whether the instruction `from` may write the state, instead of the copy at `at`. */
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
  // Instructions after the copy will read the source from the state, so the state must not be written before them.
  const again = instructions.findIndex((one, i) => i > at && written(one).includes(target));
  const lastRead = instructions.findLastIndex((one) => read(one).includes(source));
  return again < 0 || lastRead < again;
}

/** Whether each element of the target is read only before it is written. */
function letsWrite(maker: Instruction, source: Value, target: Value): boolean {
  if (written(maker).includes(target)) return false;
  const isRead = maker.operands.some((operand, at) => operand === target && !writes(maker, at));
  const chain = named(maker, "chain");
  if (chain !== null) return !isRead || readsBefore(chain, source, target);
  const elementwise = named(maker, "elementwise");
  if (elementwise === null) return false;
  return !isRead || readsInOrder(elementwise, target);
}

/** Whether no op of the chain reads the target after the op that makes the source. */
function readsBefore(chain: Named<"chain">, source: Value, target: Value): boolean {
  const place = chain.operands("inputs").indexOf(target);
  const ops = chainOps(chain);
  const kept = ops.flatMap((op, k) => (op.kept ? [k] : []));
  const k = kept[chain.operands("results").indexOf(source)] as number;
  return target.size === chain.param("n") && ops.slice(k + 1).every((op) => !op.from.includes(place));
}

/** Whether an elementwise instruction reads the target in the order in which it writes it. */
function readsInOrder(elementwise: Named<"elementwise">, target: Value): boolean {
  const strides = { x: "stridesX", a: "stridesA", b: "stridesB", condition: "stridesCondition" } as const;
  const isInOrder = (input: keyof typeof strides): boolean =>
    !elementwise.has(input) ||
    elementwise.operand(input) !== target ||
    elementwise.params(strides[input])[0] === 1;
  return elementwise.param("rank") === 1 && (["x", "a", "b", "condition"] as const).every(isInOrder);
}
