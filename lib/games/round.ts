import { copyNow, write } from "../eager/apply.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { scalarState } from "../optim/group.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Costs, Point } from "./costs.js";
import { rateOf } from "./optimizers.js";

/** Whether the players move at once (Jacobi), or one after the other, each after having seen the moves before (Gauss–Seidel). */
export type Order = "simultaneous" | "alternating";

/** A list of tensors with one for each of a player's parameters. */
export type Values = readonly Tensor[];

/**
 * One step of a game as a method sees it. A method is written with values and moves; whether a move writes to the
 * parameters or gives new tensors is the round's matter.
 */
export interface Round {
  readonly costs: Costs;
  readonly order: Order;
  /** Where the players are. A method puts the results of moves here. */
  readonly point: Values[];
  /** The number of steps before this one, a float64 scalar. */
  readonly steps: Tensor;
  /** Whether the results must have derivatives with respect to the point and what was kept. */
  readonly isDifferentiable: boolean;
  /** Where player i is, as values that no later move changes. */
  hold(i: number): Values;
  /** Where the player's optimizer goes from `from` with `gradient` in the gradient's place. */
  move(i: number, from: Values, gradient: Values): Values;
  /** Puts player i at these values. */
  put(i: number, values: Values): Values;
  /** The learning rates η of player i, a scalar for each parameter. */
  rates(i: number): Values;
  /** What was kept of player i in the last step under this name; zeros in the first step. */
  recall(i: number, name: string): Values;
  keep(i: number, name: string, values: Values): void;
}

/** Players who look at the point together before any of them moves. */
interface Turn {
  readonly players: readonly number[];
  /** Number of moves that these players have made before in this step. */
  readonly before: number;
}

function turnsIn({ order, costs }: Round): Turn[] {
  const { moves } = costs;
  if (order === "simultaneous") return [{ players: [...moves.keys()], before: 0 }];
  return moves.flatMap((count, i) =>
    Array.from({ length: count }, (_, before) => ({ players: [i], before })),
  );
}

/**
 * For each turn: computes a direction for each of its players, and moves them.
 * @param directions also gets the number of moves that the players have made before in this step.
 */
export function inOrder(
  round: Round,
  directions: (players: readonly number[], before: number) => readonly Values[],
  move: (i: number, direction: Values) => Values,
): void {
  for (const { players, before } of turnsIn(round)) {
    directions(players, before).forEach((direction, k) => {
      const i = players[k] as number;
      round.point[i] = move(i, direction);
    });
  }
}

/** What a game keeps between steps. */
export interface Memory {
  readonly steps: Tensor;
  /** What it keeps of a parameter under this name. */
  of(parameter: Tensor, name: string): Tensor;
}

/** A round that moves the parameters themselves, by the players' optimizers. */
export class MovingRound implements Round {
  readonly isDifferentiable = false;
  readonly point: Values[];
  readonly costs: Costs;
  readonly order: Order;
  readonly #optimizers: readonly Optimizer<object>[];
  readonly #memory: Memory;

  constructor(costs: Costs, order: Order, optimizers: readonly Optimizer<object>[], memory: Memory) {
    this.costs = costs;
    this.order = order;
    this.point = [...costs.parameters];
    this.#optimizers = optimizers;
    this.#memory = memory;
  }

  hold(i: number): Values {
    return (this.point[i] as Values).map(copyNow);
  }

  move(i: number, from: Values, gradient: Values): Values {
    const optimizer = this.#optimizers[i] as Optimizer<object>;
    const parameters = this.put(i, from);
    optimizer.zeroGrad();
    parameters.forEach((parameter, k) => {
      parameter.grad = gradient[k] as Tensor;
    });
    optimizer.step();
    optimizer.zeroGrad();
    return parameters;
  }

  put(i: number, values: Values): Values {
    const parameters = this.costs.parameters[i] as Values;
    parameters.forEach((parameter, k) => {
      const value = values[k] as Tensor;
      if (value !== parameter) write("Game", parameter, value);
    });
    return parameters;
  }

  rates(i: number): Values {
    const optimizer = this.#optimizers[i] as Optimizer<object>;
    return (this.costs.parameters[i] as Values).map((parameter) => rateOf(optimizer, parameter));
  }

  get steps(): Tensor {
    return this.#memory.steps;
  }

  recall(i: number, name: string): Values {
    return (this.costs.parameters[i] as Values).map((parameter) => this.#memory.of(parameter, name));
  }

  keep(i: number, name: string, values: Values): void {
    this.recall(i, name).forEach((kept, k) => {
      write("Game", kept, values[k] as Tensor);
    });
  }
}

/** A round of plain steps w − η·g that changes nothing: its results are functions of the point and of what was kept. */
export class PlainRound implements Round {
  readonly isDifferentiable = true;
  readonly steps = scalarState(0);
  readonly point: Values[];
  /** What was kept, by name and player. */
  readonly kept: Readonly<Record<string, Values[]>>;
  readonly costs: Costs;
  readonly order: Order;
  readonly #rates: readonly Values[];

  constructor(
    costs: Costs,
    order: Order,
    rates: readonly Values[],
    point: Point,
    kept: Record<string, Values[]>,
  ) {
    this.costs = costs;
    this.order = order;
    this.#rates = rates;
    this.point = [...point];
    this.kept = kept;
  }

  hold(i: number): Values {
    return this.point[i] as Values;
  }

  move(i: number, from: Values, gradient: Values): Values {
    const rates = this.rates(i);
    return from.map((w, k) => sub(w, mul(gradient[k] as Tensor, rates[k] as Tensor)));
  }

  put(_: number, values: Values): Values {
    return values;
  }

  rates(i: number): Values {
    return this.#rates[i] as Values;
  }

  recall(i: number, name: string): Values {
    return this.kept[name]?.[i] as Values;
  }

  keep(i: number, name: string, values: Values): void {
    (this.kept[name] as Values[])[i] = values;
  }
}
