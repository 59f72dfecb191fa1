import { linearize } from "../autodiff/linearize.js";
import type { Tensor } from "../tensor/tensor.js";
import { byPlayer, type Costs, type Point } from "./costs.js";

/** The simultaneous gradient ξ at a point, and products with its Jacobian J = ∂ξ/∂w. */
export interface LinearField {
  readonly field: Tensor[][];
  /** Jᵀ·v */
  transposed(v: Point): Tensor[][];
  /** J·v */
  along(v: Point): Tensor[][];
}

export function linearField(costs: Costs, point: Point): LinearField {
  const at = linearize("Game", (...all: Tensor[]) => costs.field(byPlayer(all, point)).flat(), point.flat());
  return {
    field: byPlayer(at.result.leaves, point),
    transposed: (v) => byPlayer(at.pullBack(v.flat()), point),
    along: (v) => byPlayer(at.pushForward(v.flat()), point),
  };
}
