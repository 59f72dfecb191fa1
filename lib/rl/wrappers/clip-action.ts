import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import { Box, checkAction } from "../space.js";
import type { TensorDynamics } from "../tensor-environment.js";
import { clipped, clippedAll } from "./action-bounds.js";
import { changed, checkBox, Wrapper } from "./wrapper.js";

const NAME = "ClipAction";

/**
 * Takes any numbers as action, and cuts them to the bounds of the environment's `Box`
 * (gymnasium.wrappers.ClipAction). Has `dynamics` in ops where the environment has them.
 * @throws ArgumentError unless the actions are a Box; EnvironmentError unless it is an environment.
 * @example
 * const environment = new ClipAction(new Pendulum());
 * environment.reset({ seed: 1 });
 * environment.step([100]).reward < 0   // true
 */
export class ClipAction<Observation> extends Wrapper<Observation, ArrayLike<number>> {
  readonly #box: Box;

  constructor(environment: Environment<Observation, ArrayLike<number>>) {
    const box = checkBox(NAME, "action", environment);
    const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
    const actionSpace = new Box(NEGATIVE_INFINITY, POSITIVE_INFINITY, { shape: box.shape });
    super(NAME, environment, { actionSpace });
    this.#box = box;
  }

  /** @throws what the environment throws. */
  reset(options?: ResetOptions): Start<Observation> {
    return this.innerReset(options);
  }

  /** @throws ArgumentError for what are no numbers, or not as many; what the environment throws. */
  step(action: ArrayLike<number>): Transition<Observation> {
    checkAction(NAME, this.actionSpace, action);
    return this.innerStep(clipped(this.#box, action));
  }

  get dynamics(): TensorDynamics | null {
    const inner = this.innerDynamics;
    if (inner === null) return null;
    return changed(inner, {
      actionSpace: this.actionSpace,
      advance: (state, action, generator) => inner.advance(state, clippedAll(this.#box, action), generator),
    });
  }
}
