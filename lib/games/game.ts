import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { ArgumentError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { LBFGS } from "../optim/lbfgs.js";
import { Optimizer, zerosLike } from "../optim/optimizer.js";
import { SGD } from "../optim/sgd.js";
import { checkNumber, describe, isInstance } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Costs } from "./costs.js";
import { type MethodOptions, type Play, readMethod } from "./methods.js";
import { type Players, readPlayers, type Seat, structureOf } from "./players.js";
import { MovingRound } from "./round.js";

/** A method, and the learning rate of the players that have none. */
export type GameOptions = MethodOptions & {
  /** Learning rate η ≥ 0 of players that have neither `lr` nor an optimizer. */
  readonly lr?: number;
};

export class Game<P extends readonly unknown[] = readonly unknown[], Batch extends readonly Tensor[] = []> {
  /** The players' optimizers, in the players' order. Their learning rates may be set between steps. */
  readonly optimizers: readonly Optimizer<object>[];
  readonly #seats: readonly Seat[];
  readonly #play: Play;
  readonly #kept = new Map<Tensor, Map<string, Tensor>>();

  constructor(players: Players<P, Batch>, options: GameOptions) {
    this.#seats = readPlayers("Game", players);
    this.#play = readMethod("Game", options, this.#seats.length, ["lr"]);
    this.optimizers = this.#seats.map((seat) => readOptimizer(seat, this.#play, options.lr));
    checkApart(this.#seats, this.optimizers);
  }

  step(...batch: Batch): Tensor[] {
    const costs = new Costs("Game", this.#seats, batch);
    const { method, order, settings } = this.#play;
    const round = new MovingRound(costs, order, this.optimizers, {
      of: (parameter, name) => this.#memory(parameter, name),
    });
    if (currentTrace() === null) {
      for (const { storage } of costs.parameters.flat()) storage.checkWritable();
    }
    noGrad(() => method.step(round, settings));
    return costs.first.map((cost) => detach(cost as Tensor));
  }

  #memory(parameter: Tensor, name: string): Tensor {
    const own = this.#kept.get(parameter) ?? new Map<string, Tensor>();
    const kept = own.get(name) ?? zerosLike(parameter);
    own.set(name, kept);
    this.#kept.set(parameter, own);
    return kept;
  }
}

function readOptimizer(seat: Seat, { name, method }: Play, standard: unknown): Optimizer<object> {
  const { leaves } = structureOf("Game", seat);
  if (seat.optimizer === undefined) {
    const lr = checkNumber("Game", `the lr of ${seat.name}`, seat.lr ?? standard, { min: 0 });
    return new SGD(leaves, { lr });
  }
  if (seat.lr !== undefined) {
    throw new ArgumentError(`Game: ${seat.name} has an lr and an optimizer; give one of them`);
  }
  const { optimizer } = seat;
  if (!isInstance(optimizer, Optimizer)) {
    throw new ArgumentError(
      `Game: expected the optimizer of ${seat.name} to be an Optimizer, got ${describe(optimizer)}`,
    );
  }
  const kind = optimizer.constructor.name;
  if (isInstance(optimizer, LBFGS)) {
    throw new ArgumentError(
      `Game: ${seat.name} has the optimizer LBFGS, which computes a cost again and again within a step; a game needs one that makes a step of a gradient`,
    );
  }
  const { optimizers } = method;
  if (optimizers !== undefined && !optimizers.some((one) => isInstance(optimizer, one))) {
    const known = optimizers.map((one) => one.name).join(", ");
    throw new ArgumentError(
      `Game: ${name} exists for ${known === "" ? "players with lr" : `the optimizers ${known}`}, got ${kind} of ${seat.name}`,
    );
  }
  const held = new Set(optimizer.parameters);
  if (leaves.some((leaf) => !held.has(leaf))) {
    throw new ArgumentError(`Game: the optimizer of ${seat.name} lacks one of its parameters`);
  }
  return optimizer as Optimizer<object>;
}

/** @throws ArgumentError if the optimizer of one player would move parameters of another. */
function checkApart(seats: readonly Seat[], optimizers: readonly Optimizer<object>[]): void {
  const owners = new Map<Tensor, Seat>();
  optimizers.forEach(({ parameters }, i) => {
    const seat = seats[i] as Seat;
    for (const parameter of parameters) {
      const owner = owners.get(parameter);
      if (owner !== undefined) {
        throw new ArgumentError(`Game: the optimizers of ${owner.name} and ${seat.name} share a parameter`);
      }
      owners.set(parameter, seat);
    }
  });
}
