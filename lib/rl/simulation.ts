import { ArgumentError, EnvironmentError } from "../errors.js";
import { checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import { Generator } from "../random/generator.js";
import type { Environment, Info, ResetOptions, Start, Transition } from "./environment.js";
import { checkAction, isNumberList, type Space } from "./space.js";
import type { TensorDynamics } from "./tensor-environment.js";

export interface SimulationOptions {
  /** The number of steps after which an episode is cut off; Infinity for none. Default: Gymnasium's. */
  readonly maxEpisodeSteps?: number;
}

/** One step of a simulation. The new state is written over the old one. */
export interface Advance {
  readonly reward: number;
  readonly terminated: boolean;
}

/** What a kind of simulation is made of. */
export interface SimulationKind<Action> {
  readonly name: string;
  readonly observationSpace: Space<ArrayLike<number>>;
  readonly actionSpace: Space<Action>;
  readonly maxEpisodeSteps: number;
  readonly stateSize: number;
  /** Names of `reset`'s options with their defaults. */
  readonly start: Readonly<Record<string, number>>;
}

let made = 0;

/**
 * An environment that is a state of a few numbers, in float64, and a law of motion. Each has the same dynamics in ops
 * (`dynamics`), for thousands at once.
 */
export abstract class Simulation<Action> implements Environment<Float32Array, Action> {
  readonly observationSpace: Space<Float32Array>;
  readonly actionSpace: Space<Action>;
  readonly maxEpisodeSteps: number;
  /** The same law of motion in ops. */
  abstract readonly dynamics: TensorDynamics;
  readonly #kind: SimulationKind<Action>;
  readonly #generator = new Generator(made++);
  #state: Float64Array | null = null;
  #steps = 0;
  #hasEnded = false;

  protected constructor(kind: SimulationKind<Action>, options: SimulationOptions) {
    checkOptions(kind.name, options, ["maxEpisodeSteps"]);
    const limit = options.maxEpisodeSteps ?? kind.maxEpisodeSteps;
    this.#kind = kind;
    this.observationSpace = kind.observationSpace as Space<Float32Array>;
    this.actionSpace = kind.actionSpace;
    this.maxEpisodeSteps =
      limit === Number.POSITIVE_INFINITY
        ? limit
        : checkNumber(kind.name, "maxEpisodeSteps", limit, { min: 1, integer: true });
  }

  /** A first state. */
  protected abstract begin(generator: Generator, options: Readonly<Record<string, number>>): Float64Array;
  /** Moves the state by one step. */
  protected abstract advance(state: Float64Array, action: Action, generator: Generator): Advance;
  /** What an agent sees: the state itself, where nothing else is said. */
  protected observe(state: Float64Array): Float32Array {
    return Float32Array.from(state);
  }
  protected abstract draw(state: Float64Array): string;

  /** A copy of the state. Setting it begins an episode there. */
  get state(): Float64Array {
    return this.#begun("state").slice();
  }

  set state(state: ArrayLike<number>) {
    const { name, stateSize } = this.#kind;
    const fits =
      isNumberList(state) && state.length === stateSize && Array.from(state).every(Number.isFinite);
    if (!fits) {
      throw new ArgumentError(
        `${name}: expected a state of ${stateSize} finite numbers, got ${describe(state)}`,
      );
    }
    this.#start(Float64Array.from(state));
  }

  /**
   * @throws ArgumentError, OptionError for options that the environment has not.
   */
  reset(options: ResetOptions = {}): Start<Float32Array> {
    const { name, start } = this.#kind;
    const where = `${name}.reset`;
    checkOptions(where, options, ["seed", "options"]);
    const given: Info = options.options ?? {};
    if (!isPlainObject(given)) {
      throw new ArgumentError(`${where}: expected options to be values by name, got ${describe(given)}`);
    }
    checkOptions(where, given, Object.keys(start));
    const values = Object.entries(start).map(([key, value]): [string, number] => [
      key,
      checkNumber(where, key, given[key] ?? value),
    ]);
    const bounds = Object.fromEntries(values);
    if ((bounds["low"] as number) > (bounds["high"] as number)) {
      throw new ArgumentError(`${where}: expected low ≤ high, got ${bounds["low"]} and ${bounds["high"]}`);
    }
    if (options.seed !== undefined) this.#generator.seed(options.seed);
    const state = this.begin(this.#generator, bounds);
    this.#start(state);
    return { observation: this.observe(state), info: {} };
  }

  /**
   * @throws ArgumentError for an action that is not in `actionSpace`; EnvironmentError before `reset`, and after the
   *   episode's end.
   */
  step(action: Action): Transition<Float32Array> {
    const { name } = this.#kind;
    const state = this.#begun("step");
    checkAction(name, this.actionSpace, action);
    if (this.#hasEnded) {
      throw new EnvironmentError(
        `${name}.step: the episode has ended after ${this.#steps} steps; call reset first`,
      );
    }
    const { reward, terminated } = this.advance(state, action, this.#generator);
    this.#steps++;
    const truncated = this.#steps >= this.maxEpisodeSteps;
    this.#hasEnded = terminated || truncated;
    return { observation: this.observe(state), reward, terminated, truncated, info: {} };
  }

  render(): string {
    return this.draw(this.#begun("render"));
  }

  #start(state: Float64Array): void {
    this.#state = state;
    this.#steps = 0;
    this.#hasEnded = false;
  }

  #begun(what: string): Float64Array {
    if (this.#state !== null) return this.#state;
    throw new EnvironmentError(`${this.#kind.name}.${what}: call reset first`);
  }
}

/** Numbers in [low, high), as many as a state has. */
export function uniform(generator: Generator, count: number, low: number, high: number): Float64Array {
  return generator
    .uniform([count], { low: 0, high: 1, dtype: "float64" })
    .data.map((chance) => low + (high - low) * chance) as Float64Array;
}
