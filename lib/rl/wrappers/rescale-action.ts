import { ArgumentError } from "../../errors.js";
import { add } from "../../ops/add.js";
import { mul } from "../../ops/mul.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import { Box, checkAction } from "../space.js";
import type { TensorDynamics } from "../tensor-environment.js";
import { clipped, clippedAll, ofActions } from "./action-bounds.js";
import { changed, checkBox, Wrapper } from "./wrapper.js";

const NAME = "RescaleAction";

/**
 * Takes actions in [low, high], and stretches them to the bounds of the environment's `Box`:
 * a' = low' + (a − low) · (high' − low') / (high − low) (gymnasium.wrappers.RescaleAction). Has `dynamics` in ops where
 * the environment has them.
 * @param low A number, or one for each coordinate. Default: −1.
 * @param high As `low`. Default: 1.
 * @throws ArgumentError unless the actions are a Box with finite bounds, and each low < high; EnvironmentError unless
 *   it is an environment.
 * @example
 * const environment = new RescaleAction(new Pendulum());
 * environment.reset({ seed: 1 });
 * // A torque of 2 · 0.5.
 * environment.step([0.5]).truncated   // false
 */
export class RescaleAction<Observation> extends Wrapper<Observation, ArrayLike<number>> {
  readonly #box: Box;
  /** a' = factor · a + shift */
  readonly #factor: Float64Array;
  readonly #shift: Float64Array;

  constructor(
    environment: Environment<Observation, ArrayLike<number>>,
    low: number | ArrayLike<number> = -1,
    high: number | ArrayLike<number> = 1,
  ) {
    const box = checkBox(NAME, "action", environment);
    const actionSpace = new Box(low, high, { shape: box.shape });
    checkBounds("the environment's", box);
    checkBounds("the new", actionSpace);
    super(NAME, environment, { actionSpace });
    this.#box = box;
    const at = (i: number) => ({
      from: actionSpace.low[i] as number,
      width: (actionSpace.high[i] as number) - (actionSpace.low[i] as number),
      to: box.low[i] as number,
      newWidth: (box.high[i] as number) - (box.low[i] as number),
    });
    this.#factor = box.low.map((_, i) => at(i).newWidth / at(i).width);
    this.#shift = box.low.map((_, i) => at(i).to - (at(i).from * at(i).newWidth) / at(i).width);
  }

  /** @throws what the environment throws. */
  reset(options?: ResetOptions): Start<Observation> {
    return this.innerReset(options);
  }

  /** @throws ArgumentError for an action outside [low, high]; what the environment throws. */
  step(action: ArrayLike<number>): Transition<Observation> {
    checkAction(NAME, this.actionSpace, action);
    const stretched = Float64Array.from(
      action,
      (value, i) => (this.#factor[i] as number) * value + (this.#shift[i] as number),
    );
    return this.innerStep(clipped(this.#box, stretched));
  }

  get dynamics(): TensorDynamics | null {
    const inner = this.innerDynamics;
    if (inner === null) return null;
    return changed(inner, {
      actionSpace: this.actionSpace,
      advance: (state, action, generator) => {
        const factor = ofActions(this.#box, this.#factor, action.dtype);
        const shift = ofActions(this.#box, this.#shift, action.dtype);
        return inner.advance(state, clippedAll(this.#box, add(mul(action, factor), shift)), generator);
      },
    });
  }
}

/** @throws ArgumentError */
function checkBounds(whose: string, { low, high }: Box): void {
  low.forEach((least, i) => {
    const most = high[i] as number;
    if (Number.isFinite(most - least) && least < most) return;
    throw new ArgumentError(
      `${NAME}: expected ${whose} bounds to be finite and low < high, got ${least} and ${most} at coordinate ${i}`,
    );
  });
}
