import { bytesOf } from "../tensor/dtype.js";
import type { Program } from "./ir.js";
import { fuseGradients, withFactors } from "./updates.js";

/** Smaller weights, their state and their gradient stay in a core's cache between the product and the update. */
const MIN_BYTES = 524_288;

/**
 * The gradient of a weight is a product, dw = dzᵀ · x. The fused update takes the factors and applies each tile of
 * dw as soon as it is computed. dw as a whole is never written.
 */
export function fuseProductUpdate(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    if (bytesOf(update.required("w")) < MIN_BYTES) return null;
    const [a, b] = [product.required("a"), product.required("b")];
    const [M, N, K, alpha] = [
      product.param("M"),
      product.param("N"),
      product.param("K"),
      product.param("alpha"),
    ];
    const [transposeA, transposeB] = [product.param("transposeA"), product.param("transposeB")];
    return withFactors(update, "product", { M, N, K, transposeA, transposeB, alpha }, { a, b });
  });
}
