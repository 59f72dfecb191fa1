import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { checkAssignable, increment } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { scalarState } from "../optim/group.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { OptimizerStateDict } from "../optim/state-dict.js";
import { assignAll, checkWritable } from "../optim/writable.js";
import { checkList, checkNumber, checkRequired, describe } from "../options.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { Costs, type Point } from "./costs.js";
import { type MethodOptions, type Play, readMethod } from "./methods.js";
import { checkHolds, readOptimizers } from "./optimizers.js";
import { mostMoves, type Players, readPlayers, type Seat, structureOf } from "./players.js";
import { MovingRound } from "./round.js";

/** The method with its options, and the learning rate of the players that have none. */
export type GameOptions = MethodOptions & {
  /** Learning rate η ≥ 0 of the players that have neither `lr` nor an optimizer. */
  readonly lr?: number;
};

/** What `loadStateDict` takes: all that the next step depends on besides the parameters. */
export interface GameStateDict {
  readonly method: string;
  readonly steps: number;
  /** What the method keeps between steps, by its name: for each player a tensor for each parameter. */
  readonly kept: Readonly<Record<string, readonly (readonly Tensor[])[]>>;
  /** The state dicts of the players' optimizers. */
  readonly optimizers: readonly OptimizerStateDict[];
}

/**
 * A differentiable game: several players, each of whom chooses parameters w_i for a cost L_i(w_1, …, w_n) of its own.
 * `step()` makes one step of a method, eagerly or within `compile`. `play` makes many.
 *
 * With ξ = (∂L_1/∂w_1, …, ∂L_n/∂w_n), its Jacobian J = ∂ξ/∂w and learning rates η:
 *
 *     descent        w ← w − η·ξ(w)
 *     extragradient  w ← w − η·ξ(w̃), w̃ = w − η·ξ(w)       past: w̃ = w − η·ξ(w̃ of the last step)
 *     optimistic     w ← w + 2·d_t − d_(t−1), d_t = −η·ξ(w)
 *     consensus      w ← w − η·(ξ + γ·Jᵀ·ξ)
 *     symplectic     w ← w − η·(ξ ± λ·Aᵀ·ξ), A = (J − Jᵀ)/2
 *     lola           w_i ← w_i − η·∂/∂w_i L_i(w_i, w_j − α·∂L_j/∂w_j)
 *     competitive    the Nash equilibrium of the game's local expansion with |Δ|²/2η; for two players
 *
 * Korpelevich 1976, Popov 1980 and Gidel et al. 2019; Daskalakis et al. 2018; Mescheder et al. 2017; Balduzzi et al.
 * 2018; Foerster et al. 2018; Schäfer and Anandkumar 2019.
 *
 * Steps are plain, η·direction, for a player with `lr`. A player's optimizer makes its steps otherwise: any but LBFGS
 * for descent, consensus, symplectic and lola; SGD and Adam for extragradient (ExtraAdam: the look ahead is a step of
 * Adam too, and moves its moments); SGD, Adam and Adagrad for optimistic, where d_t is the optimizer's step (Optimistic
 * Adam). competitive takes `lr` only, and has `adaptive` (ACGD).
 *
 * For alternating descent a player may have `moves`: that many in each step, as the critic of a GAN often needs.
 *
 * A step evaluates each cost several times. Random numbers in a cost are new each time, and modules in training mode
 * such as BatchNorm update their running statistics each time.
 *
 * @example
 * const [a, b] = [tensor([1]), tensor([1])];
 * const game = new Game([{ parameters: a, cost: (a, b) => sum(mul(a, b)) }, { parameters: b }], {
 *   method: "extragradient",
 *   lr: 0.5,
 * });
 * const step = compile(() => game.step());
 * for (let i = 0; i < 100; i++) step();
 * a;   // [0]
 * @throws ArgumentError, OptionError, DTypeError, GraphError with the player's name; `step` also ShapeError for a cost
 *   that is not a scalar and for a batch without a mini-batch for each move, and GraphError for a cost that does not
 *   depend on its own player
 */
export class Game<const P extends readonly Tree[] = readonly Tree[]> {
  /** The players' optimizers, in the players' order. Learning rates may be set between steps. */
  readonly optimizers: readonly Optimizer<object>[];
  readonly #seats: readonly Seat[];
  readonly #play: Play;
  readonly #steps = scalarState(0);
  readonly #kept = new Map<Tensor, Map<string, Tensor>>();
  /** Whether a step has been made at once: then the costs are known to be right. */
  #isProven = false;

