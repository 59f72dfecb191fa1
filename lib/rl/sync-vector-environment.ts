import { ArgumentError } from "../errors.js";
import { checkOptions, describe } from "../options.js";
import type { Environment } from "./environment.js";
import { EnvironmentRows } from "./environment-rows.js";
import { allocate, bytesOfRows, noInfos, type Rows, rowsOf, startOf, transitionOf } from "./rows.js";
import type { Space } from "./space.js";
import {
  checkActions,
  checkCount,
  checkReset,
  copyOfAction,
  type EnvironmentMaker,
  ResetSeeds,
  type VectorEnvironment,
  type VectorResetOptions,
  type VectorStart,
  type VectorState,
  type VectorTransition,
} from "./vector-environment.js";

export interface SyncVectorOptions {
  /** The number of environments. Default: that of the list; 1 for a single maker. */
  readonly n?: number;
}

/**
 * Environments that step one after the other, in this thread (gymnasium.vector.SyncVectorEnv).
 *
 * Each result is checked. An environment that gives what it must not, or throws, ends the call with an
 * EnvironmentError that names it and the step: "Snake 3: step 1204 (17 of its episode): …". After such an error only
 * `reset` goes on.
 * @param make Makes an environment by its number; or a list of such functions, or of environments.
 * @throws ArgumentError, OptionError; EnvironmentError unless all are environments with the same spaces.
 * @example
 * const environments = new SyncVectorEnvironment(() => new CartPole(), { n: 3 });
 * environments.reset({ seed: 1 }).observation.length   // 12
 * environments.step([0, 1, 1]).reward   // [1, 1, 1]
 */
export class SyncVectorEnvironment implements VectorEnvironment {
  readonly isVector = true;
  readonly n: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #environments: EnvironmentRows;
  readonly #rows: Rows;
  readonly #seeds: ResetSeeds;
  #state: VectorState = "new";

  constructor(
    make: EnvironmentMaker | readonly (EnvironmentMaker | Environment<unknown, unknown>)[],
    options: SyncVectorOptions = {},
  ) {
    const made = makeAll(make, options);
    this.n = made.length;
    this.#seeds = new ResetSeeds(this.n);
    this.#environments = new EnvironmentRows(NAME, made, 0);
    this.observationSpace = this.#environments.observationSpace;
    this.actionSpace = this.#environments.actionSpace;
    const { size } = this.#environments;
    this.#rows = rowsOf(allocate(NAME, bytesOfRows(this.n, size), ArrayBuffer), this.n, size);
  }

  /** @throws EnvironmentError that names the environment. */
  reset(options: VectorResetOptions = {}): VectorStart {
    const given = checkReset(`${NAME}.reset`, options, this.n, this.#state);
    const seed = this.#seeds.next(given, this.#state === "running");
    this.#state = "failed";
    const told = noInfos();
    for (let i = 0; i < this.n; i++) {
      this.#environments.reset(i, seed === undefined ? undefined : seed + i, this.#rows, told);
    }
    this.#state = "running";
    return startOf(this.#rows, told);
  }

  /**
   * @throws ArgumentError for actions that are not in `actionSpace`, before any environment steps; EnvironmentError
   *   before `reset`, and that names the environment and its step.
   */
  step(actions: ArrayLike<unknown>): VectorTransition {
    checkActions(`${NAME}.step`, actions, this.n, this.actionSpace, this.#state);
    this.#state = "failed";
    const told = noInfos();
    for (let i = 0; i < this.n; i++) {
      this.#environments.step(i, copyOfAction(this.actionSpace, actions[i]), this.#rows, told);
    }
    this.#state = "running";
    return transitionOf(this.#rows, told);
  }

  /** Closes each environment that has a `close`. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const { environment } of this.#environments.environments) environment.close?.();
  }
}

const NAME = "SyncVectorEnvironment";

function makeAll(make: unknown, options: SyncVectorOptions): unknown[] {
  checkOptions(NAME, options, ["n"]);
  const makers = Array.isArray(make) ? (make as unknown[]) : null;
  if (makers === null && typeof make !== "function") {
    throw new ArgumentError(
      `${NAME}: expected a function that makes an environment, or a list of them, got ${describe(make)}`,
    );
  }
  const n = checkCount(NAME, options.n ?? makers?.length ?? 1);
  if (makers !== null && makers.length !== n) {
    throw new ArgumentError(`${NAME}: expected n to be the list's length, ${makers.length}, got ${n}`);
  }
  const made = Array.from({ length: n }, (_, i): unknown => {
    const one: unknown = makers === null ? make : makers[i];
    return typeof one === "function" ? (one as EnvironmentMaker)(i) : one;
  });
  if (new Set(made).size < n) {
    throw new ArgumentError(`${NAME}: expected ${n} environments, got the same one more than once`);
  }
  return made;
}
