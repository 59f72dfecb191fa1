import { Bernoulli } from "../../distributions/bernoulli.js";
import { Categorical } from "../../distributions/categorical.js";
import { standardGumbel } from "../../distributions/noise.js";
import { Normal } from "../../distributions/normal.js";
import { ArgumentError, OptionError } from "../../errors.js";
import { add } from "../../ops/add.js";
import { argmax } from "../../ops/argmax.js";
import { exp } from "../../ops/exp.js";
import { greater } from "../../ops/greater.js";
import { maximum } from "../../ops/maximum.js";
import { minimum } from "../../ops/minimum.js";
import { mul } from "../../ops/mul.js";
import { select } from "../../ops/select.js";
import { slice } from "../../ops/slice.js";
import { stack } from "../../ops/stack.js";
import { sum } from "../../ops/sum.js";
import { tanh } from "../../ops/tanh.js";
import { to } from "../../ops/to.js";
import { describe, isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { fromTypedArray } from "../../tensor/create.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Box, Discrete, MultiBinary, MultiDiscrete, type Space } from "../space.js";

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
 * The head for a space of actions: a softmax for `Discrete`, one for each number of `MultiDiscrete`, a Bernoulli
 * distribution for each of `MultiBinary`, and for `Box` a normal distribution whose deviations do not depend on the
 * observation; its actions are cut to the bounds, or squashed into them.
 * @throws ArgumentError for other spaces; OptionError for `squash` without a `Box` whose bounds are finite
 */
export function actionHead(where: string, space: Space, { squash = false } = {}): ActionHead {
  if (squash && !isInstance(space, Box)) {
    throw new OptionError(`${where}: expected a Box of actions for squash, got ${describe(space)}`);
  }
  if (isInstance(space, Discrete)) return discreteHead(space);
  if (isInstance(space, MultiDiscrete)) return multiDiscreteHead(space);
  if (isInstance(space, MultiBinary)) return multiBinaryHead(space);
  if (isInstance(space, Box)) return squash ? squashedHead(where, space) : boxHead(space);
  throw new ArgumentError(
    `${where}: expected an action space of Discrete, MultiDiscrete, MultiBinary or Box, got ${describe(space)}`,
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
    // The class of the largest of logits with Gumbel noise has the classes' probabilities (Gumbel, 1954): fewer
    // instructions than the inverse of the distribution function.
    sample: (generator) =>
      argmax(add(logits, standardGumbel(logits.shape, logits.dtype as "float32", generator)), { dim: -1 }),
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
        logProb: (action) => together((part, i) => part.logProb(select(action, 1, i))),
        entropy: () => together((part) => part.entropy()),
      };
    },
    toDynamics: (action) => action,
    toMembers: (actions) => rowsOf(actions, width),
  };
}

function multiBinaryHead({ shape }: MultiBinary): ActionHead {
  const size = sizeOf(shape);
  return {
    outputs: size,
    deviations: 0,
    shape,
    dtype: "int32",
    distribution: (output) => {
      const logits = output.reshape([output.shape[0] as number, ...shape]);
      const distribution = new Bernoulli({ logits, validateArgs: false });
      return {
        sample: (generator) => to(distribution.sample([], { generator }), "int32"),
        get mode() {
          return to(greater(logits, 0), "int32");
        },
        logProb: (action) => overAxes(distribution.logProb(action), shape),
        entropy: () => overAxes(distribution.entropy(), shape),
      };
    },
    toDynamics: (action) => action,
    toMembers: (actions) => rowsOf(actions, size),
  };
}

/** The sum over the axes of an action. [n, …shape] → [n] */
const overAxes = (x: Tensor, shape: Shape): Tensor =>
  shape.length === 0 ? x : sum(x, { dim: shape.map((_, d) => d + 1) });

function boxHead({ low, high, shape }: Box): ActionHead {
  const size = sizeOf(shape);
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
      return {
        sample: (generator) => distribution.sample([], { generator }),
        mode: loc,
        logProb: (action) => overAxes(distribution.logProb(action), shape),
        entropy: () => overAxes(distribution.entropy(), shape),
      };
    },
    toDynamics: (action) => minimum(maximum(action, ofShape(low, shape)), ofShape(high, shape)),
    toMembers: (actions) =>
      rowsOf(actions, size).map((row) =>
        row.map((value, i) => Math.min(Math.max(value, low[i] as number), high[i] as number)),
      ),
  };
}

const ofShape = (values: Float64Array, shape: Shape): Tensor =>
  fromTypedArray(Float32Array.from(values), [...shape]);

/**
 * As `boxHead`, but a number u of the normal distribution is the action low + (high − low)·(1 + tanh u)/2, so that
 * none lies beyond a bound. Actions are stored as u: densities of u and of the action differ by a factor without the
 * policy's parameters, so ratios of densities and derivatives of their logarithms are the same. The entropy is that of
 * u. The mode is the action of the most probable u.
 */
function squashedHead(where: string, space: Box): ActionHead {
  const { low, high, shape } = space;
  if (!low.every(Number.isFinite) || !high.every(Number.isFinite)) {
    throw new OptionError(`${where}: expected finite bounds of actions for squash, got ${space}`);
  }
  const half = low.map((least, i) => ((high[i] as number) - least) / 2);
  const middle = low.map((least, i) => ((high[i] as number) + least) / 2);
  return {
    ...boxHead(space),
    toDynamics: (action) => add(mul(tanh(action), ofShape(half, shape)), ofShape(middle, shape)),
    toMembers: (actions) =>
      rowsOf(actions, low.length).map((row) =>
        row.map((u, i) => (middle[i] as number) + (half[i] as number) * Math.tanh(u)),
      ),
  };
}

/** Rows of their own, each with the numbers of one action. */
function rowsOf(actions: TypedArray, width: number): TypedArray[] {
  return Array.from({ length: actions.length / width }, (_, i) => actions.slice(i * width, (i + 1) * width));
}
