import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sum } from "../ops/sum.js";
import { checkFlag, checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Costs, type Point, withPlayer } from "./costs.js";
import { adjusting, type Method } from "./method.js";
import type { Round, Values } from "./round.js";

export interface LOLAOptions {
  /** α ≥ 0, the learning rate that a player expects of its opponents. Default: each opponent's own. */
  readonly opponentLr?: number;
  /** Differentiate the first-order expansion of the cost in the opponents' steps. Default: false, the cost itself. */
  readonly firstOrder?: boolean;
}

interface Settings {
  readonly opponentLr: number | null;
  readonly firstOrder: boolean;
}

/**
 * Learning with opponent-learning awareness: a player goes down its cost after the step that its opponents will make,
 * and its gradient goes through that step.
 *
 *     w_i ← w_i − η_i·∂/∂w_i L_i(w_i, w_j + Δ_j(w))         Δ_j(w) = −α_j·∂L_j/∂w_j, for all j ≠ i
 *     w_i ← w_i − η_i·∂/∂w_i (L_i(w) + Σ_j ∂L_i/∂w_j·Δ_j(w))      with `firstOrder`
 */
export const lola: Method<Settings> = adjusting(
  {
    options: ["opponentLr", "firstOrder"],
    read: (where, { opponentLr, firstOrder }) => ({
      opponentLr: opponentLr === undefined ? null : checkNumber(where, "opponentLr", opponentLr, { min: 0 }),
      firstOrder: checkFlag(where, "firstOrder", firstOrder ?? false),
    }),
  },
  (round, settings, players) => {
    const { costs, point } = round;
    // The reported cost is the one here, and not the one after the opponents' steps.
    for (const i of players) costs.of(i, point);
    return players.map((i) =>
      costs.gradientOf(
        i,
        (own) => {
          const here = withPlayer(point, i, own);
          return foreseen(round, settings, i, here);
        },
        point[i] as Values,
      ),
    );
  },
);

/** What player i expects its cost to be after its opponents' steps from here. */
function foreseen(round: Round, { opponentLr, firstOrder }: Settings, i: number, here: Point): Tensor {
  const { costs } = round;
  const steps = here.map((values, j) => {
    if (j === i) return [];
    const rates = opponentLr === null ? round.rates(j) : values.map(() => opponentLr);
    return costs.gradient(j, here).map((gradient, k) => neg(mul(gradient, rates[k] as Tensor | number)));
  });
  if (firstOrder) return expanded(costs, i, here, steps);
  const there = here.map((values, j) =>
    j === i ? values : values.map((w, k) => add(w, steps[j]?.[k] as Tensor)),
  );
  return costs.of(i, there);
}

/** L_i(w) + Σ_j ∂L_i/∂w_j·Δ_j */
function expanded(costs: Costs, i: number, here: Point, steps: Point): Tensor {
  const changes = steps.flatMap((own, j) =>
    j === i ? [] : costs.gradient(i, here, j).map((slope, k) => sum(mul(slope, own[k] as Tensor))),
  );
  return changes.reduce((total, change) => add(total, change), costs.of(i, here));
}
