import type { Program } from "./ir.js";
import { fuseGradients, withFactors } from "./updates.js";

/** Shorter rows of weights are better treated all at once. */
const MIN_COLUMNS = 8;

/**
 * At one sample the gradient of a weight is an outer product, dw = dzᵀ · x: its update takes the two vectors,
 * and dw is never written. It goes through the weights row by row.
 */
export function fuseOuterUpdate(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    const [rows, columns] = [product.param("M"), product.param("N")];
    if (product.param("K") !== 1 || product.param("alpha") !== 1 || columns < MIN_COLUMNS) return null;
    const [dz, x] = [product.required("a"), product.required("b")];
    return withFactors(update, "outer", { rows, columns }, { dz, x });
  });
}
