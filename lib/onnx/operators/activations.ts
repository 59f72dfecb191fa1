// Activation functions.
import * as ops from "../../ops/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at, ofOne, ofTwo, optionalNumber } from "./inputs.js";
import { type Compute, type OperatorNode, operator } from "./registry.js";

/** An operator of one input. */
function activation(name: string, since: number, make: (node: OperatorNode) => (x: Tensor) => Tensor): void {
  operator(name, { since, inputs: 1, make: (node) => ofOne(make(node)) });
}

activation("Relu", 1, () => (x) => (x.dtype === "int32" ? ops.maximum(x, 0) : ops.relu(x)));
activation("Softsign", 1, () => (x) => ops.softsign(x));
activation("HardSwish", 14, () => (x) => ops.hardswish(x));
activation("Mish", 18, () => (x) => ops.mish(x));

// Above 40, ln(1 + e^x) is x in float64 too.
activation("Softplus", 1, () => (x) => ops.softplus(x, { threshold: 40 }));

activation("LeakyRelu", 1, ({ attributes }) => {
  const alpha = attributes.float("alpha", 0.01);
  return (x) => ops.leakyRelu(x, alpha);
});

activation("Elu", 1, ({ attributes }) => {
  const alpha = attributes.float("alpha", 1);
  return (x) => ops.elu(x, alpha);
});

activation("Celu", 12, ({ attributes }) => {
  const alpha = attributes.float("alpha", 1);
  return (x) => ops.celu(x, alpha);
});

/** α and γ of SELU as 32-bit numbers have them. */
const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

activation("Selu", 1, ({ attributes }) => {
  const alpha = attributes.float("alpha", SELU.alpha);
  const gamma = attributes.float("gamma", SELU.gamma);
  const isUsual = Math.fround(alpha) === SELU.alpha && Math.fround(gamma) === SELU.gamma;
  return isUsual ? (x) => ops.selu(x) : (x) => ops.mul(ops.elu(x, alpha), gamma);
});

activation("Gelu", 20, ({ attributes }) => {
  const approximate = attributes.choice("approximate", "none", ["none", "tanh"]);
  return (x) => ops.gelu(x, { approximate });
});

// max(0, min(1, α·x + β))
activation("HardSigmoid", 1, ({ attributes }) => {
  const alpha = attributes.float("alpha", 0.2);
  const beta = attributes.float("beta", 0.5);
  const isOurs = Math.fround(alpha) === Math.fround(1 / 6) && beta === 0.5;
  return isOurs
    ? (x) => ops.hardsigmoid(x)
    : (x) => ops.clamp(ops.add(ops.mul(x, alpha), beta), { min: 0, max: 1 });
});

// x·σ(α·x)
activation("Swish", 24, ({ attributes }) => {
  const alpha = attributes.float("alpha", 1);
  return alpha === 1 ? (x) => ops.silu(x) : (x) => ops.mul(x, ops.sigmoid(ops.mul(x, alpha)));
});

activation("ThresholdedRelu", 1, ({ attributes }) => {
  const alpha = attributes.float("alpha", 1);
  return (x) => ops.threshold(x, alpha, 0);
});

// x + bias below −λ, x − bias above λ, and 0 between
activation("Shrink", 9, ({ attributes }) => {
  const bias = attributes.float("bias", 0);
  const lambd = attributes.float("lambd", 0.5);
  return (x) =>
    ops.where(ops.less(x, -lambd), ops.add(x, bias), ops.where(ops.greater(x, lambd), ops.sub(x, bias), 0));
});

// A slope of any shape that broadcasts to x's
operator("PRelu", {
  since: 1,
  inputs: 2,
  learns: [1],
  make: () => ofTwo((x, slope) => ops.where(ops.less(x, 0), ops.mul(x, slope), x)),
});

const limited = (x: Tensor, min: number | undefined, max: number | undefined): Tensor => {
  if (min === undefined && max === undefined) return x;
  // Where the bounds cross, the upper one holds.
  const low = min !== undefined && max !== undefined ? Math.min(min, max) : min;
  return ops.clamp(x, {
    ...(low === undefined ? {} : { min: low }),
    ...(max === undefined ? {} : { max }),
  });
};

operator("Clip", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const min = attributes.float("min");
    const max = attributes.float("max");
    return ofOne((x) => limited(x, min, max));
  },
});

operator("Clip", {
  since: 11,
  inputs: [1, 3],
  make: (): Compute => (inputs) =>
    limited(at(inputs, 0), optionalNumber("min", inputs[1]), optionalNumber("max", inputs[2])),
});
