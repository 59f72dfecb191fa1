// Modules that are one operator of ONNX. Others are written as the ops that their `forward` is made of.

import { BatchNorm1d } from "../nn/batch-norm.js";
import { CELU } from "../nn/celu.js";
import { ELU } from "../nn/elu.js";
import { Embedding } from "../nn/embedding.js";
import { EmbeddingBag } from "../nn/embedding-bag.js";
import { GELU } from "../nn/gelu.js";
import { Hardshrink } from "../nn/hardshrink.js";
import { Hardsigmoid } from "../nn/hardsigmoid.js";
import { Hardswish } from "../nn/hardswish.js";
import { Hardtanh } from "../nn/hardtanh.js";
import { LayerNorm } from "../nn/layer-norm.js";
import { LeakyReLU } from "../nn/leaky-relu.js";
import { LogSoftmax } from "../nn/log-softmax.js";
import { Mish } from "../nn/mish.js";
import type { Module } from "../nn/module.js";
import { PReLU } from "../nn/prelu.js";
import type { ModuleCall } from "../nn/record.js";
import { ReLU6 } from "../nn/relu6.js";
import { SELU } from "../nn/selu.js";
import { Softmax } from "../nn/softmax.js";
import { Softplus } from "../nn/softplus.js";
import { Softshrink } from "../nn/softshrink.js";
import { Softsign } from "../nn/softsign.js";
import { Threshold } from "../nn/threshold.js";
import { allocate } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Attribute, Attributes, GraphBuilder, Ref } from "./graph.js";

/** Writes a call of a module. @returns the value of its result; null if this one is no operator of ONNX */
type ModuleWriter<M extends Module> = (
  module: M,
  x: Tensor,
  graph: GraphBuilder,
  read: (tensor: Tensor) => Ref,
) => Ref | null;

type Rule = readonly [kind: unknown, write: ModuleWriter<Module>];

const rule = <M extends Module>(kind: new (...args: never[]) => M, write: ModuleWriter<M>): Rule => [
  kind,
  write as ModuleWriter<Module>,
];

/** A module that is an operator without inputs beside x, with these attributes; null if this one is none. */
const activation = <M extends Module>(
  kind: new (...args: never[]) => M,
  operator: string,
  attributesOf: (module: M, opset: number) => Attributes | null = () => ({}),
): Rule =>
  rule(kind, (module, x, graph, read) => {
    // For float64 their attributes are not exact, and onnxruntime lacks some.
    const attributes = x.dtype === "float32" ? attributesOf(module, graph.opset) : null;
    return attributes === null ? null : graph.node(operator, [read(x)], attributes);
  });

const float = (value: number): Attribute => ({ float: value });

const clip = (
  x: Tensor,
  low: number,
  high: number,
  graph: GraphBuilder,
  read: (tensor: Tensor) => Ref,
): Ref => graph.node("Clip", [read(x), filled(graph, x, [], low), filled(graph, x, [], high)]);

// From it on softplus is x to the last bit of a float32.
const LINEAR = 17;

/** By class. What a subclass does is not known. */
const WRITERS: ReadonlyMap<unknown, ModuleWriter<Module>> = new Map([
  activation(LeakyReLU, "LeakyRelu", ({ negativeSlope }) => ({ alpha: float(negativeSlope) })),
  activation(ELU, "Elu", ({ alpha }) => ({ alpha: float(alpha) })),
  activation(CELU, "Celu", ({ alpha }) => ({ alpha: float(alpha) })),
  activation(SELU, "Selu"),
  activation(GELU, "Gelu", ({ approximate }, opset) =>
    opset < 20 ? null : { approximate: { text: approximate } },
  ),
  activation(Mish, "Mish", (_, opset) => (opset < 18 ? null : {})),
  activation(Softplus, "Softplus", ({ beta, threshold }) => (beta === 1 && threshold >= LINEAR ? {} : null)),
  activation(Softsign, "Softsign"),
  activation(Hardsigmoid, "HardSigmoid", () => ({ alpha: float(1 / 6), beta: float(0.5) })),
  activation(Hardswish, "HardSwish"),
  activation(Softshrink, "Shrink", ({ lambda }) => ({ lambd: float(lambda), bias: float(lambda) })),
  activation(Hardshrink, "Shrink", ({ lambda }) => ({ lambd: float(lambda) })),
  activation(Threshold, "ThresholdedRelu", ({ limit, value }) =>
    value === 0 ? { alpha: float(limit) } : null,
  ),
  activation(Softmax, "Softmax", ({ dim }) => ({ axis: { int: dim } })),
  activation(LogSoftmax, "LogSoftmax", ({ dim }) => ({ axis: { int: dim } })),
  rule(PReLU, ({ weight }, x, graph, read) => {
    // A slope for each channel goes along axis 1.
    const line = weight.size === 1 ? [1] : [weight.size, ...x.shape.slice(2).map(() => 1)];
    const slope = line.length === 1 ? read(weight) : graph.reshape(read(weight), line);
    return graph.node("PRelu", [read(x), slope]);
  }),
  rule(Hardtanh, ({ low, high }, x, graph, read) => clip(x, low, high, graph, read)),
  rule(ReLU6, (_, x, graph, read) => clip(x, 0, 6, graph, read)),
  rule(BatchNorm1d, ({ runningMean, runningVar, weight, bias, eps, numFeatures }, x, graph, read) => {
    if (runningMean === null || runningVar === null || !fits(eps, x)) return null;
    const scale = weight === null ? filled(graph, x, [numFeatures], 1) : read(weight);
    const shift = bias === null ? filled(graph, x, [numFeatures], 0) : read(bias);
    const inputs = [read(x), scale, shift, read(runningMean), read(runningVar)];
    return graph.node("BatchNormalization", inputs, { epsilon: { float: eps } });
  }),
  rule(LayerNorm, ({ normalizedShape, weight, bias, eps }, x, graph, read) => {
    if (normalizedShape.length === 0 || !fits(eps, x)) return null;
    const scale = weight === null ? filled(graph, x, normalizedShape, 1) : read(weight);
    const inputs = [read(x), scale, ...(bias === null ? [] : [read(bias)])];
    const attributes: Attributes = { axis: { int: -normalizedShape.length }, epsilon: { float: eps } };
    return graph.node("LayerNormalization", inputs, attributes);
  }),
]);

/**
 * Whether what a module writes to its state in evaluation mode is what the next call would write again: rows of a table
 * that are made shorter.
 */
export const writesTheSame = (module: Module): boolean =>
  module.constructor === Embedding || module.constructor === EmbeddingBag;

/** Whether an attribute, which is a float32, can hold a number beside x. */
const fits = (value: number, { dtype }: Tensor): boolean =>
  dtype === "float32" || Math.fround(value) === value;

/** A constant of one number in x's dtype. */
function filled(graph: GraphBuilder, { dtype }: Tensor, shape: Shape, value: number): Ref {
  const size = shape.reduce((product, n) => product * n, 1);
  return graph.constant(allocate(dtype, size).fill(value), shape, dtype);
}

/**
 * Writes a call of a module as one operator.
 * @returns the value of its result; null if ONNX has no operator for it
 */
export function writeModule(
  { module, inputs, isPlain }: ModuleCall,
  graph: GraphBuilder,
  read: (tensor: Tensor) => Ref,
): Ref | null {
  const write = isPlain ? WRITERS.get(module.constructor) : undefined;
  const [x] = inputs;
  // Operators along an axis take no scalars.
  return write === undefined || x === undefined || x.rank === 0 ? null : write(module, x, graph, read);
}
