import { ArgumentError } from "../errors.js";
import { checkChoice, checkOptions, describe } from "../options.js";
import { type CompetitiveOptions, competitive } from "./competitive.js";
import { type ConsensusOptions, consensus } from "./consensus.js";
import { descent } from "./descent.js";
import { type ExtragradientOptions, extragradient } from "./extragradient.js";
import { type LOLAOptions, lola } from "./lola.js";
import type { Method } from "./method.js";
import { optimistic } from "./optimistic.js";
import type { Seat } from "./players.js";
import type { Order } from "./round.js";
import { type SymplecticOptions, symplectic } from "./symplectic.js";

/** The options of each method. */
interface OptionsOf {
  descent: object;
  extragradient: ExtragradientOptions;
  optimistic: object;
  consensus: ConsensusOptions;
  symplectic: SymplecticOptions;
  competitive: CompetitiveOptions;
  lola: LOLAOptions;
}

const METHODS: Readonly<Record<keyof OptionsOf, Method>> = {
  descent,
  extragradient,
  optimistic,
  consensus,
  symplectic,
  competitive,
  lola,
};

/** How a game is played. */
export type MethodOptions = {
  [M in keyof OptionsOf]: {
    readonly method: M;
    /**
     * `"simultaneous"`: all players look at the same point and move together (Jacobi). `"alternating"`: each player
     * moves after having seen the moves of those before it in the list (Gauss–Seidel). Default: simultaneous.
     */
    readonly order?: Order;
  } & OptionsOf[M];
}[keyof OptionsOf];

/** A method with its settings. */
export interface Play<Settings = unknown> {
  readonly name: string;
  readonly method: Method<Settings>;
  readonly settings: Settings;
  readonly order: Order;
}

/**
 * Reads which method these players are to play, and its options.
 * @param others names of options that are not the method's.
 * @throws ArgumentError, OptionError
 */
export function readMethod(
  where: string,
  options: unknown,
  seats: readonly Seat[],
  others: readonly string[],
): Play {
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError(
      `${where}: expected an object of options with a method, got ${describe(options)}`,
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  const name = checkChoice(
    where,
    "method",
    given["method"],
    Object.keys(METHODS) as (keyof typeof METHODS)[],
  );
  const method: Method = METHODS[name];
  checkOptions(`${where}: ${name}`, options, ["method", "order", ...method.options, ...others]);
  const order = checkChoice(where, `the order of ${name}`, given["order"] ?? "simultaneous", method.orders);
  if (method.players !== undefined && method.players !== seats.length) {
    throw new ArgumentError(`${where}: ${name} is for ${method.players} players, got ${seats.length}`);
  }
  const play = { name, method, settings: method.read(`${where}: ${name}`, given), order };
  checkMoves(where, seats, play);
  return play;
}

/** @throws ArgumentError if a player has several moves where that is not defined */
function checkMoves(where: string, seats: readonly Seat[], { name, method, order }: Play): void {
  const seat = seats.find(({ moves }) => moves > 1);
  if (seat === undefined || (method.severalMoves === true && order === "alternating")) return;
  const allowed = Object.entries<Method>(METHODS).flatMap(([key, one]) => (one.severalMoves ? [key] : []));
  throw new ArgumentError(
    `${where}: ${seat.name} has ${seat.moves} moves; only ${allowed.join(", ")} in alternating order takes more than one, got ${name} in ${order} order`,
  );
}
