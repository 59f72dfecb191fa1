import { add } from "../ops/add.js";
import { sub } from "../ops/sub.js";
import { Adagrad } from "../optim/adagrad.js";
import { Adam } from "../optim/adam.js";
import { SGD } from "../optim/sgd.js";
import type { Tensor } from "../tensor/tensor.js";
import { BOTH_ORDERS, type Method } from "./method.js";
import { inOrder, type Values } from "./round.js";

const MOVE = "move";

/**
 * Goes twice as far as the optimizer would, and takes the last step back:
 *
 *     w ← w + 2·d_t − d_(t−1)          d_t: the optimizer's step, −η·ξ(w) for plain descent; d_(−1) = 0
 *
 * With Adam it is Optimistic Adam.
 */
export const optimistic: Method<object> = {
  options: [],
  read: () => ({}),
  orders: BOTH_ORDERS,
  optimizers: [SGD, Adam, Adagrad],
  memory: () => [MOVE],
  step: (round) => {
    const { costs, point } = round;
    inOrder(
      round,
      (players) => costs.field(point, players),
      (i, gradient) => {
        const origin = round.hold(i);
        const moved = round.move(i, point[i] as Values, gradient);
        const last = round.recall(i, MOVE);
        const moves = moved.map((w, k) => sub(w, origin[k] as Tensor));
        const next = moved.map((w, k) => add(w, sub(moves[k] as Tensor, last[k] as Tensor)));
        round.keep(i, MOVE, moves);
        return round.put(i, next);
      },
    );
  },
};
