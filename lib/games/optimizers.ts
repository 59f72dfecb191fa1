import { ArgumentError } from "../errors.js";
import { to } from "../ops/to.js";
import { LBFGS } from "../optim/lbfgs.js";
import { Optimizer } from "../optim/optimizer.js";
import { SGD } from "../optim/sgd.js";
import { checkNumber, describe, isInstance } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Play } from "./methods.js";
import { type Seat, structureOf } from "./players.js";

/**
 * The optimizers of the players; for those that have none SGD with their `lr`.
 * @param standard the learning rate of players without one.
 * @throws ArgumentError with the player's name
 */
export function readOptimizers(
  where: string,
  seats: readonly Seat[],
  play: Play,
  standard: unknown,
): Optimizer<object>[] {
  const optimizers = seats.map((seat) => readOptimizer(where, seat, play, standard));
  const owners = new Map<Tensor, Seat>();
  optimizers.forEach(({ parameters }, i) => {
    const seat = seats[i] as Seat;
    for (const parameter of parameters) {
      const owner = owners.get(parameter);
      if (owner !== undefined) {
        throw new ArgumentError(
          `${where}: the optimizers of ${owner.name} and ${seat.name} share a parameter`,
        );
      }
      owners.set(parameter, seat);
    }
  });
  return optimizers;
}

function readOptimizer(
  where: string,
  seat: Seat,
  { name, method }: Play,
  standard: unknown,
): Optimizer<object> {
  const { leaves } = structureOf(where, seat);
  const { optimizer } = seat;
  if (optimizer === undefined) {
    const lr = checkNumber(where, `the lr of ${seat.name}`, seat.lr ?? standard, { min: 0 });
    return new SGD(leaves, { lr });
  }
  if (seat.lr !== undefined) {
    throw new ArgumentError(`${where}: ${seat.name} has an lr and an optimizer; give one of them`);
  }
  if (!isInstance<Optimizer<object>>(optimizer, Optimizer)) {
    throw new ArgumentError(
      `${where}: expected the optimizer of ${seat.name} to be an Optimizer, got ${describe(optimizer)}`,
    );
  }
  if (isInstance(optimizer, LBFGS)) {
    throw new ArgumentError(
      `${where}: the optimizer of ${seat.name} is LBFGS, which computes one cost many times in a step; a game needs an optimizer that makes a step of a gradient`,
    );
  }
  const { optimizers } = method;
  if (optimizers !== undefined && !optimizers.some((kind) => isInstance(optimizer, kind))) {
    const known = optimizers.map((kind) => kind.name).join(", ");
    const expected =
      known === "" ? "lr and no optimizer, since it makes the step itself" : `the optimizers ${known}`;
    throw new ArgumentError(
      `${where}: ${name} takes ${expected}; the optimizer of ${seat.name} is ${optimizer.constructor.name}`,
    );
  }
  checkHolds(where, seat, optimizer, leaves);
  return optimizer;
}

/** @throws ArgumentError unless the optimizer has the parameters of the player. */
export function checkHolds(
  where: string,
  { name }: Seat,
  optimizer: Optimizer<object>,
  parameters: readonly Tensor[],
): void {
  const held = new Set(optimizer.parameters);
  if (parameters.every((parameter) => held.has(parameter))) return;
  throw new ArgumentError(
    `${where}: the optimizer of ${name} lacks one of its parameters; make the game anew after unfreezing one`,
  );
}

/** The learning rate η with which an optimizer moves a parameter, a scalar of its dtype. */
export function rateOf({ groups }: Optimizer<object>, parameter: Tensor): Tensor {
  const group = groups.find(({ parameters }) => parameters.includes(parameter)) as (typeof groups)[number];
  return to(group.rate, parameter.dtype);
}

/** Whether its steps are w − η·g. */
export const makesPlainSteps = (optimizer: Optimizer<object>): boolean =>
  isInstance(optimizer, SGD) &&
  optimizer.groups.every(
    ({ settingsNow: { momentum, weightDecay, maximize } }) =>
      momentum === 0 && weightDecay === 0 && !maximize,
  );
