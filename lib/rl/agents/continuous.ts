import { noGrad } from "../../context/grad-mode.js";
import { mse } from "../../cost/mse.js";
import { ArgumentError } from "../../errors.js";
import { ModuleList } from "../../nn/containers.js";
import { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { concat } from "../../ops/concat.js";
import { flatten } from "../../ops/flatten.js";
import { less } from "../../ops/less.js";
import { minimum } from "../../ops/minimum.js";
import { reshape } from "../../ops/reshape.js";
import type { Adam } from "../../optim/adam.js";
import { checkFunction, checkNumber } from "../../options.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ReplayBatch } from "../replay-buffer.js";
import type { AgentKind } from "./agent.js";
import { refuseWith } from "./contradiction.js";
import type { LearningEnvironment } from "./environments.js";
import { ActionNoise, type Bounds, boundsOf, fromUnit, toUnit, uniformPoints } from "./exploration.js";
import { descend, OffPolicyAgent, type OffPolicyOptions, type OffPolicyStandard } from "./off-policy.js";
import { checkNetwork, fullyConnected, type Layers, readLayers, withWeightsOf } from "./policy.js";

/** What agents take that learn a policy of continuous actions from a critic. */
export interface ContinuousOptions extends OffPolicyOptions {
  /**
   * How much the noise of a step depends on that of the step before while it learns: c in [0, 1) of
   * ε ← c·ε + √(1 − c²)·N(0, 1). Each ε for itself is N(0, 1). Noise that lasts goes further. Default: 0.
   */
  readonly noiseCorrelation?: number;
  /** Steps of all environments after which noise no longer depends on that of the step before. Default: none. */
  readonly correlatedSteps?: number;
  /** A network of one's own from observations [n, …] to what becomes of actions [n, outputs]. */
  readonly actor?: Module;
  /**
   * Makes a network of one's own whose `forward(observation, action)` gives values [n, 1] for observations [n, …] and
   * actions [n, size], which are scaled to [−1, 1]. Called for each critic.
   */
  readonly critic?: () => Module;
}

const CONTINUOUS_OPTIONS: readonly string[] = ["noiseCorrelation", "correlatedSteps", "actor", "critic"];

/** A network of observations and actions side by side. */
class SideBySide extends Module {
  constructor(readonly network: Module) {
    super();
  }

  /** observation [n, …], action [n, size] → [n, 1] */
  forward(observation: Tensor, action: Tensor): Tensor {
    return this.network.forward(concat([flatten(observation, 1), action], 1));
  }
}

/** Critics of the same actions. */
export class Critics extends Module {
  readonly all: ModuleList<Module>;

  constructor(critics: readonly Module[]) {
    super();
    this.all = new ModuleList(critics);
  }

  /** What each says of observations [n, …] and actions [n, size]: [n] */
  each(observation: Tensor, action: Tensor): Tensor[] {
    return Array.from(this.all, (critic) =>
      reshape(critic.forward(observation, action), [action.shape[0] as number]),
    );
  }

  /** The least that one says. [n] */
  forward(observation: Tensor, action: Tensor): Tensor {
    return this.each(observation, action).reduce((least, value) => minimum(least, value));
  }
}

/** What a `ContinuousAgent` is made of. */
export interface ContinuousKind extends AgentKind {
  readonly layers: Layers;
  /** How many critics there are. */
  readonly critics: number;
  /** What the actor gives for each number of an action. */
  readonly outputs: number;
}

/** An agent whose actor learns from a critic of its actions. Within it actions are points of [−1, 1], [n, size]. */
export abstract class ContinuousAgent<Observation, Action> extends OffPolicyAgent<Observation, Action> {
  protected readonly bounds: Bounds;
  protected readonly noise: ActionNoise;
  /** Numbers of an action. */
  protected readonly size: number;
  readonly #kind: ContinuousKind;
  readonly #options: ContinuousOptions;

  protected constructor(
    kind: ContinuousKind,
    environment: LearningEnvironment<Observation, Action>,
    options: ContinuousOptions,
    standard: OffPolicyStandard,
  ) {
    super({ ...kind, options: [...CONTINUOUS_OPTIONS, ...kind.options] }, environment, options, standard);
    const { name } = this;
    this.#kind = kind;
    this.#options = options;
    this.bounds = boundsOf(name, this.environments.actionSpace);
    this.size = this.bounds.middle.size;
    const correlation = checkNumber(name, "noiseCorrelation", options.noiseCorrelation ?? 0, {
      min: 0,
      below: 1,
    });
    if (correlation === 0) refuseWith(name, options, "a noiseCorrelation of 0", ["correlatedSteps"]);
    const most = options.correlatedSteps;
    if (most !== undefined) checkNumber(name, "correlatedSteps", most, { min: 0, integer: true });
    const isCorrelated = (): Tensor => less(this.place.made, most ?? Number.MAX_SAFE_INTEGER);
    this.noise = new ActionNoise(this.environments.n, this.size, correlation, isCorrelated);
  }

  /** Actor and critics, as the options say. */
  protected makeNetworks<T>(make: (actor: Module, critics: Critics) => T): T {
    const { name, observed, size } = this;
    const { critics, outputs, layers: standard } = this.#kind;
    const { network, actor, critic } = this.#options;
    const layers = readLayers(name, network, standard);
    if (critic !== undefined) checkFunction(name, "critic", critic);
    const oneCritic = (): Module =>
      critic === undefined
        ? new SideBySide(fullyConnected([sizeOf(observed) + size], layers, 1))
        : checkNetwork(name, "what critic makes", critic(), { inputs: [observed, [size]], outputs: 1 });
    return withWeightsOf(this.seed, () => {
      const policy =
        actor === undefined
          ? fullyConnected(observed, layers, outputs * size)
          : checkNetwork(name, "actor", actor, { inputs: [observed], outputs: outputs * size });
      const all = Array.from({ length: critics }, oneCritic);
      if (new Set(all).size < critics) {
        throw new ArgumentError(`${name}: expected critic to make a new Module in each call`);
      }
      return make(policy, new Critics(all));
    });
  }

  /** A step of Adam on the critics, towards the target of an update. @returns their loss, [] */
  protected learnCritics(critics: Critics, adam: Adam, batch: ReplayBatch, target: Tensor): Tensor {
    const action = noGrad(() => toUnit(batch.action, this.bounds));
    const loss = critics
      .each(batch.observation, action)
      .map((value) => mse(value, target))
      .reduce((all, one) => add(all, one));
    descend(adam, loss);
    return loss;
  }

  protected override get states(): Readonly<Record<string, Tensor>> {
    return { noise: this.noise.last };
  }

  protected random(n: number): Tensor {
    return uniformPoints(n, this.bounds, this.acting);
  }

  protected toActions(unit: Tensor): Tensor {
    return fromUnit(unit, this.bounds);
  }
}
