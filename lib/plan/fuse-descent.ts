import type { Buffer, Program } from "./ir.js";
import { PARAM, withMatmul } from "./matmul-params.js";
import { fuseGradients } from "./updates.js";

/** Positions of the sgd instruction's operands and parameters. */
const SGD = { w: 0, lr: 3 } as const;
const SETTING = { momentum: 2, weightDecay: 4, maximize: 6 } as const;

/**
 * Plain gradient descent: dw = aᵀ · dz, then w ← w − η·dw becomes one matmul that accumulates into w, and
 * dw is never written.
 */
export function fuseDescent(program: Program): Program {
  return fuseGradients(program, (update, product) => {
    const setting = (name: keyof typeof SETTING): number => update.params[SETTING[name]] as number;
    if (update.name !== "sgd" || setting("momentum") !== 0 || setting("weightDecay") !== 0) return null;
    const alpha = setting("maximize") === 1 ? 1 : -1;
    return withMatmul(
      product,
      { c: update.operands[SGD.w] as Buffer, scale: update.operands[SGD.lr] as Buffer },
      { alpha: alpha * (product.params[PARAM.alpha] as number), beta: 1 },
    );
  });
}
