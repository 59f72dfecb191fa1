// Modules that are one operator of ONNX. Others are written as the ops that their `forward` is made of.
import { BatchNorm1d } from "../nn/batch-norm.js";
import { Embedding } from "../nn/embedding.js";
import { EmbeddingBag } from "../nn/embedding-bag.js";
import { LayerNorm } from "../nn/layer-norm.js";
import type { Module } from "../nn/module.js";
import { allocate } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Attributes, GraphBuilder, Ref } from "./graph.js";
import type { ModuleCall } from "./record.js";

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

/** By class. What a subclass does is not known. */
const WRITERS: ReadonlyMap<unknown, ModuleWriter<Module>> = new Map([
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
  return write === undefined || x === undefined ? null : write(module, x, graph, read);
}
