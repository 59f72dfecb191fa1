import { EnvironmentError } from "../../errors.js";
import { reshape } from "../../ops/reshape.js";
import { slice } from "../../ops/slice.js";
import { stack } from "../../ops/stack.js";
import { checkNumber } from "../../options.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import { Box } from "../space.js";
import type { TensorDynamics, TensorState } from "../tensor-environment.js";
import { changed, checkBox, Wrapper } from "./wrapper.js";

const NAME = "FrameStackObservation";
const MOST = 1024;

/**
 * Shows the agent the last k observations, the oldest first (gymnasium.wrappers.FrameStackObservation), so that it
 * sees how things move. At an episode's start the first observation stands k times. Has `dynamics` in ops where the
 * environment has them.
 * Shapes: an observation […] → [k, …], row-major in one Float32Array.
 * @param k A whole number in [1, 1024].
 * @throws ArgumentError unless the observations are a Box; EnvironmentError unless it is an environment.
 * @example
 * const environment = new FrameStackObservation(new MountainCar(), 3);
 * environment.observationSpace.shape   // [3, 2]
 */
export class FrameStackObservation<Action> extends Wrapper<ArrayLike<number>, Action> {
  readonly k: number;
  readonly #frame: Box;
  #frames: Float32Array | null = null;

  constructor(environment: Environment<ArrayLike<number>, Action>, k: number) {
    checkNumber(NAME, "k", k, { min: 1, max: MOST, integer: true });
    const frame = checkBox(NAME, "observation", environment);
    const observationSpace = new Box(repeated(frame.low, k), repeated(frame.high, k), {
      shape: [k, ...frame.shape],
    });
    super(NAME, environment, { observationSpace });
    this.k = k;
    this.#frame = frame;
  }

  /** @throws what the environment throws. */
  reset(options?: ResetOptions): Start<Float32Array> {
    const start = this.innerReset(options);
    const frames = Float32Array.from(repeated(start.observation, this.k));
    this.#frames = frames;
    return { ...start, observation: frames.slice() };
  }

  /** @throws EnvironmentError before `reset`; what the environment throws. */
  step(action: Action): Transition<Float32Array> {
    const frames = this.#frames;
    if (frames === null) throw new EnvironmentError(`${NAME}.step: call reset first`);
    const result = this.innerStep(action);
    const { length } = result.observation;
    frames.copyWithin(0, length);
    frames.set(result.observation, frames.length - length);
    return { ...result, observation: frames.slice() };
  }

  /** The state is that of the environment and then the k − 1 frames before, a tensor [n] for each of their numbers. */
  get dynamics(): TensorDynamics | null {
    const inner = this.innerDynamics;
    if (inner === null) return null;
    const size = sizeOf(this.#frame.shape);
    const before = (this.k - 1) * size;
    const innerOf = (state: TensorState): TensorState => state.slice(0, state.length - before);
    const framesOf = (state: TensorState): TensorState => state.slice(state.length - before);
    /** The numbers of the frame in which the environments are. */
    const now = (state: TensorState): Tensor[] => {
      const n = (state[0] as Tensor).shape[0] as number;
      const rows = reshape(inner.observe(state), [n, size]);
      return Array.from({ length: size }, (_, i) => reshape(slice(rows, 1, { start: i, end: i + 1 }), [n]));
    };
    return changed(inner, {
      observationSpace: this.observationSpace,
      begin: (n, generator, dtype) => {
        const state = inner.begin(n, generator, dtype);
        const frame = now(state);
        return [...state, ...Array.from({ length: this.k - 1 }, () => frame).flat()];
      },
      advance: (state, action, generator) => {
        const old = innerOf(state);
        const result = inner.advance(old, action, generator);
        const frames = [...framesOf(state), ...now(old)].slice(size);
        return { ...result, state: [...result.state, ...frames] };
      },
      observe: (state) => {
        const all = [...framesOf(state), ...now(innerOf(state))];
        const n = (state[0] as Tensor).shape[0] as number;
        return reshape(stack(all, 1), [n, this.k, ...this.#frame.shape]);
      },
    });
  }
}

/** The list k times, one after the other. */
function repeated(list: ArrayLike<number>, k: number): Float64Array {
  const all = new Float64Array(k * list.length);
  for (let i = 0; i < k; i++) all.set(list, i * list.length);
  return all;
}
