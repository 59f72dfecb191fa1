// Normalizations: (x − mean)/√(variance + ε) over some axes, scaled and shifted.

import { noGrad } from "../../context/grad-mode.js";
import { write } from "../../eager/apply.js";
import { ArgumentError, ShapeError } from "../../errors.js";
import { Buffer } from "../../nn/buffer.js";
import * as ops from "../../ops/index.js";
import { checkDim, format } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at, axesOf, ofOne, ofTwo } from "./inputs.js";
import { type Inputs, operator } from "./registry.js";

interface Standardized {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** 1/√(variance + ε) */
  readonly scale: Tensor;
}

/** Mean 0 and variance 1 over these axes. */
function standardized(x: Tensor, dim: readonly number[], eps: number): Standardized {
  const mean = ops.mean(x, { dim, keepdim: true });
  const centred = ops.sub(x, mean);
  const variance = ops.mean(ops.square(centred), { dim, keepdim: true });
  const scale = ops.rsqrt(ops.add(variance, eps));
  return { y: ops.mul(centred, scale), mean, variance, scale };
}

const from = (axis: number, rank: number): number[] =>
  Array.from({ length: rank - axis }, (_, i) => axis + i);

/** One number a channel, beside x [B, C, …]. */
const ofChannels = (values: Tensor, x: Tensor): Tensor =>
  ops.reshape(values, [values.size, ...x.shape.slice(2).map(() => 1)]);

const EPSILON = 1e-5;

operator("LayerNormalization", {
  since: 17,
  inputs: [2, 3],
  outputs: [1, 3],
  learns: [1, 2],
  make: ({ attributes, outputs }) => {
    const axis = attributes.int("axis", -1);
    const eps = attributes.float("epsilon", EPSILON);
    attributes.ignore("stash_type");
    return (inputs) => {
      const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), inputs[2]];
      const { y, mean, scale } = standardized(x, from(checkDim("axis", axis, x.rank), x.rank), eps);
      const scaled = ops.mul(y, weight);
      const shifted = bias === null || bias === undefined ? scaled : ops.add(scaled, bias);
      return outputs.length > 1 ? [shifted, mean, scale] : shifted;
    };
  },
});

// x/√(mean(x²) + ε)·w
operator("RMSNormalization", {
  since: 23,
  inputs: 2,
  learns: [1],
  make: ({ attributes }) => {
    const axis = attributes.int("axis", -1);
    const eps = attributes.float("epsilon", EPSILON);
    attributes.ignore("stash_type");
    return ofTwo((x, weight) => {
      const dim = from(checkDim("axis", axis, x.rank), x.rank);
      const square = ops.mean(ops.square(x), { dim, keepdim: true });
      return ops.mul(ops.mul(x, ops.rsqrt(ops.add(square, eps))), weight);
    });
  },
});

/** Over each group of channels of x [B, C, …]. */
function groups(x: Tensor, count: number, eps: number): Tensor {
  const [batch, channels = 0] = x.shape as [number, number];
  if (x.rank < 2 || count < 1 || channels % count !== 0)
    throw new ShapeError(`expected [B, C, …] with ${count} groups of channels, got ${format(x.shape)}`);
  const grouped = ops.reshape(x, [batch, count, channels / count, ...x.shape.slice(2)]);
  return ops.reshape(standardized(grouped, from(2, grouped.rank), eps).y, x.shape);
}

const repeated = (values: Tensor, times: number): Tensor =>
  ops.reshape(ops.expand(ops.reshape(values, [-1, 1]), [values.size, times]), [-1]);

for (const [since, isOfGroups] of [
  [18, true],
  [21, false],
] as const) {
  operator("GroupNormalization", {
    since,
    inputs: 3,
    learns: [1, 2],
    make: ({ attributes }) => {
      const count = attributes.required("num_groups", attributes.int("num_groups"));
      const eps = attributes.float("epsilon", EPSILON);
      attributes.ignore("stash_type");
      return (inputs) => {
        const x = at(inputs, 0);
        const y = groups(x, count, eps);
        const [scale, bias] = [at(inputs, 1), at(inputs, 2)].map((values) =>
          ofChannels(isOfGroups ? repeated(values, (x.shape[1] as number) / count) : values, x),
        ) as [Tensor, Tensor];
        return ops.add(ops.mul(y, scale), bias);
      };
    },
  });
}

