import { Adam } from "../optim/adam.js";
import { SGD } from "../optim/sgd.js";
import { checkFlag } from "../options.js";
import { BOTH_ORDERS, type Method } from "./method.js";
import { inOrder, type Values } from "./round.js";

export interface ExtragradientOptions {
  /** Extrapolate with the last step's gradient: one gradient a step instead of two (Popov, 1980). Default: false. */
  readonly past?: boolean;
}

const GRADIENT = "gradient";

/**
 * Looks ahead, and steps with the gradient from there:
 *
 *     w̃ ← w − η·ξ(w)            with `past`: w̃ ← w − η·ξ(w̃ of the last step), and w̃ ← w in the first
 *     w ← w − η·ξ(w̃)
 *
 * With Adam, both are Adam's steps and move its moments (ExtraAdam).
 */
export const extragradient: Method<Required<ExtragradientOptions>> = {
  options: ["past"],
  read: (where, { past }) => ({ past: checkFlag(where, "past", past ?? false) }),
  orders: BOTH_ORDERS,
  optimizers: [SGD, Adam],
  memory: ({ past }) => (past ? [GRADIENT] : []),
  step: (round, { past }) => {
    const { costs, point } = round;
    const origin = point.map((_, i) => round.hold(i));
    const look = (players: readonly number[]): readonly Values[] => costs.field(point, players);
    inOrder(round, past ? (players) => players.map((i) => round.recall(i, GRADIENT)) : look, (i, gradient) =>
      round.move(i, point[i] as Values, gradient),
    );
    inOrder(round, look, (i, gradient) => {
      if (past) round.keep(i, GRADIENT, gradient);
      return round.move(i, origin[i] as Values, gradient);
    });
  },
};
