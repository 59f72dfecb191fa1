import type { Optimizer } from "../optim/optimizer.js";
import type { Round, Values } from "./round.js";
import { inOrder, type Order } from "./round.js";

/** A method for games: how one step is made. */
export interface Method<Settings = unknown> {
  /** The names of its options. */
  readonly options: readonly string[];
  /** The options with their defaults, checked. */
  read(where: string, options: Readonly<Record<string, unknown>>): Settings;
  readonly orders: readonly Order[];
  /** Whether a player may make several moves in a step, in alternating order. Default: false. */
  readonly severalMoves?: boolean;
  /** The number of players, where it is not any. */
  readonly players?: number;
  /** The optimizers for which the literature has it; without this, all that need no closure. */
  readonly optimizers?: readonly (abstract new (
    ...args: never[]
  ) => Optimizer<object>)[];
  /** What it keeps between steps, by name: a tensor for each parameter. */
  memory(settings: Settings): readonly string[];
  /** Whether its steps are functions of the point with learning rates alone. Default: always. */
  isPlain?(settings: Settings): boolean;
  step(round: Round, settings: Settings): void;
}

export const BOTH_ORDERS: readonly Order[] = ["simultaneous", "alternating"];

/**
 * A method that puts another direction in the gradient's place: any optimizer goes along it.
 * @param directions also gets the number of moves that the players have made before in this step.
 */
export function adjusting<Settings>(
  description: Pick<Method<Settings>, "options" | "read" | "severalMoves">,
  directions: (
    round: Round,
    settings: Settings,
    players: readonly number[],
    before: number,
  ) => readonly Values[],
): Method<Settings> {
  return {
    ...description,
    orders: BOTH_ORDERS,
    memory: () => [],
    step: (round, settings) =>
      inOrder(
        round,
        (players, before) => directions(round, settings, players, before),
        (i, direction) => round.move(i, round.point[i] as Values, direction),
      ),
  };
}
