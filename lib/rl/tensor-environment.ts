import { types } from "node:util";
import { noGrad } from "../context/grad-mode.js";
import { write } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { add } from "../ops/add.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { logicalOr } from "../ops/logical-or.js";
import { reshape } from "../ops/reshape.js";
import { where } from "../ops/where.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { Generator } from "../random/generator.js";
import { zeros } from "../tensor/create.js";
import { checkDType, type FloatDType, isFloat } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import type { Space } from "./space.js";

/** A state of n environments: a tensor [n] for each number of one environment's state. */
export type TensorState = readonly Tensor[];

/** One step of n environments. */
export interface TensorAdvance {
  readonly state: TensorState;
  /** [n] */
  readonly reward: Tensor;
  /** [n] bool */
  readonly terminated: Tensor;
}

/** A law of motion in ops, for n environments at once. */
export interface TensorDynamics {
  readonly name: string;
  readonly observationSpace: Space<ArrayLike<number>>;
  readonly actionSpace: Space;
  readonly maxEpisodeSteps: number;
  /** First states by chance. */
  begin(n: number, generator: Generator, dtype: FloatDType): TensorState;
  /** @param action [n] int32 for numbered actions, [n, …] floats for others. */
  advance(state: TensorState, action: Tensor, generator: Generator): TensorAdvance;
  /** [n, …observationSpace.shape] */
  observe(state: TensorState): Tensor;
}

export interface TensorEnvironmentOptions {
  /** Of the first states. Default: 0. */
  readonly seed?: number;
  /** float32 (default) or float64. */
  readonly dtype?: FloatDType;
}

/** What a step of n environments gives. */
export interface TensorTransition {
  /** Of the states after the step; where an episode has ended, of the first state of the next. [n, …] */
  readonly observation: Tensor;
  /** Of the states in which the step ended, also where the episode has ended there. [n, …] */
  readonly finalObservation: Tensor;
  /** [n] */
  readonly reward: Tensor;
  /** [n] bool */
  readonly terminated: Tensor;
  /** [n] bool */
  readonly truncated: Tensor;
}

function isDynamics(value: unknown): value is TensorDynamics {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const { begin, advance, observe, name, maxEpisodeSteps } = value as Partial<TensorDynamics>;
  const functions = [begin, advance, observe].every((part) => typeof part === "function");
  return functions && typeof name === "string" && typeof maxEpisodeSteps === "number";
}

/** What makes an environment what it is. */
const LAWS = ["reset", "step", "begin", "advance", "observe"];

/** Its dynamics in ops; null if there are none, or if a class that is derived from theirs has other laws. */
export function dynamicsOf(environment: object): TensorDynamics | null {
  const { dynamics } = environment as { readonly dynamics?: unknown };
  if (!isDynamics(dynamics)) return null;
  for (
    let level: object = environment;
    !Object.hasOwn(level, "dynamics");
    level = Object.getPrototypeOf(level)
  ) {
    if (LAWS.some((name) => Object.hasOwn(level, name))) return null;
  }
  return dynamics;
}

/**
 * n copies of an environment that step together, in ops: eagerly, or as a part of a compiled step, where all cores
 * work on them and none of it passes through JavaScript. An episode that has ended begins anew in the same step.
 * @example
 * const environments = new TensorEnvironment(new CartPole().dynamics, 1024);
 * const { reward } = environments.step(zeros([1024], { dtype: "int32" }));
 * reward.shape   // [1024]
 * @throws ArgumentError, OptionError
 */
export class TensorEnvironment {
  readonly dynamics: TensorDynamics;
  readonly n: number;
  readonly generator: Generator;
  readonly dtype: FloatDType;
  /** The states now; a step writes them. */
  readonly state: TensorState;
  /** Steps of each episode so far, [n]. */
  readonly steps: Tensor;

  constructor(dynamics: TensorDynamics, n: number, options: TensorEnvironmentOptions = {}) {
    const name = "TensorEnvironment";
    if (!isDynamics(dynamics)) {
      throw new ArgumentError(
        `${name}: expected dynamics in ops, such as new CartPole().dynamics, got ${describe(dynamics)}`,
      );
    }
    checkOptions(name, options, ["seed", "dtype"]);
    this.dynamics = dynamics;
    this.n = checkNumber(name, "n", n, { min: 1, integer: true });
    this.generator = new Generator(options.seed ?? 0);
    const dtype = checkDType(name, options.dtype ?? "float32");
    if (!isFloat(dtype)) throw new ArgumentError(`${name}: expected dtype float32 or float64, got ${dtype}`);
    this.dtype = dtype;
    this.state = noGrad(() => dynamics.begin(n, this.generator, dtype));
    this.steps = zeros([n], { dtype });
  }

  /** Of the states now. [n, …] */
  observe(): Tensor {
    return this.dynamics.observe(this.state);
  }

  /** Begins all episodes anew. */
  reset(): Tensor {
    noGrad(() => {
      const fresh = this.dynamics.begin(this.n, this.generator, this.dtype);
      this.state.forEach((own, i) => {
        write("reset", own, fresh[i] as Tensor);
      });
      write("reset", this.steps, zeros([this.n], { dtype: this.dtype }));
    });
    return this.observe();
  }

  /**
   * Does an action in each environment. Actions of a `Box` are cut to its bounds by the dynamics; numbered actions are
   * not checked here, since a compiled step cannot look at them: one outside the space acts as the nearest one.
   * @param action [n] int32 for numbered actions, [n, …] floats for others.
   * @throws ShapeError, DTypeError
   */
  step(action: Tensor): TensorTransition {
    checkTensor(`${this.dynamics.name}.step`, "action", action);
    return noGrad(() => {
      const { state, reward, terminated } = this.dynamics.advance(this.state, action, this.generator);
      const steps = add(this.steps, 1);
      const truncated = greaterEqual(steps, this.dynamics.maxEpisodeSteps);
      const hasEnded = logicalOr(terminated, truncated);
      const finalObservation = this.dynamics.observe(state);
      const fresh = this.dynamics.begin(this.n, this.generator, this.dtype);
      const next = state.map((value, i) => where(hasEnded, fresh[i] as Tensor, value));
      next.forEach((value, i) => {
        write("step", this.state[i] as Tensor, value);
      });
      write("step", this.steps, where(hasEnded, 0, steps));
      return { observation: this.dynamics.observe(next), finalObservation, reward, terminated, truncated };
    });
  }
}

/** The column of actions of one number each, [n, 1] → [n]. */
export const onlyColumn = (action: Tensor): Tensor => reshape(action, [action.shape[0] as number]);
