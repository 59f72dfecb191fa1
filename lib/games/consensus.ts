import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { linearField } from "./linear-field.js";
import { adjusting, type Method } from "./method.js";

export interface ConsensusOptions {
  /** γ ≥ 0, the weight of ½·‖ξ‖². Default: 1. */
  readonly gamma?: number;
}

/**
 * Each player also goes down the common cost ½·‖ξ‖², which is least where nobody wants to move:
 *
 *     w_i ← w_i − η_i·(ξ + γ·Jᵀ·ξ)_i
 */
export const consensus: Method<Required<ConsensusOptions>> = adjusting(
  {
    options: ["gamma"],
    read: (where, { gamma }) => ({ gamma: checkNumber(where, "gamma", gamma ?? 1, { min: 0 }) }),
  },
  ({ costs, point }, { gamma }, players) => {
    const { field, transposed } = linearField(costs, point);
    const slope = transposed(field);
    return players.map((i) =>
      (field[i] as Tensor[]).map((gradient, k) => add(gradient, mul(slope[i]?.[k] as Tensor, gamma))),
    );
  },
);
