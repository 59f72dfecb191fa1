import { unchangedBetween } from "./hazards.js";
import { type Buffer, countUses, type Instruction, type Program, producers, written } from "./ir.js";
import { isPlain } from "./matmul-params.js";

/** The position of the gradient among the operands of every kind of update, behind the parameter. */
const GRADIENT = 1;

/**
 * Exchanges updates of one parameter, each with the product that is its gradient and nothing else's, for one
 * instruction in the update's place, behind everything that still reads the old weight.
 * @param fuse gives that instruction, or null where the two are to stay.
 */
export function fuseGradients(
  program: Program,
  fuse: (update: Instruction, product: Instruction) => Instruction | null,
): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const update of program.instructions) {
    if ((update.name !== "sgd" && update.name !== "adam") || update.params[0] !== 1) continue;
    const gradient = update.operands[GRADIENT] as Buffer;
    const product = makers.get(gradient);
    if (product?.name !== "matmul" || uses.get(gradient) !== 1 || !isPlain(product)) continue;
    if (written(update).some((buffer) => product.operands.includes(buffer))) continue;
    if (!unchangedBetween(program, product.operands, product, update)) continue;
    const fused = fuse(update, product);
    if (fused === null) continue;
    replaced.set(update, fused);
    gone.add(product);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}

/** The update with the factors of its gradient for operands in the gradient's place. */
export function withFactors(
  update: Instruction,
  name: string,
  [a, b]: readonly [Buffer, Buffer],
  params: readonly number[],
): Instruction {
  const [w = null, , ...rest] = update.operands;
  return {
    ...update,
    name,
    params: [...params, ...update.params.slice(2)],
    operands: [w, a, b, ...rest],
    writes: update.writes.map((at) => (at < GRADIENT ? at : at + 1)),
  };
}
