import type { Module } from "../nn/module.js";
import { type ModuleCall, recordModel } from "../nn/record.js";
import type { Shape, TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AttributeMessage, GraphMessage, GraphNode } from "./schema.js";

// As PyTorch's event files say; TensorBoard wants one.
const PRODUCER = 22;

const shapeAttribute = (shape: Shape): Readonly<Record<string, AttributeMessage>> => ({
  _output_shapes: { list: { shape: [{ dim: shape.map((size) => ({ size })) }] } },
});

/**
 * The ops of one call of `forward` as a graph, grouped by the modules that called them. Its nodes are the inputs, the
 * parameters and buffers in use, the ops and the outputs.
 */
export function graphOf(where: string, model: Module, specs: readonly TensorSpec[]): GraphMessage {
  const { instructions, calls, inputs, outputs } = recordModel(where, model, specs);
  const nodes: GraphNode[] = [];
  const taken = new Map<string, number>();
  const makers = new Map<Storage, string>();
  const add = (path: string, op: string, from: readonly string[], shape: Shape): string => {
    const count = taken.get(path) ?? 0;
    taken.set(path, count + 1);
    const name = count === 0 ? path : `${path}_${count}`;
    nodes.push({ name, op, input: [...new Set(from)], attr: shapeAttribute(shape) });
    return name;
  };
  inputs.forEach((tensor, i) => {
    const name = inputs.length === 1 ? "input" : `input_${i}`;
    makers.set(tensor.storage, add(name, "Placeholder", [], tensor.shape));
  });
  const states = new Map<Storage, [name: string, tensor: Tensor]>();
  for (const [name, tensor] of Object.entries(model.stateDict())) states.set(tensor.storage, [name, tensor]);
  /** The node that made a tensor; a state of the model becomes one where it is used first. */
  const makerOf = ({ storage }: Tensor): string | undefined => {
    const state = states.get(storage);
    if (!makers.has(storage) && state !== undefined) {
      makers.set(storage, add(pathOf(state[0]), "Parameter", [], state[1].shape));
    }
    return makers.get(storage);
  };
  instructions.forEach(({ operands, written, applied, instruction }, i) => {
    const from = operands.flatMap((tensor) => (tensor === null ? [] : (makerOf(tensor) ?? [])));
    const op = applied?.op.name ?? `instruction ${instruction}`;
    const scope = scopeOf(calls, i);
    for (const tensor of written) {
      makers.set(tensor.storage, add(scope === "" ? op : `${scope}/${op}`, op, from, tensor.shape));
    }
  });
  outputs.forEach(([name, tensor], i) => {
    const maker = makerOf(tensor);
    const path = name ?? (outputs.length === 1 ? "output" : `output_${i}`);
    add(path, "Output", maker === undefined ? [] : [maker], tensor.shape);
  });
  return { node: nodes, versions: { producer: PRODUCER } };
}

/** "layers.0.weight" → "layers/0/weight": TensorBoard groups by slashes. */
const pathOf = (name: string): string => name.replaceAll(".", "/");

/** The innermost module whose call recorded an instruction. Calls end in order: an inner one stands before its outer. */
function scopeOf(calls: readonly ModuleCall[], instruction: number): string {
  const call = calls.find(({ begin, end }) => begin <= instruction && instruction < end);
  return pathOf(call?.name ?? "");
}
