import { bytesOf } from "../dtype.js";
import { unchangedBetween } from "./hazards.js";
import { type Buffer, countUses, type Instruction, type Program, producers } from "./ir.js";
import { isPlain, OPERAND, PARAM } from "./matmul-params.js";

/** Of each kind of update, the instruction that takes the factors of a gradient instead of a gradient. */
const PRODUCT: Readonly<Record<string, string>> = { sgd: "sgd_product", adam: "adam_product" };

/** The kind of update that takes a product's factors in the instruction of that name, or undefined. */
export const productRuleOf = (name: string): string | undefined =>
  Object.keys(PRODUCT).find((rule) => PRODUCT[rule] === name);

/** How many of the instruction's parameters are the product's; the update's settings follow. */
export const PRODUCT_PARAMS = PARAM.alpha + 1;

/** Smaller weights, their state and their gradient stay in a core's cache from the product to the update. */
const MIN_BYTES = 524_288;

/**
 * The gradient of a weight is a product, dw = dzᵀ · x: its update takes the factors and uses up each tile of
 * dw where it is computed. The whole is never written. It takes the update's place, behind everything that
 * still reads the old weight.
 */
export function fuseProductUpdate(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const name = PRODUCT[instruction.name];
    if (name === undefined || instruction.params[0] !== 1) continue;
    const [w, dw, ...rest] = instruction.operands as [Buffer, Buffer, ...(Buffer | null)[]];
    if (bytesOf(w) < MIN_BYTES) continue;
    const maker = makers.get(dw);
    if (maker?.name !== "matmul" || uses.get(dw) !== 1 || !isPlain(maker)) continue;
    const state = instruction.writes.map((at) => instruction.operands[at] as Buffer);
    if (maker.operands.some((operand) => operand !== null && state.includes(operand))) continue;
    if (!unchangedBetween(program, maker.operands, maker, instruction)) continue;
    const [a, b] = [maker.operands[OPERAND.a] as Buffer, maker.operands[OPERAND.b] as Buffer];
    replaced.set(instruction, {
      ...instruction,
      name,
      params: [...maker.params.slice(0, PRODUCT_PARAMS), ...instruction.params.slice(2)],
      operands: [w, a, b, ...rest],
      writes: instruction.writes.map((at) => (at === 0 ? 0 : at + 1)),
    });
    gone.add(maker);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}
