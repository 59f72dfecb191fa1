import { bytesOf } from "../tensor/dtype.js";
import type { Buffer, Program } from "./ir.js";
import { OPERAND, PARAM } from "./matmul-params.js";
import { fuseGradients, withFactors } from "./updates.js";

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
 * dw where it is computed. The whole is never written.
 */
export function fuseProductUpdate(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    if (bytesOf(update.operands[0] as Buffer) < MIN_BYTES) return null;
    const [a, b] = [product.operands[OPERAND.a] as Buffer, product.operands[OPERAND.b] as Buffer];
    return withFactors(
      update,
      PRODUCT[update.name] as string,
      [a, b],
      product.params.slice(0, PRODUCT_PARAMS),
    );
  });
}
