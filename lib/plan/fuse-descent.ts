import type { Program } from "./ir.js";
import { fuseGradients } from "./updates.js";

/**
 * Plain gradient descent: fuses dw = aᵀ · dz and w ← w − η·dw into one matmul that accumulates into w.
 * dw is never written.
 */
export function fuseDescent(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    if (update.name !== "sgd" || update.param("momentum") !== 0 || update.param("weightDecay") !== 0)
      return null;
    const sign = update.param("maximize") === 1 ? 1 : -1;
    return product.with({
      operands: { c: update.required("w"), scale: update.required("lr") },
      params: { alpha: sign * product.param("alpha"), beta: 1 },
    });
  });
}
