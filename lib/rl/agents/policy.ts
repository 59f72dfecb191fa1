import { noGrad } from "../../context/grad-mode.js";
import { ArgumentError, ShapeError } from "../../errors.js";
import { Flatten } from "../../nn/flatten.js";
import { inMode } from "../../nn/in-mode.js";
import { constant, orthogonal } from "../../nn/init.js";
import { Linear } from "../../nn/linear.js";
import { Module } from "../../nn/module.js";
import { Parameter } from "../../nn/parameter.js";
import { ReLU } from "../../nn/relu.js";
import { Sequential } from "../../nn/sequential.js";
import { Tanh } from "../../nn/tanh.js";
import { reshape } from "../../ops/reshape.js";
import { checkChoice, checkList, checkNumber, checkOptions, describe, isInstance } from "../../options.js";
import { defaultGenerator } from "../../random/generator.js";
import { full, zeros } from "../../tensor/create.js";
import { format, type Shape, sameShape, sizeOf } from "../../tensor/shape.js";
import { checkTensor, type Tensor } from "../../tensor/tensor.js";
import type { ActionDistribution, ActionHead } from "./action-head.js";
import type { RunningNorm } from "./running-norm.js";

const ACTIVATIONS = { tanh: Tanh, relu: ReLU } as const;

/** The layers of a network that is not given as a module. */
export interface NetworkOptions {
  /** Units of the hidden layers. */
  readonly hidden?: readonly number[];
  readonly activation?: "tanh" | "relu";
}

export interface Layers {
  readonly hidden: readonly number[];
  readonly activation: "tanh" | "relu";
}

/** @throws ArgumentError, OptionError */
export function readLayers(where: string, given: NetworkOptions | undefined, standard: Layers): Layers {
  const options: unknown = given ?? {};
  checkOptions(`${where}: network`, options, ["hidden", "activation"]);
  const { hidden = standard.hidden, activation = standard.activation } = options as NetworkOptions;
  return {
    hidden: checkList(where, "network.hidden to be a list of sizes", hidden).map((size) =>
      checkNumber(where, "a size of network.hidden", size, { min: 1, integer: true }),
    ),
    activation: checkChoice(where, "network.activation", activation, ["tanh", "relu"]),
  };
}

/**
 * A network of fully connected layers. With a gain, weights are orthogonal, of gain √2 in the hidden layers and `gain`
 * in the last one, and biases are 0, as stable-baselines3 and CleanRL begin where the policy is learnt from its own
 * rollouts. Without, they are those of `Linear`, as both begin where it is learnt from a replay.
 */
export function fullyConnected(
  input: Shape,
  { hidden, activation }: Layers,
  outputs: number,
  gain?: number,
): Module {
  const sizes = [sizeOf(input), ...hidden, outputs];
  const layers = sizes.slice(1).flatMap((size, i) => {
    const linear = new Linear(sizes[i] as number, size);
    const isLast = i === hidden.length;
    if (gain !== undefined) {
      orthogonal(linear.weight, isLast ? gain : Math.SQRT2);
      constant(linear.bias as Parameter, 0);
    }
    return isLast ? [linear] : [linear, new ACTIVATIONS[activation]()];
  });
  return new Sequential(...(input.length === 1 ? [] : [new Flatten()]), ...layers);
}

/** Makes networks whose weights follow from a seed, and leaves the default generator as it was. */
export function withWeightsOf<T>(seed: number, make: () => T): T {
  const before = defaultGenerator.getState();
  defaultGenerator.seed(seed);
  try {
    return make();
  } finally {
    defaultGenerator.setState(before);
  }
}

/**
 * A network of one's own that gives `outputs` numbers for each of n inputs.
 * @param inputs Shapes of one sample of each.
 * @throws ArgumentError unless it is a module; ShapeError unless it gives [n, outputs]; what its `forward` throws
 */
export function checkNetwork(
  where: string,
  name: string,
  value: unknown,
  { inputs, outputs }: { readonly inputs: readonly Shape[]; readonly outputs: number },
): Module {
  if (!isInstance(value, Module)) {
    throw new ArgumentError(`${where}: expected ${name} to be a Module, got ${describe(value)}`);
  }
  const n = 2;
  const samples = inputs.map((shape) => zeros([n, ...shape]));
  const output: unknown = inMode(value, false, () => noGrad(() => value.forward(...samples)));
  const { shape } = checkTensor(where, `what ${name} gives`, output);
  if (!sameShape(shape, [n, outputs])) {
    throw new ShapeError(
      `${where}: expected ${name} to give ${format([n, outputs])} for ${n} observations, got ${format(shape)}`,
    );
  }
  return value;
}

/** The actor, the critic, and what both see. */
export class ActorCritic extends Module {
  readonly actor: Module;
  readonly critic: Module | null;
  readonly logStd: Parameter | null;
  readonly norm: RunningNorm | null;
  readonly #head: ActionHead;

  constructor(
    head: ActionHead,
    parts: {
      readonly actor: Module;
      /** null: all values are 0. */
      readonly critic: Module | null;
      readonly norm: RunningNorm | null;
      readonly logStd: number;
    },
  ) {
    super();
    this.#head = head;
    this.actor = parts.actor;
    this.critic = parts.critic;
    this.norm = parts.norm;
    this.logStd = head.deviations === 0 ? null : new Parameter(full([head.deviations], parts.logStd));
  }

  /** Of observations [n, …]. */
  distribution(observation: Tensor): ActionDistribution {
    return this.#head.distribution(this.forward(observation), this.logStd);
  }

  /** Of observations [n, …] → [n]. */
  value(observation: Tensor): Tensor {
    return this.#valueOf(this.#seen(observation));
  }

  #valueOf(seen: Tensor): Tensor {
    const n = seen.shape[0] as number;
    return this.critic === null ? zeros([n]) : reshape(this.critic.forward(seen), [n]);
  }

  /** What the actor says of observations [n, …]: logits, or means. */
  forward(observation: Tensor): Tensor {
    return this.actor.forward(this.#seen(observation));
  }

  /** Both, of the same observations. */
  judge(observation: Tensor): { policy: ActionDistribution; value: Tensor } {
    const seen = this.#seen(observation);
    const policy = this.#head.distribution(this.actor.forward(seen), this.logStd);
    return { policy, value: this.#valueOf(seen) };
  }

  #seen(observation: Tensor): Tensor {
    return this.norm === null ? observation : this.norm.forward(observation);
  }
}
