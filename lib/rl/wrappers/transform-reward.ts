import { EnvironmentError } from "../../errors.js";
import { checkFunction, describe } from "../../options.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import { Wrapper } from "./wrapper.js";

const NAME = "TransformReward";

/**
 * Gives the agent f(reward) (gymnasium.wrappers.TransformReward). It has no `dynamics` in ops.
 * @throws ArgumentError; EnvironmentError unless it is an environment.
 * @example
 * const environment = new TransformReward(new CartPole(), (reward) => reward / 100);
 * environment.reset({ seed: 1 });
 * environment.step(0).reward   // 0.01
 */
export class TransformReward<Observation, Action> extends Wrapper<Observation, Action> {
  readonly #transform: (reward: number) => number;

  constructor(environment: Environment<Observation, Action>, transform: (reward: number) => number) {
    checkFunction(NAME, "the transform", transform);
    super(NAME, environment);
    this.#transform = transform;
  }

  /** @throws what the environment throws. */
  reset(options?: ResetOptions): Start<Observation> {
    return this.innerReset(options);
  }

  /** @throws EnvironmentError where f gives no finite number; what the environment and f throw. */
  step(action: Action): Transition<Observation> {
    const result = this.innerStep(action);
    const reward: unknown = this.#transform(result.reward);
    if (typeof reward !== "number" || !Number.isFinite(reward)) {
      throw new EnvironmentError(
        `${NAME}.step: expected the transform to give a finite number, got ${describe(reward)}`,
      );
    }
    return { ...result, reward };
  }
}
