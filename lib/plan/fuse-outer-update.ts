import type { Buffer, Program } from "./ir.js";
import { OPERAND, PARAM } from "./matmul-params.js";
import { fuseGradients, withFactors } from "./updates.js";

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
  return fuseGradients(program, (update, product) => {
    const [rows, columns, terms] = [PARAM.M, PARAM.N, PARAM.K].map((at) => product.params[at] as number) as [
      number,
      number,
      number,
    ];
    if (terms !== 1 || product.params[PARAM.alpha] !== 1 || columns < MIN_COLUMNS) return null;
    const [dz, x] = [product.operands[OPERAND.a] as Buffer, product.operands[OPERAND.b] as Buffer];
    return withFactors(update, OUTER[update.name] as string, [dz, x], [rows, columns]);
  });
}
