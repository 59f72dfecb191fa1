import { compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { write } from "../../eager/apply.js";
import { writeRows } from "../../eager/write-rows.js";
import { add } from "../../ops/add.js";
import { logicalOr } from "../../ops/logical-or.js";
import { slice } from "../../ops/slice.js";
import { unsqueeze } from "../../ops/unsqueeze.js";
import { isPromise } from "../../realms.js";
import { arange, ones, zeros } from "../../tensor/create.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { giveWay } from "../../train/turn.js";
import type { ReplayBuffer } from "../replay-buffer.js";
import type { TensorEnvironment } from "../tensor-environment.js";
import type { VectorEnvironment } from "../vector-environment.js";
import type { ActionHead } from "./action-head.js";
import type { Environments } from "./environments.js";
import { features } from "./observed.js";
import type { RunningNorm } from "./running-norm.js";

/** How n environments are acted in, in ops: stored actions [n, …]. */
export interface Acting {
  /** By chance. */
  random(): Tensor;
  /** @param observation [n, …] @param isNew Where an episode begins with it, [n] bool. */
  explore(observation: Tensor, isNew: Tensor): Tensor;
}

/** Where the environments are. */
export interface Place {
  /** Steps of all environments. [] float64 */
  readonly made: Tensor;
  /** Where an episode begins with the present observation. [n] bool */
  readonly isNew: Tensor;
}

export const firstPlace = (n: number): Place => ({
  made: zeros([], { dtype: "float64" }),
  isNew: ones([n], { dtype: "bool" }),
});

/** What steps brought, [steps, n] row-major. */
export interface Brought {
  readonly reward: ArrayLike<number>;
  readonly terminated: ArrayLike<number>;
  readonly truncated: ArrayLike<number>;
}

/** What an experience is made of. */
export interface ExperienceParts {
  readonly replay: ReplayBuffer;
  readonly head: ActionHead;
  readonly acting: Acting;
  readonly place: Place;
  readonly norm: RunningNorm | null;
  readonly observed: Shape;
  /** The largest number of steps in one call. */
  readonly mostSteps: number;
}

/** Makes steps and stores them in a replay. */
export interface Experience {
  /** Begins all episodes anew. */
  reset(): void | Promise<void>;
  /**
   * Makes steps of all environments, at most `mostSteps`; fewer where the signal is aborted or an environment throws.
   * @throws what an environment throws, where no step was made: after other steps in the next call.
   */
  collect(steps: number, how: keyof Acting, signal: AbortSignal | undefined): Promise<Brought>;
  /** What `agent.explain()` says of it. */
  explain(): string;
}

/** Where environments act in the engine: policy, environments and replay are one program. */
export class TensorExperience implements Experience {
  /** 0, 1, …: the rows of steps in the log. */
  readonly rows: Tensor;
  readonly #environment: TensorEnvironment;
  readonly #parts: ExperienceParts;
  readonly #log: { readonly reward: Tensor; readonly terminated: Tensor; readonly truncated: Tensor };
  readonly #programs = {
    random: compile((row: Tensor) => noGrad(() => this.step(row, "random"))),
    explore: compile((row: Tensor) => noGrad(() => this.step(row, "explore"))),
  };

  constructor(environment: TensorEnvironment, parts: ExperienceParts) {
    this.#environment = environment;
    this.#parts = parts;
    const { mostSteps } = parts;
    const { n } = environment;
    this.rows = arange(mostSteps, { dtype: "int32" });
    const log = (dtype: "float32" | "bool"): Tensor => zeros([mostSteps, n], { dtype });
    this.#log = { reward: log("float32"), terminated: log("bool"), truncated: log("bool") };
  }

  /** A step in ops. @param row Of the log, [1] int32. */
  step(row: Tensor, how: keyof Acting): void {
    const { replay, head, acting, place, norm } = this.#parts;
    const { observationSpace } = this.#environment.dynamics;
    const observation = features(observationSpace, this.#environment.observe());
    const action = how === "random" ? acting.random() : acting.explore(observation, place.isNew);
    const transition = this.#environment.step(head.toDynamics(action));
    const { reward, terminated, truncated } = transition;
    const nextObservation = features(observationSpace, transition.finalObservation);
    replay.append({ observation, action, reward, nextObservation, terminated });
    norm?.update(observation);
    write("step", place.made, add(place.made, this.#environment.n));
    write("step", place.isNew, logicalOr(terminated, truncated));
    writeRows("log", this.#log.reward, row, unsqueeze(reward, 0));
    writeRows("log", this.#log.terminated, row, unsqueeze(terminated, 0));
    writeRows("log", this.#log.truncated, row, unsqueeze(truncated, 0));
  }

  reset(): void {
    this.#environment.reset();
    this.#parts.place.isNew.storage.forWriting().fill(1);
  }

  async collect(steps: number, how: keyof Acting): Promise<Brought> {
    await this.#programs[how].loopAsync([this.rows], this.firstRows(steps), 1);
    return this.brought(steps);
  }

  firstRows(steps: number): Tensor {
    return slice(this.rows, 0, { end: steps });
  }

  /** What the last call's steps brought. */
  brought(steps: number): Brought {
    const first = (part: Tensor) => part.storage.forReading().subarray(0, steps * this.#environment.n);
    const { reward, terminated, truncated } = this.#log;
    return { reward: first(reward), terminated: first(terminated), truncated: first(truncated) };
  }

  explain(): string {
    return this.#programs.explore.explain(this.firstRows(1));
  }
}

/** Where environments act in JavaScript: the policy is a program, and each step one call of it. */
class VectorExperience implements Experience {
  readonly #environment: VectorEnvironment;
  readonly #parts: ExperienceParts;
  readonly #current: Tensor;
  readonly #taken: { reward: Tensor; nextObservation: Tensor; terminated: Tensor; truncated: Tensor };
  /** What an environment threw after steps that count. */
  #failure: { readonly error: unknown } | null = null;
  readonly #programs = {
    random: compile(() => noGrad(() => this.#parts.acting.random())),
    explore: compile((observation: Tensor) =>
      noGrad(() => this.#parts.acting.explore(observation, this.#parts.place.isNew)),
    ),
  };
  readonly #keep = compile(
    (
      observation: Tensor,
      action: Tensor,
      reward: Tensor,
      nextObservation: Tensor,
      terminated: Tensor,
      truncated: Tensor,
    ) =>
      noGrad(() => {
        const { replay, place, norm } = this.#parts;
        replay.append({ observation, action, reward, nextObservation, terminated });
        norm?.update(observation);
        write("step", place.made, add(place.made, this.#environment.n));
        write("step", place.isNew, logicalOr(terminated, truncated));
      }),
  );

  constructor(environment: VectorEnvironment, parts: ExperienceParts) {
    this.#environment = environment;
    this.#parts = parts;
    const { n } = environment;
    this.#current = zeros([n, ...parts.observed]);
    this.#taken = {
      reward: zeros([n]),
      nextObservation: zeros([n, ...parts.observed]),
      terminated: zeros([n], { dtype: "bool" }),
      truncated: zeros([n], { dtype: "bool" }),
    };
  }

  async reset(): Promise<void> {
    const start = await this.#environment.reset();
    this.#failure = null;
    put(this.#current, start.observation);
    this.#parts.place.isNew.storage.forWriting().fill(1);
  }

  async collect(steps: number, how: keyof Acting, signal: AbortSignal | undefined): Promise<Brought> {
    const { n } = this.#environment;
    const reward = new Float64Array(steps * n);
    const terminated = new Uint8Array(steps * n);
    const truncated = new Uint8Array(steps * n);
    let made = 0;
    while (made < steps && !signal?.aborted) {
      const step = await this.#tryStep(how, made > 0);
      if (step === null) break;
      reward.set(step.reward, made * n);
      terminated.set(step.terminated, made * n);
      truncated.set(step.truncated, made * n);
      made++;
      await giveWay();
    }
    const end = made * n;
    return {
      reward: reward.subarray(0, end),
      terminated: terminated.subarray(0, end),
      truncated: truncated.subarray(0, end),
    };
  }

  /** @returns null where an environment threw, and the next call throws that. */
  async #tryStep(how: keyof Acting, isLater: boolean): Promise<Brought | null> {
    if (this.#failure !== null) throw this.#failure.error;
    try {
      return await this.#step(how);
    } catch (error) {
      if (!isLater) throw error;
      this.#failure = { error };
      return null;
    }
  }

  async #step(how: keyof Acting): Promise<Brought> {
    const current = this.#current;
    const action = how === "random" ? this.#programs.random() : this.#programs.explore(current);
    const members = this.#parts.head.toMembers(action.storage.forReading());
    const result = this.#environment.step(members);
    const transition = isPromise(result) ? await result : result;
    const { reward, terminated, truncated } = transition;
    const taken = this.#taken;
    put(taken.reward, reward);
    put(taken.nextObservation, transition.finalObservation);
    put(taken.terminated, terminated);
    put(taken.truncated, truncated);
    this.#keep(current, action, taken.reward, taken.nextObservation, taken.terminated, taken.truncated);
    put(current, transition.observation);
    return { reward, terminated, truncated };
  }

  explain(): string {
    return this.#programs.explore.explain(this.#current);
  }
}

function put(target: Tensor, values: ArrayLike<number>): void {
  target.storage.forWriting().set(values);
}

/** Of either kind of environments. */
export function experienceOf(
  environments: Environments,
  parts: ExperienceParts,
): TensorExperience | Experience {
  return environments.kind === "tensor"
    ? new TensorExperience(environments.environment, parts)
    : new VectorExperience(environments.environment, parts);
}
