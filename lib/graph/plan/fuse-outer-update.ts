import { unchangedBetween } from "./hazards.js";
import { type Buffer, countUses, type Instruction, type Program, producers } from "./ir.js";
import { isPlain, OPERAND, PARAM } from "./matmul-params.js";

/** Of each kind of update, the instruction that takes two vectors instead of a gradient. */
const OUTER: Readonly<Record<string, string>> = { sgd: "sgd_outer", adam: "adam_outer" };

/** The kind of update that takes two vectors in the instruction of that name, or undefined. */
export const outerRuleOf = (name: string): string | undefined =>
  Object.keys(OUTER).find((rule) => OUTER[rule] === name);

/** Shorter rows of weights are better treated all at once. */
const MIN_COLUMNS = 8;

/**
 * At one sample the gradient of a weight is an outer product, dw = dzᵀ · x: its update takes the two vectors,
 * and dw is never written. It goes through the weights row by row.
 */
export function fuseOuterUpdate(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const name = OUTER[instruction.name];
    if (name === undefined || instruction.params[0] !== 1) continue;
    const [w, dw, ...rest] = instruction.operands as [Buffer, Buffer, ...(Buffer | null)[]];
    const maker = makers.get(dw);
    if (maker?.name !== "matmul" || uses.get(dw) !== 1 || !isPlain(maker)) continue;
    const [rows, columns, terms] = [PARAM.M, PARAM.N, PARAM.K].map((at) => maker.params[at] as number);
    if (terms !== 1 || maker.params[PARAM.alpha] !== 1 || (columns as number) < MIN_COLUMNS) continue;
    if (maker.operands.includes(w) || !unchangedBetween(program, maker.operands, maker, instruction))
      continue;
    const [dz, x] = [maker.operands[OPERAND.a] as Buffer, maker.operands[OPERAND.b] as Buffer];
    replaced.set(instruction, {
      ...instruction,
      name,
      params: [rows as number, columns as number, ...instruction.params.slice(2)],
      operands: [w, dz, x, ...rest],
      writes: instruction.writes.map((at) => (at === 0 ? 0 : at + 1)),
    });
    gone.add(maker);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}
