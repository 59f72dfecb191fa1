import { ArgumentError, EnvironmentError } from "../errors.js";
import { checkNumber, checkOptions, describe, isInstance } from "../options.js";
import type { Environment, Info } from "./environment.js";
import { Box, isNumberList, MultiBinary, MultiDiscrete, type Space } from "./space.js";

/** What `reset` of n environments gives. */
export interface VectorStart {
  /** [n, size], as `encodeObservation` writes one. */
  readonly observation: Float32Array;
  /** What each environment told besides. */
  readonly infos: readonly Info[];
}

/** What a step of n environments gives. The arrays are the caller's: the next step makes new ones. */
export interface VectorTransition extends VectorStart {
  /** After the step; where an episode has ended, that with which the next one begins. [n, size] */
  readonly observation: Float32Array;
  /** In which the step itself ended. [n, size] The same array as `observation` where no episode has ended. */
  readonly finalObservation: Float32Array;
  /** [n] */
  readonly reward: Float64Array;
  /** 1 where an episode has come to an end of its own. [n] */
  readonly terminated: Uint8Array;
  /** 1 where an episode was cut off. [n] */
  readonly truncated: Uint8Array;
  /** What was told with `observation`. */
  readonly infos: readonly Info[];
  /** What was told with `finalObservation`. */
  readonly finalInfos: readonly Info[];
}

export interface VectorResetOptions {
  /**
   * Environment i gets `seed + i`. Default: 0 for the first reset. Later resets let each environment go on
   * with its own random numbers. After an error, how far each has come is not known, so the default is then
   * the last seed + n.
   */
  readonly seed?: number;
}

/**
 * n environments that step together, of which each begins the next episode in the step in which one has ended
 * (gymnasium.vector.VectorEnv with AutoresetMode.SAME_STEP). Arrays are row-major.
 */
export interface VectorEnvironment {
  /** Tells several environments from one. */
  readonly isVector: true;
  readonly n: number;
  /** Of one environment. */
  readonly observationSpace: Space;
  /** Of one environment. */
  readonly actionSpace: Space;
  /** Begins all episodes anew, also after an error. */
  reset(options?: VectorResetOptions): VectorStart | Promise<VectorStart>;
  /** @param actions A member of `actionSpace` for each environment; of numbered ones also an Int32Array [n]. */
  step(actions: ArrayLike<unknown>): VectorTransition | Promise<VectorTransition>;
  /** Lets go of all environments. */
  close(): void | Promise<void>;
}

/** Makes the environment number `index`. */
export type EnvironmentMaker = (index: number) => Environment<unknown, unknown>;

/** More step faster in ops, with `TensorEnvironment`. */
const MOST = 65_536;

/** Whether steps may be done: after "failed" only a reset. */
export type VectorState = "new" | "running" | "failed" | "closed";

/** @throws ArgumentError unless it is a number of environments. */
export function checkCount(where: string, n: unknown): number {
  return checkNumber(where, "n", n, { min: 1, max: MOST, integer: true });
}

/**
 * @returns the seed, if there is one.
 * @throws ArgumentError, OptionError, EnvironmentError
 */
export function checkReset(
  where: string,
  options: VectorResetOptions,
  n: number,
  state: VectorState,
): number | undefined {
  checkOptions(where, options, ["seed"]);
  if (state === "closed") throw new EnvironmentError(`${where}: it was closed`);
  if (options.seed === undefined) return undefined;
  return checkNumber(where, "seed", options.seed, {
    min: 0,
    max: Number.MAX_SAFE_INTEGER - n,
    integer: true,
  });
}

/** The seeds of the resets of n environments. */
export class ResetSeeds {
  readonly #n: number;
  /** Of the last reset that had one. */
  #last: number;

  constructor(n: number) {
    this.#n = n;
    this.#last = -n;
  }

  /**
   * The seed of a reset; undefined where each environment goes on with its own numbers.
   * @param given What the caller asks for.
   * @param goesOn Whether there are such numbers: the call before has not failed.
   */
  next(given: number | undefined, goesOn: boolean): number | undefined {
    if (given === undefined && goesOn) return undefined;
    this.#last = given ?? (this.#last + this.#n) % (Number.MAX_SAFE_INTEGER - this.#n + 1);
    return this.#last;
  }
}

/** @throws ArgumentError, EnvironmentError */
export function checkActions(
  where: string,
  actions: ArrayLike<unknown>,
  n: number,
  space: Space,
  state: VectorState,
): void {
  if (state !== "running") {
    const why = {
      new: "call reset first",
      failed: "it has failed; call reset first",
      closed: "it was closed",
    };
    throw new EnvironmentError(`${where}: ${why[state]}`);
  }
  const isList = Array.isArray(actions) || isNumberList(actions);
  if (!isList || actions.length !== n) {
    throw new ArgumentError(`${where}: expected a list of ${n} actions, got ${describe(actions)}`);
  }
  for (let i = 0; i < n; i++) {
    if (space.contains(actions[i])) continue;
    throw new ArgumentError(
      `${where}: expected action ${i} to be one of ${space}, got ${describe(actions[i])}`,
    );
  }
}

/** A list of an environment's own, of the kind that `sample` gives: the caller may write over the given one. */
export function copyOfAction(space: Space, action: unknown): unknown {
  if (isInstance(space, Box)) return Float32Array.from(action as ArrayLike<number>);
  if (isInstance(space, MultiDiscrete)) return Int32Array.from(action as ArrayLike<number>);
  if (isInstance(space, MultiBinary)) return Uint8Array.from(action as ArrayLike<number>);
  return action;
}