  constructor(players: Players<P>, options: GameOptions) {
    this.#seats = readPlayers("Game", players);
    this.#play = readMethod("Game", options, this.#seats, ["lr"]);
    this.optimizers = readOptimizers("Game", this.#seats, this.#play, options.lr);
  }

  /**
   * Makes one step. All players' gradients are computed and applied, or after an error in the first step nothing has
   * changed.
   * @param batch the tensors that the costs get after the players' parameters. Where M, the most moves of a player,
   *   is above 1, each tensor holds M mini-batches of one size, one after the other along its first axis: a player's
   *   k-th move gets the k-th.
   * @returns the cost of each player where the step first computes it: for `past` at the point ahead, for others
   *   where the player is before its first move.
   */
  step(...batch: Tensor[]): Tensor[] {
    const costs = new Costs("Game", this.#seats, batch, mostMoves(this.#seats));
    // Parameters may have been unfrozen since the game was made.
    this.#seats.forEach((seat, i) => {
      checkHolds(
        "Game",
        seat,
        this.optimizers[i] as Optimizer<object>,
        costs.parameters[i] as readonly Tensor[],
      );
    });
    const { method, order, settings } = this.#play;
    const memory = {
      steps: this.#steps,
      of: (parameter: Tensor, name: string) => this.#memory(parameter, name),
    };
    const round = new MovingRound(costs, order, this.optimizers, memory);
    const isTraced = currentTrace() !== null;
    if (!isTraced) checkWritable(costs.parameters.flat());
    const undo = isTraced || this.#isProven ? null : this.#snapshot();
    try {
      noGrad(() => method.step(round, settings));
    } catch (error) {
      undo?.();
      throw error;
    }
    increment(this.#steps);
    this.#isProven ||= !isTraced;
    return costs.first();
  }

  /** What the next step depends on besides the parameters. Its tensors are over the same memory: copy to keep them. */
  stateDict(): GameStateDict {
    const { name, method, settings } = this.#play;
    const view = ({ storage, shape, dtype }: Tensor): Tensor => new Tensor(storage, shape, dtype);
    const kept = method
      .memory(settings)
      .map((key) => [key, this.#keptUnder(key).map((own) => own.map(view))] as const);
    return {
      method: name,
      steps: this.#steps.item(),
      kept: Object.fromEntries(kept),
      optimizers: this.optimizers.map((optimizer) => optimizer.stateDict()),
    };
  }

  /**
   * Goes on where another game of the same players was, all or nothing. With its parameters too, the next steps give
   * the same bits.
   * @throws ArgumentError, ShapeError, DTypeError where it is of another method or other players; as the optimizers'
   *   `loadStateDict`; DetachedError, BusyError
   */
  loadStateDict(state: GameStateDict): void {
    const where = "Game.loadStateDict";
    checkRequired(where, state, ["method", "steps", "kept", "optimizers"]);
    const { name, method, settings } = this.#play;
    if (state.method !== name) {
      throw new ArgumentError(`${where}: expected a state of ${name}, got ${describe(state.method)}`);
    }
    const steps = checkNumber(where, "steps", state.steps, { min: 0, integer: true });
    const names = method.memory(settings);
    checkRequired(`${where}: kept`, state.kept, names);
    const targets = names.flatMap((key) => this.#keptUnder(key));
    const sources = names.flatMap((key) => readKept(where, key, state.kept[key], this.#keptUnder(key)));
    const dicts = checkList(where, "a list of the optimizers' states", state.optimizers);
    if (dicts.length !== this.optimizers.length) {
      throw new ArgumentError(
        `${where}: expected states of ${this.optimizers.length} optimizers, got ${dicts.length}`,
      );
    }
    const undo = this.#snapshot();
    try {
      this.optimizers.forEach((optimizer, i) => {
        optimizer.loadStateDict(dicts[i] as OptimizerStateDict);
      });
      assignAll([this.#steps, ...targets.flat()], [scalarState(steps), ...sources.flat()]);
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** Remembers all that a step changes, and gives what puts it back. */
  #snapshot(): () => void {
    const undos = this.optimizers.map((optimizer) => optimizer.snapshot());
    const { method, settings } = this.#play;
    const own = [this.#steps, ...method.memory(settings).flatMap((key) => this.#keptUnder(key).flat())];
    const copies = own.map(copyOf);
    return () => {
      for (const undo of undos) undo();
      assignAll(own, copies);
    };
  }

  /** What is kept under a name, for each player a tensor for each parameter. */
  #keptUnder(name: string): Point {
    return this.#seats.map((seat) =>
      structureOf("Game", seat).leaves.map((parameter) => this.#memory(parameter, name)),
    );
  }

  #memory(parameter: Tensor, name: string): Tensor {
    const own = this.#kept.get(parameter) ?? new Map<string, Tensor>();
    const kept = own.get(name) ?? zerosLike(parameter);
    this.#kept.set(parameter, own.set(name, kept));
    return kept;
  }
}

/** Copies of what a state dict has under a name. */
function readKept(where: string, name: string, given: unknown, beside: Point): Tensor[][] {
  const read = (what: string, value: unknown, count: number): unknown[] => {
    const list = checkList(where, `${what} to be a list`, value);
    if (list.length === count) return list;
    throw new ArgumentError(`${where}: expected ${what} to have ${count} entries, got ${list.length}`);
  };
  return read(`kept.${name}`, given, beside.length).map((own, i) => {
    const like = beside[i] as readonly Tensor[];
    return read(`kept.${name}[${i}]`, own, like.length).map((one, k) => {
      const what = `kept.${name}[${i}][${k}]`;
      const tensor = checkTensor(where, what, one);
      checkAssignable(`${where}: ${what}`, like[k] as Tensor, tensor);
      return copyOf(tensor);
    });
  });
}
