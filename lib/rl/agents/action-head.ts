import { Categorical } from "../../distributions/categorical.js";
import { Normal } from "../../distributions/normal.js";
import { ArgumentError } from "../../errors.js";
import { add } from "../../ops/add.js";
import { argmax } from "../../ops/argmax.js";
import { exp } from "../../ops/exp.js";
import { maximum } from "../../ops/maximum.js";
import { minimum } from "../../ops/minimum.js";
import { slice } from "../../ops/slice.js";
import { stack } from "../../ops/stack.js";
import { sum } from "../../ops/sum.js";
import { describe, isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { fromTypedArray } from "../../tensor/create.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Box, Discrete, MultiDiscrete, type Space } from "../space.js";

/** What a policy says of the actions in n observations. */
export interface ActionDistribution {
  /** [n, …] */
  sample(generator: Generator): Tensor;
  /** The most probable action. [n, …] */
  readonly mode: Tensor;
  /** [n] */
  logProb(action: Tensor): Tensor;
  /** [n] */
  entropy(): Tensor;
}

/** The end of a policy network: how its numbers become actions of a space. */
export interface ActionHead {
  /** How many numbers the network gives for an observation. */
  readonly outputs: number;
  /** How many logarithms of standard deviations are learnt beside the network. */
  readonly deviations: number;
  /** Of an action as it is stored. */
  readonly shape: Shape;
  readonly dtype: "int32" | "float32";
  /** @param output [n, outputs] @param logStd [deviations] */
  distribution(output: Tensor, logStd: Tensor | null): ActionDistribution;
  /** Stored actions as dynamics in ops take them. */
  toDynamics(action: Tensor): Tensor;
  /** Stored actions, [n, …] row-major, as members of the space. */
  toMembers(actions: TypedArray): unknown[];
}

/**
 * The head for a space of actions: a softmax for `Discrete`, one for each number of `MultiDiscrete`, and for `Box` a
 * normal distribution whose deviations do not depend on the observation; its actions are cut to the bounds.
 * @throws ArgumentError for other spaces
 */
export function actionHead(where: string, space: Space): ActionHead {
  if (isInstance(space, Discrete)) return discreteHead(space);
  if (isInstance(space, MultiDiscrete)) return multiDiscreteHead(space);
  if (isInstance(space, Box)) return boxHead(space);
  throw new ArgumentError(
    `${where}: expected an action space of Discrete, MultiDiscrete or Box, got ${describe(space)}`,
  );
}

function discreteHead({ n, start }: Discrete): ActionHead {
  return {
    outputs: n,
    deviations: 0,
    shape: [],
    dtype: "int32",
    distribution: (output) => categorical(output),
    toDynamics: (action) => (start === 0 ? action : add(action, start)),
    toMembers: (actions) => Array.from(actions, (action) => action + start),
  };
}

function categorical(logits: Tensor): ActionDistribution {
  const distribution = new Categorical({ logits, validateArgs: false });
  return {
    sample: (generator) => distribution.sample([], { generator }),
    get mode() {
      return argmax(logits, { dim: -1 });
    },
    logProb: (action) => distribution.logProb(action),
    entropy: () => distribution.entropy(),
  };
}

function multiDiscreteHead({ counts, shape }: MultiDiscrete): ActionHead {
  const outputs = counts.reduce((total, count) => total + count, 0);
  const [width] = shape as [number];
  return {
    outputs,
    deviations: 0,
    shape,
    dtype: "int32",
    distribution: (output) => {
      let from = 0;
      const parts = counts.map((count) => {
        const part = slice(output, 1, { start: from, end: from + count });
        from += count;
        return categorical(part);
      });
      const together = (each: (part: ActionDistribution, i: number) => Tensor): Tensor =>
        sum(stack(parts.map(each)), { dim: 0 });
      return {
        sample: (generator) =>
          stack(
            parts.map((part) => part.sample(generator)),
            1,
          ),
        get mode() {
          return stack(
            parts.map((part) => part.mode),
            1,
          );
        },
        logProb: (action) => together((part, i) => part.logProb(column(action, i))),
        entropy: () => together((part) => part.entropy()),
      };
    },
    toDynamics: (action) => action,
    toMembers: (actions) => rowsOf(actions, width),
  };
}

/** [n, k] → [n] */
const column = (x: Tensor, i: number): Tensor =>
  slice(x, 1, { start: i, end: i + 1 }).reshape([x.shape[0] as number]);

function boxHead({ low, high, shape }: Box): ActionHead {
  const size = sizeOf(shape);
  const bounds = (values: Float64Array): Tensor => fromTypedArray(Float32Array.from(values), [...shape]);
  const axes = shape.map((_, d) => d + 1);
  return {
    outputs: size,
    deviations: size,
    shape,
    dtype: "float32",
    distribution: (output, logStd) => {
      const n = output.shape[0] as number;
      const loc = output.reshape([n, ...shape]);
      const scale = exp(logStd as Tensor).reshape([...shape]);
      const distribution = new Normal(loc, scale, { validateArgs: false });
      const over = (each: Tensor): Tensor => (axes.length === 0 ? each : sum(each, { dim: axes }));
      return {
        sample: (generator) => distribution.sample([], { generator }),
        mode: loc,
        logProb: (action) => over(distribution.logProb(action)),
        entropy: () => over(distribution.entropy()),
      };
    },
    toDynamics: (action) => minimum(maximum(action, bounds(low)), bounds(high)),
    toMembers: (actions) =>
      rowsOf(actions, size).map((row) =>
        row.map((value, i) => Math.min(Math.max(value, low[i] as number), high[i] as number)),
      ),
  };
}

/** Rows of their own, each with the numbers of one action. */
function rowsOf(actions: TypedArray, width: number): TypedArray[] {
  return Array.from({ length: actions.length / width }, (_, i) => actions.slice(i * width, (i + 1) * width));
}
