import { EnvironmentError } from "../errors.js";
import { isError } from "../realms.js";
import { checkMembers, checkStart, checkTransition } from "./check-environment.js";
import type { Environment, ResetOptions, Start, Transition } from "./environment.js";
import { Wrapper } from "./wrappers/wrapper.js";

/**
 * One of several environments. It checks each result, and what it throws names the environment and the step:
 * "Snake 3: step 1204 (17 of its episode): …".
 */
export class NumberedEnvironment {
  readonly environment: Environment<unknown, unknown>;
  readonly name: string;
  #isResetting = true;
  /** Steps since the last reset that was asked for. */
  #steps = 0;
  #stepsOfEpisode = 0;

  /** @throws EnvironmentError unless it has the members of an environment. */
  constructor(environment: unknown, index: number) {
    this.environment = checkMembers(`environment ${index}`, environment);
    const own = this.environment instanceof Wrapper ? this.environment.unwrapped : this.environment;
    const kind: unknown = own.constructor?.name;
    const isNamed = typeof kind === "string" && kind !== "" && kind !== "Object";
    this.name = `${isNamed ? kind : "environment"} ${index}`;
  }

  /** Begins anew, and counts steps from 0. */
  reset(options: ResetOptions): Start<unknown> {
    this.#steps = 0;
    return this.#begin(options);
  }

  /** The next episode, after one that has ended. */
  next(): Start<unknown> {
    return this.#begin({});
  }

  step(action: unknown): Transition<unknown> {
    this.#isResetting = false;
    this.#steps++;
    this.#stepsOfEpisode++;
    return checkTransition(
      this,
      this.environment.observationSpace,
      this.#call(() => this.environment.step(action)),
    );
  }

  #begin(options: ResetOptions): Start<unknown> {
    this.#isResetting = true;
    this.#stepsOfEpisode = 0;
    return checkStart(
      this,
      this.environment.observationSpace,
      this.#call(() => this.environment.reset(options)),
    );
  }

  /** The call that goes on, as errors name it. */
  toString(): string {
    if (this.#isResetting) {
      return `${this.name}: ${this.#steps === 0 ? "reset" : `reset after step ${this.#steps}`}`;
    }
    return `${this.name}: step ${this.#steps} (${this.#stepsOfEpisode} of its episode)`;
  }

  #call<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw new EnvironmentError(`${this}: ${textOf(cause)}`, { cause });
    }
  }
}

/** What was thrown, in words. */
export function textOf(error: unknown): string {
  try {
    return isError(error) ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  } catch {
    return "threw what cannot be said in words";
  }
}
