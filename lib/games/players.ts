import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkFunction, checkList, checkNumber, checkRequired, describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Structure, type Tree, takeApart } from "../tensor/tree.js";

/**
 * A player of a game: what it chooses, and what that costs it.
 * The costs' arguments are the parameters of all players, in the players' order, and the tensors of the mini-batch
 * after them.
 */
export interface Player<P, All extends readonly unknown[]> {
  /** The name in error messages. Default: the position, "player 0". */
  readonly name?: string;
  /**
   * What the player chooses: a tensor, a module, or a list or an object of these. Of a module these are the parameters
   * that are not frozen.
   */
  readonly parameters: P;
  /**
   * The player's cost L_i, a scalar. Its arguments have the forms of the players' `parameters`: a module is the module
   * itself. It must read plain tensors from its arguments. The second of two players may have none: its cost is
   * minus the first player's, a zero-sum game.
   */
  readonly cost?: (...all: [...All, ...Tensor[]]) => Tensor;
  /** The learning rate η of plain steps. Default: the `lr` of the game. */
  readonly lr?: number;
  /** What makes the player's steps. It must hold the player's parameters. Default: `optim.SGD` with `lr`. */
  readonly optimizer?: Optimizer<object>;
  /**
   * Number of moves that the player makes in each step before the next player moves, from 1 to 1000: k of Goodfellow
   * et al. 2014, n_critic of Arjovsky et al. 2017. Each move computes the cost anew, where the moves before it have
   * led, with new random numbers and a mini-batch of its own. More than one move needs the method descent with the
   * order alternating. Default: 1.
   */
  readonly moves?: number;
}

/** The players of a game, with parameters of the forms P. */
export type Players<P extends readonly unknown[]> = {
  readonly [I in keyof P]: Player<P[I], P>;
};

type Cost = (...all: never[]) => Tensor;

/** A player whose fields are checked. */
export interface Seat {
  readonly name: string;
  readonly parameters: unknown;
  /** null: minus the cost of the other player. */
  readonly cost: Cost | null;
  readonly lr: unknown;
  readonly optimizer: unknown;
  readonly moves: number;
}

const FIELDS = ["name", "parameters", "cost", "lr", "optimizer", "moves"];

/** All moves of a step are parts of one program, which has to stay of a size that can be planned. */
const MOST_MOVES = 1000;

/** @throws ArgumentError, OptionError, DTypeError, GraphError with the player's name */
export function readPlayers(where: string, players: unknown): readonly Seat[] {
  const list = checkList(where, "a list of players", players);
  if (list.length === 0) throw new ArgumentError(`${where}: expected at least one player, got none`);
  const seats = list.map((player, i) => readPlayer(where, player, i, list.length));
  const owners = new Map<object, string>();
  for (const seat of seats) {
    for (const { storage } of structureOf(where, seat).leaves) {
      const owner = owners.get(storage);
      if (owner !== undefined) {
        throw new ArgumentError(
          owner === seat.name
            ? `${where}: ${seat.name} has a parameter twice`
            : `${where}: ${owner} and ${seat.name} share a parameter; each parameter belongs to one player`,
        );
      }
      owners.set(storage, seat.name);
    }
  }
  return seats;
}

function readPlayer(where: string, player: unknown, i: number, count: number): Seat {
  checkRequired(`${where}: player ${i}`, player, FIELDS);
  const { name, parameters, cost, lr, optimizer, moves } = player as Readonly<Record<string, unknown>>;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new ArgumentError(`${where}: expected the name of player ${i} to be a word, got ${describe(name)}`);
  }
  const called = name === undefined ? `player ${i}` : `player "${name}"`;
  if (cost === undefined && !(count === 2 && i === 1)) {
    throw new ArgumentError(
      `${where}: ${called} has no cost; only the second of two players may have none, for a zero-sum game`,
    );
  }
  if (cost !== undefined) checkFunction(where, `the cost of ${called}`, cost);
  return {
    name: called,
    parameters,
    cost: (cost as Cost | undefined) ?? null,
    lr,
    optimizer,
    moves: checkNumber(where, `the moves of ${called}`, moves ?? 1, {
      min: 1,
      max: MOST_MOVES,
      integer: true,
    }),
  };
}

/** The number of moves in a step of the player who makes the most. */
export const mostMoves = (seats: readonly Seat[]): number => Math.max(...seats.map(({ moves }) => moves));

/** The parameters of a player as they are now, checked. */
export function structureOf(where: string, { name, parameters }: Seat): Structure {
  const parts = takeApart(where, `the parameters of ${name}`, parameters as Tree);
  if (parts.leaves.length === 0) {
    throw new ArgumentError(`${where}: ${name} has no parameters that are not frozen`);
  }
  for (const leaf of parts.leaves) {
    if (!isFloat(leaf.dtype)) {
      throw new DTypeError(
        `${where}: expected the parameters of ${name} to be float32 or float64, one is ${leaf.dtype}`,
      );
    }
    if (!leaf.isLeaf) {
      throw new GraphError(
        `${where}: a parameter of ${name} is the result of an op; only leaves can be trained`,
      );
    }
  }
  return parts;
}
