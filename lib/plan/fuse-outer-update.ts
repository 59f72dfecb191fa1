import type { Program } from "./ir.js";
import { fuseGradients, withFactors } from "./updates.js";

/** With shorter rows of weights, an update of the whole matrix at once is faster. */
const MIN_COLUMNS = 8;

/**
 * With one sample, the gradient of a weight is an outer product, dw = dzᵀ · x. The fused update takes the two
 * vectors and goes through the weights row by row. dw is never written.
 */
export function fuseOuterUpdate(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    const [rows, columns] = [product.param("M"), product.param("N")];
    if (product.param("K") !== 1 || product.param("alpha") !== 1 || columns < MIN_COLUMNS) return null;
    const [dz, x] = [product.required("a"), product.required("b")];
    return withFactors(update, "outer", { rows, columns }, { dz, x });
  });
}