operator("InstanceNormalization", {
  since: 6,
  inputs: 3,
  learns: [1, 2],
  make: ({ attributes }) => {
    const eps = attributes.float("epsilon", EPSILON);
    return (inputs) => {
      const x = at(inputs, 0);
      const { y } = standardized(x, from(2, x.rank), eps);
      return ops.add(ops.mul(y, ofChannels(at(inputs, 1), x)), ofChannels(at(inputs, 2), x));
    };
  },
});

interface BatchOptions {
  readonly eps: number;
  /** Share of the running statistics that stays. */
  readonly momentum: number;
  /** Whether the node gives the moved statistics too. */
  readonly gives: boolean;
}

/** Normalizes x [B, C, …] with the batch's own statistics, which move the running ones. */
function batchNormalized(inputs: Inputs, { eps, momentum, gives }: BatchOptions, moves: boolean): Inputs {
  const [x, mean, variance] = [at(inputs, 0), at(inputs, 3), at(inputs, 4)];
  const dim = x.shape.map((_, d) => d).filter((d) => d !== 1);
  const own = standardized(x, dim, eps);
  const moved = (running: Tensor, batch: Tensor): Tensor =>
    ops.add(ops.mul(running, momentum), ops.mul(ops.reshape(batch, running.shape), 1 - momentum));
  const statistics = gives ? [moved(mean, own.mean), moved(variance, own.variance)] : [];
  if (moves) {
    const count = x.size / (x.shape[1] as number);
    if (count < 2)
      throw new ArgumentError(
        `expected more than one value for each feature in training, got ${format(x.shape)}`,
      );
    noGrad(() => {
      write("BatchNormalization", mean, moved(mean, ops.detach(own.mean)));
      // With correction 1, as PyTorch does it.
      const unbiased = ops.mul(ops.detach(own.variance), count / (count - 1));
      write("BatchNormalization", variance, moved(variance, unbiased));
    });
  }
  return [own.y, ...statistics];
}

for (const since of [7, 9, 14]) {
  operator("BatchNormalization", {
    since,
    inputs: 5,
    outputs: [1, since < 14 ? 5 : 3],
    learns: [1, 2],
    keeps: [3, 4],
    varies: true,
    make: ({ attributes, outputs, wasTraining }) => {
      const options = {
        eps: attributes.float("epsilon", EPSILON),
        momentum: attributes.float("momentum", 0.9),
        gives: outputs.slice(1).includes(true),
      };
      const isTraining = since >= 14 ? attributes.flag("training_mode", false) : outputs.length > 1;
      if (isTraining) wasTraining();
      if (since === 7 && !attributes.flag("spatial", true))
        attributes.refuse("spatial", 0, "statistics for each element are not supported");
      return (inputs, run) => {
        const [x, mean, variance] = [at(inputs, 0), at(inputs, 3), at(inputs, 4)];
        const moves = run.training && mean instanceof Buffer && variance instanceof Buffer;
        const [y, ...statistics] =
          moves || (run.training && isTraining)
            ? batchNormalized(inputs, options, moves)
            : [
                ops.mul(
                  ops.sub(x, ofChannels(mean, x)),
                  ops.rsqrt(ops.add(ofChannels(variance, x), options.eps)),
                ),
                mean,
                variance,
              ];
        const scaled = ops.mul(y as Tensor, ofChannels(at(inputs, 1), x));
        return [ops.add(scaled, ofChannels(at(inputs, 2), x)), ...statistics];
      };
    },
  });
}

operator("LpNormalization", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const axis = attributes.int("axis", -1);
    const p = attributes.int("p", 2);
    if (p !== 1 && p !== 2) attributes.refuse("p", p, "expected 1 or 2");
    return ofOne((x) => {
      const norm = ops.norm(x, { p, dim: checkDim("axis", axis, x.rank), keepdim: true });
      const isZero = ops.equal(norm, 0);
      return ops.where(isZero, 0, ops.div(x, ops.where(isZero, 1, norm)));
    });
  },
});

// (x − mean)/(√variance + 1e-9)
operator("MeanVarianceNormalization", {
  since: 9,
  inputs: 1,
  make: ({ attributes }) => {
    const axes = attributes.ints("axes") ?? [0, 2, 3];
    return ofOne((x) => {
      const dim = axesOf("axes", axes, x.rank);
      const centred = ops.sub(x, ops.mean(x, { dim, keepdim: true }));
      const deviation = ops.sqrt(ops.mean(ops.square(centred), { dim, keepdim: true }));
      return ops.div(centred, ops.add(deviation, 1e-9));
    });
  },
});
