import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where as choose } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Point } from "./costs.js";
import { linearField } from "./linear-field.js";
import { adjusting, type Method } from "./method.js";
import { inner } from "./vectors.js";

export interface SymplecticOptions {
  /** λ ≥ 0, the weight of the adjustment. Default: 1. */
  readonly lambda?: number;
  /**
   * Choose the sign of λ so that the adjustment attracts to stable fixed points and repels from unstable ones.
   * Default: true.
   */
  readonly align?: boolean;
}

/** ε of the sign rule: a weak alignment leaves the sign positive. */
const EPSILON = 0.1;

/**
 * Symplectic gradient adjustment: J = S + A has a symmetric part S, as of a cost that all share, and an antisymmetric
 * part A = (J − Jᵀ)/2, which turns. The adjustment goes against the turning:
 *
 *     w_i ← w_i − η_i·(ξ + λ·s·Aᵀ·ξ)_i
 *     s = sign(⟨ξ, ∇H⟩·⟨Aᵀ·ξ, ∇H⟩/n + 1/10), ∇H = Jᵀ·ξ      n: number of all parameters; s = 1 without `align`
 */
export const symplectic: Method<Required<SymplecticOptions>> = adjusting(
  {
    options: ["lambda", "align"],
    read: (where, { lambda, align }) => ({
      lambda: checkNumber(where, "lambda", lambda ?? 1, { min: 0 }),
      align: checkFlag(where, "align", align ?? true),
    }),
  },
  ({ costs, point }, { lambda, align }, players) => {
    const { field, transposed, along } = linearField(costs, point);
    const slope = transposed(field);
    const forward = along(field);
    const turn = slope.map((own, i) => own.map((g, k) => mul(sub(g, forward[i]?.[k] as Tensor), 0.5)));
    const weight = align ? mul(alignment(field, slope, turn), lambda) : lambda;
    return players.map((i) =>
      (field[i] as Tensor[]).map((gradient, k) => {
        const scale = typeof weight === "number" ? weight : to(weight, gradient.dtype);
        return add(gradient, mul(turn[i]?.[k] as Tensor, scale));
      }),
    );
  },
);

/** The sign s, a float64 scalar. */
function alignment(field: Point, slope: Point, turn: Point): Tensor {
  const n = field.flat().reduce((count, { size }) => count + size, 0);
  const product = (a: Point): Tensor =>
    a
      .flatMap((own, i) => own.map((one, k) => to(inner(one, slope[i]?.[k] as Tensor), "float64")))
      .reduce((total, one) => add(total, one));
  const agreement = add(div(mul(product(field), product(turn)), n), EPSILON);
  return to(choose(greaterEqual(agreement, 0), 1, -1), "float64");
}
