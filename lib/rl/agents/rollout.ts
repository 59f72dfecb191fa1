import { compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { writeRows } from "../../eager/write-rows.js";
import { slice } from "../../ops/slice.js";
import { unsqueeze } from "../../ops/unsqueeze.js";
import { isPromise } from "../../realms.js";
import { arange, zeros } from "../../tensor/create.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { giveWay } from "../../train/turn.js";
import type { TensorEnvironment } from "../tensor-environment.js";
import type { VectorEnvironment } from "../vector-environment.js";
import type { ActionHead } from "./action-head.js";
import type { Environments } from "./environments.js";
import { features } from "./observed.js";

/** Steps of n environments, preallocated: each tensor is [steps, n, …]. */
export interface Rollout {
  readonly steps: number;
  readonly n: number;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  /** bool */
  readonly terminated: Tensor;
  /** bool */
  readonly truncated: Tensor;
  /** What was observed after the step, before a new episode began. */
  readonly finalObservation: Tensor;
}

export function emptyRollout(steps: number, n: number, observed: Shape, head: ActionHead): Rollout {
  const each = (shape: Shape, dtype: "float32" | "int32" | "bool" = "float32"): Tensor =>
    zeros([steps, n, ...shape], { dtype });
  return {
    steps,
    n,
    observation: each(observed),
    action: each(head.shape, head.dtype),
    reward: each([]),
    terminated: each([], "bool"),
    truncated: each([], "bool"),
    finalObservation: each(observed),
  };
}

/** Fills a rollout. */
export interface Collector {
  /** Begins all episodes anew. */
  reset(): void | Promise<void>;
  /**
   * Makes steps until the rollout is full, or `isEnough` says so of the steps made so far, which it is asked after each
   * step in JavaScript, and after each of the engine's calls, which become longer.
   * @returns the steps of each environment
   * @throws what an environment throws, and the signal's reason; the rollout is then worth nothing.
   */
  collect(signal: AbortSignal | undefined, isEnough?: (steps: number) => boolean): Promise<number>;
  /** What `agent.explain()` says of it. */
  explain(): string;
}

/** Steps in one call of the engine, between which a run can be ended. */
const CALL_STEPS = 256;
const FIRST_CALL_STEPS = 16;

/** The number of steps after the call that follows `steps`, where each doubles them: 16, 32, 64, … */
export const doubled = (steps: number): number => Math.max(FIRST_CALL_STEPS, 2 * steps);

/** Collects in the engine: policy and environments are one program. */
function tensorCollector(
  environment: TensorEnvironment,
  rollout: Rollout,
  head: ActionHead,
  act: (observation: Tensor) => Tensor,
): Collector {
  const space = environment.dynamics.observationSpace;
  const step = compile((t: Tensor) => {
    noGrad(() => {
      const observation = features(space, environment.observe());
      const action = act(observation);
      const transition = environment.step(head.toDynamics(action));
      const put = (target: Tensor, row: Tensor): void => writeRows("collect", target, t, unsqueeze(row, 0));
      put(rollout.observation, observation);
      put(rollout.action, action);
      put(rollout.reward, transition.reward);
      put(rollout.terminated, transition.terminated);
      put(rollout.truncated, transition.truncated);
      put(rollout.finalObservation, features(space, transition.finalObservation));
    });
  });
  const numbers = arange(rollout.steps, { dtype: "int32" });
  return {
    reset: () => {
      environment.reset();
    },
    async collect(signal, isEnough) {
      let steps = 0;
      while (steps < rollout.steps) {
        signal?.throwIfAborted();
        const most =
          isEnough === undefined ? steps + CALL_STEPS : Math.min(doubled(steps), steps + CALL_STEPS);
        const end = Math.min(most, rollout.steps);
        await step.loopAsync([numbers], slice(numbers, 0, { start: steps, end }), 1);
        steps = end;
        if (isEnough?.(steps)) break;
      }
      return steps;
    },
    explain: () => step.explain(slice(numbers, 0, { end: 1 })),
  };
}

/** A collector for either kind of environments. */
export function collectorOf(
  environments: Environments,
  rollout: Rollout,
  head: ActionHead,
  act: (observation: Tensor) => Tensor,
): Collector {
  return environments.kind === "tensor"
    ? tensorCollector(environments.environment, rollout, head, act)
    : vectorCollector(environments.environment, rollout, head, act);
}

/** Collects from environments in JavaScript: the policy is a program, and each step one call of it. */
function vectorCollector(
  environment: VectorEnvironment,
  rollout: Rollout,
  head: ActionHead,
  act: (observation: Tensor) => Tensor,
): Collector {
  const { n, steps } = rollout;
  const observed = rollout.observation.size / steps;
  const acted = rollout.action.size / steps;
  const current = zeros([n, ...rollout.observation.shape.slice(2)]);
  const choose = compile((observation: Tensor) => noGrad(() => act(observation)));
  return {
    async reset() {
      const start = await environment.reset();
      put(current, start.observation, 0);
    },
    async collect(signal, isEnough) {
      for (let t = 0; t < steps; t++) {
        signal?.throwIfAborted();
        const action = choose(current).storage.forReading();
        put(rollout.observation, current.storage.forReading() as Float32Array, t * observed);
        put(rollout.action, action, t * acted);
        const result = environment.step(head.toMembers(action));
        const transition = isPromise(result) ? await result : result;
        put(rollout.reward, transition.reward, t * n);
        put(rollout.terminated, transition.terminated, t * n);
        put(rollout.truncated, transition.truncated, t * n);
        put(rollout.finalObservation, transition.finalObservation, t * observed);
        put(current, transition.observation, 0);
        await giveWay();
        if (isEnough?.(t + 1)) return t + 1;
      }
      return steps;
    },
    explain: () => choose.explain(current),
  };
}

function put(target: Tensor, values: ArrayLike<number>, at: number): void {
  target.storage.forWriting().set(values, at);
}
