import { EnvironmentError } from "../../errors.js";
import { checkFunction, describe } from "../../options.js";
import { checkStart, isSpace } from "../check-environment.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import type { Space } from "../space.js";
import { Wrapper } from "./wrapper.js";

const NAME = "TransformObservation";

/**
 * Shows the agent f(observation) (gymnasium.wrappers.TransformObservation). It has no `dynamics` in ops.
 * @param space Of what f gives. Default: the environment's own.
 * @throws ArgumentError; EnvironmentError unless it is an environment.
 * @example
 * const halves = (observation) => Float32Array.from(observation, (x) => x / 2);
 * const environment = new TransformObservation(new CartPole(), halves);
 * environment.reset({ seed: 1 }).observation.length   // 4
 */
export class TransformObservation<Observation, Action, Seen = Observation> extends Wrapper<
  Observation,
  Action,
  Seen
> {
  readonly #transform: (observation: Seen) => Observation;

  constructor(
    environment: Environment<Seen, Action>,
    transform: (observation: Seen) => Observation,
    space?: Space<Observation>,
  ) {
    checkFunction(NAME, "the transform", transform);
    if (space !== undefined && !isSpace(space)) {
      throw new EnvironmentError(`${NAME}: expected a space of observations, got ${describe(space)}`);
    }
    super(NAME, environment, space === undefined ? {} : { observationSpace: space });
    this.#transform = transform;
  }

  /** @throws EnvironmentError where f gives what is not in its space; what the environment and f throw. */
  reset(options?: ResetOptions): Start<Observation> {
    const start = this.innerReset(options);
    return this.#changed(`${NAME}.reset`, start);
  }

  /** @throws as `reset`. */
  step(action: Action): Transition<Observation> {
    const result = this.innerStep(action);
    return { ...result, ...this.#changed(`${NAME}.step`, result) };
  }

  #changed(call: string, { observation, info }: Start<Seen>): Start<Observation> {
    return checkStart(call, this.observationSpace, { observation: this.#transform(observation), info });
  }
}
