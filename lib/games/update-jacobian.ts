import { jacobian } from "../autodiff/jacobian.js";
import { ArgumentError } from "../errors.js";
import { detach } from "../ops/detach.js";
import type { Optimizer } from "../optim/optimizer.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { byPlayer, Costs } from "./costs.js";
import type { GameOptions } from "./game.js";
import { type Play, readMethod } from "./methods.js";
import { makesPlainSteps, rateOf, readOptimizers } from "./optimizers.js";
import { mostMoves, type Players, readPlayers, type Seat } from "./players.js";
import { PlainRound, type Values } from "./round.js";
import { flatten, unflatten } from "./vectors.js";

/**
 * The simultaneous gradient ξ = (∂L_1/∂w_1, …, ∂L_n/∂w_n) at the players' parameters, as one vector [N] in the order
 * of the players. It is 0 where no player wants to move.
 * @param batch the tensors that the costs get after the players' parameters.
 * @example
 * const [a, b] = [tensor([1]), tensor([2])];
 * simultaneousGradient([{ parameters: a, cost: (a, b) => sum(mul(a, b)) }, { parameters: b }]);   // [2, -1]
 * @throws as `Game`
 */
export function simultaneousGradient<const P extends readonly Tree[]>(
  players: Players<P>,
  ...batch: Tensor[]
): Tensor {
  const where = "simultaneousGradient";
  const costs = new Costs(where, readPlayers(where, players), batch);
  return flatten(where, costs.field(costs.parameters).flat());
}

/**
 * The Jacobian J = ∂ξ/∂w of the simultaneous gradient at the players' parameters, [N, N]. Its symmetric part is that of
 * a cost that all players share; its antisymmetric part turns.
 * @param batch the tensors that the costs get after the players' parameters.
 * @example
 * const [a, b] = [tensor([1]), tensor([2])];
 * gameJacobian([{ parameters: a, cost: (a, b) => sum(mul(a, b)) }, { parameters: b }]);   // [[0, 1], [-1, 0]]
 * @throws as `Game`
 */
export function gameJacobian<const P extends readonly Tree[]>(
  players: Players<P>,
  ...batch: Tensor[]
): Tensor {
  const where = "gameJacobian";
  const costs = new Costs(where, readPlayers(where, players), batch);
  const { parameters } = costs;
  const field = (w: Tensor): Tensor =>
    flatten(where, costs.field(byPlayer(unflatten(w, parameters.flat()), parameters)).flat());
  return jacobian(field)(detach(flatten(where, parameters.flat())));
}

/**
 * The Jacobian of a method's update at the players' parameters, [M, M]. Near a point where nobody wants to move, steps
 * approach it if the spectral radius is below 1, and leave it if it is above 1. Complex eigenvalues turn.
 *
 * The update is of all players' parameters, and after them of what the method keeps between steps (the last gradients
 * of `extragradient` with `past`, the last moves of `optimistic`), which is 0 here. The players make plain steps, with
 * `lr`. `competitive` solves its system by a factorisation.
 * @param batch the tensors that the costs get after the players' parameters, as for a step of `Game`.
 * @example
 * const [a, b] = [tensor([1]), tensor([2])];
 * const players = [{ parameters: a, cost: (a: Tensor, b: Tensor) => sum(mul(a, b)) }, { parameters: b }] as const;
 * updateJacobian(players, { method: "descent", lr: 0.1 });   // [[1, -0.1], [0.1, 1]]
 * spectralRadius(updateJacobian(players, { method: "descent", lr: 0.1 }));         // 1.005: it spirals out
 * spectralRadius(updateJacobian(players, { method: "extragradient", lr: 0.1 }));   // 0.995: it spirals in
 * @throws ArgumentError for a player with an optimizer other than plain SGD, and for `adaptive`; as `Game`
 */
export function updateJacobian<const P extends readonly Tree[]>(
  players: Players<P>,
  options: GameOptions,
  ...batch: Tensor[]
): Tensor {
  const where = "updateJacobian";
  const seats = readPlayers(where, players);
  const play = readMethod(where, options, seats, ["lr"]);
  const costs = new Costs(where, seats, batch, mostMoves(seats));
  const { parameters } = costs;
  const rates = plainRates(seats, readOptimizers(where, seats, play, options.lr), parameters, play);
  const names = play.method.memory(play.settings);
  const start = [parameters, ...names.map(() => parameters.map((own) => own.map(zerosLike)))];
  const update = (state: Tensor): Tensor => {
    const parts = byPlayer(unflatten(state, start.flat(2)), start.flat());
    const [point = [], ...kept] = start.map((_, k) => parts.slice(k * seats.length, (k + 1) * seats.length));
    const memory = Object.fromEntries(names.map((name, k) => [name, kept[k] as Values[]]));
    const round = new PlainRound(costs, play.order, rates, point, memory);
    play.method.step(round, play.settings);
    return flatten(where, [round.point, ...names.map((name) => round.kept[name] as Values[])].flat(2));
  };
  return jacobian(update)(detach(flatten(where, start.flat(2))));
}

/** The learning rates of plain steps as constants, for each parameter. */
function plainRates(
  seats: readonly Seat[],
  optimizers: readonly Optimizer<object>[],
  parameters: readonly Values[],
  { name, method, settings }: Play,
): Tensor[][] {
  if (method.isPlain?.(settings) === false) {
    throw new ArgumentError(`updateJacobian: ${name} has plain steps only without adaptive`);
  }
  return optimizers.map((optimizer, i) => {
    if (!makesPlainSteps(optimizer)) {
      throw new ArgumentError(
        `updateJacobian: expected plain steps of ${(seats[i] as Seat).name}: lr, or SGD without momentum and weight decay`,
      );
    }
    return (parameters[i] as Values).map((w) => rateOf(optimizer, w));
  });
}
