import { write } from "../../eager/apply.js";
import { ArgumentError } from "../../errors.js";
import { add } from "../../ops/add.js";
import { div } from "../../ops/div.js";
import { logicalNot } from "../../ops/logical-not.js";
import { logicalOr } from "../../ops/logical-or.js";
import { mul } from "../../ops/mul.js";
import { reshape } from "../../ops/reshape.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import { unsqueeze } from "../../ops/unsqueeze.js";
import { where } from "../../ops/where.js";
import { describe, isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { fromTypedArray, zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Box, type Discrete, type Space } from "../space.js";

/** The middle of a box and half its width, of the box's shape. */
export interface Bounds {
  readonly middle: Tensor;
  readonly half: Tensor;
}

/** @throws ArgumentError unless the space is a `Box` with finite bounds that differ. */
export function boundsOf(name: string, space: Space): Bounds {
  const box = finiteBox(name, space);
  if (box.low.some((bound, i) => bound === box.high[i])) {
    throw new ArgumentError(`${name}: expected an action space with finite bounds, low < high, got ${space}`);
  }
  return closedBounds(name, box);
}

/** As `boundsOf`, of bounds that may be the same: there is no way back from them to [−1, 1]. @throws ArgumentError */
export function closedBounds(name: string, space: Space): Bounds {
  const { low, high, shape } = finiteBox(name, space);
  const each = (of: (low: number, high: number) => number): Tensor =>
    fromTypedArray(
      Float32Array.from(low, (least, i) => of(least, high[i] as number)),
      [...shape],
    );
  return { middle: each((a, b) => a / 2 + b / 2), half: each((a, b) => b / 2 - a / 2) };
}

function finiteBox(name: string, space: Space): Box {
  if (!isInstance(space, Box)) {
    throw new ArgumentError(`${name}: expected an action space that is a Box, got ${describe(space)}`);
  }
  if (![...space.low, ...space.high].every(Number.isFinite)) {
    throw new ArgumentError(`${name}: expected an action space with finite bounds, got ${space}`);
  }
  return space;
}

/** Points of [−1, 1], [n, size], as actions, [n, …shape]. */
export function fromUnit(unit: Tensor, { middle, half }: Bounds): Tensor {
  const all = reshape(unit, [unit.shape[0] as number, ...middle.shape]);
  return add(mul(all, half), middle);
}

/** Actions, [n, …shape], as points of [−1, 1], [n, size]. */
export function toUnit(action: Tensor, { middle, half }: Bounds): Tensor {
  const n = action.shape[0] as number;
  return reshape(div(sub(action, middle), half), [n, middle.size]);
}

/** Actions by chance, each as likely as another: the numbers from 0 on, [n] int32. */
export function uniformNumbers(n: number, { n: count }: Discrete, generator: Generator): Tensor {
  // In float64 u·count < count, since u < 1. The conversion cuts what follows the point.
  return to(mul(generator.uniform([n], { dtype: "float64" }), count), "int32");
}

/** Actions by chance, each as likely as another. [n, …] */
export function uniformPoints(n: number, bounds: Bounds, generator: Generator): Tensor {
  return fromUnit(generator.uniform([n, bounds.middle.size], { low: -1, high: 1 }), bounds);
}

/**
 * Normal noise of n environments that depends on the noise of the step before: where an episode begins N(0, 1), else
 *
 *     ε ← c·ε + √(1 − c²)·N(0, 1)
 *
 * Each ε for itself is N(0, 1), for any correlation c in [0, 1). This is the process of Ornstein and Uhlenbeck (1930),
 * with which Lillicrap et al. (2016) explore; with their θ and a step of time dt, c = 1 − θ·dt.
 */
export class ActionNoise {
  /** ε of the last step. [n, size] */
  readonly last: Tensor;

  constructor(
    n: number,
    size: number,
    readonly correlation: number,
    /** While this is true; after it c = 0. [] bool, in ops. */
    readonly isCorrelated: () => Tensor,
  ) {
    this.last = zeros([n, size]);
  }

  /** @param isNew Where an episode begins, [n] bool. @returns ε [n, size] */
  next(isNew: Tensor, generator: Generator): Tensor {
    const { last, correlation } = this;
    const fresh = generator.normal(last.shape);
    if (correlation === 0) return fresh;
    const goesOn = add(mul(last, correlation), mul(fresh, Math.sqrt(1 - correlation ** 2)));
    const isAlone = logicalOr(unsqueeze(isNew, 1), logicalNot(this.isCorrelated()));
    const noise = where(isAlone, fresh, goesOn);
    write("noise", last, noise);
    return noise;
  }
}
