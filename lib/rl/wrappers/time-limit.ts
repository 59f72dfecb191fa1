import { EnvironmentError } from "../../errors.js";
import { checkNumber } from "../../options.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import type { TensorDynamics } from "../tensor-environment.js";
import { changed, Wrapper } from "./wrapper.js";

const NAME = "TimeLimit";

/**
 * Cuts off each episode after some steps: `truncated` is then true (gymnasium.wrappers.TimeLimit). What an agent then
 * expects of the steps that would have followed still counts, which it does not after `terminated`. Has `dynamics` in
 * ops where the environment has them.
 * @param maxEpisodeSteps A whole number ≥ 1.
 * @throws ArgumentError; EnvironmentError unless it is an environment.
 * @example
 * const environment = new TimeLimit(new CartPole(), 2);
 * environment.reset({ seed: 1 });
 * environment.step(0).truncated   // false
 * environment.step(0).truncated   // true
 */
export class TimeLimit<Observation, Action> extends Wrapper<Observation, Action> {
  readonly maxEpisodeSteps: number;
  /** Steps of the episode; null before the first. */
  #steps: number | null = null;
  #hasEnded = false;

  constructor(environment: Environment<Observation, Action>, maxEpisodeSteps: number) {
    super(NAME, environment);
    this.maxEpisodeSteps = checkNumber(NAME, "maxEpisodeSteps", maxEpisodeSteps, { min: 1, integer: true });
  }

  reset(options?: ResetOptions): Start<Observation> {
    const start = this.innerReset(options);
    this.#steps = 0;
    this.#hasEnded = false;
    return start;
  }

  /** @throws EnvironmentError before `reset`, and after the episode's end; what the environment throws. */
  step(action: Action): Transition<Observation> {
    if (this.#steps === null) throw new EnvironmentError(`${NAME}.step: call reset first`);
    if (this.#hasEnded) {
      throw new EnvironmentError(
        `${NAME}.step: the episode has ended after ${this.#steps} steps; call reset first`,
      );
    }
    const result = this.innerStep(action);
    this.#steps++;
    const truncated = result.truncated || this.#steps >= this.maxEpisodeSteps;
    this.#hasEnded = result.terminated || truncated;
    return { ...result, truncated };
  }

  get dynamics(): TensorDynamics | null {
    const inner = this.innerDynamics;
    if (inner === null) return null;
    return changed(inner, { maxEpisodeSteps: Math.min(inner.maxEpisodeSteps, this.maxEpisodeSteps) });
  }
}
