// Takes apart what an exporter has merged because it had the same values by chance.
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Graph, Step } from "./read-graph.js";

/** Whether all elements are one number, as those of biases and norms before any training. */
export function isUniform({ storage }: Tensor): boolean {
  const values = storage.forReading();
  return values.every((value) => Object.is(value, values[0]));
}

/** Whether an operator learns or keeps that input. */
const hasRole = ({ operator: { learns, keeps } }: Step, position: number): boolean =>
  learns === "all" || learns?.includes(position) === true || keeps?.includes(position) === true;

/**
 * The graph with a tensor of its own for each layer. Exporters write equal tensors once, and the layers of a new
 * network have many: weights of ones, biases and running means of zeros. Trained as one they would not go the way
 * that they go in the network.
 *
 * Tensors of several floats that are all one number are taken apart, and what is both learned and kept.
 * The first layer has the name in the file; by way of Identity the copy has that node's; others have the name and _2,
 * _3, … All other tensors are shared as in the file, since they are equal on purpose.
 */
export function untied(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const isApart = (name: string): boolean => {
    const tensor = initializers.get(name);
    return tensor !== undefined && isFloat(tensor.dtype) && tensor.size > 1 && isUniform(tensor);
  };
  const steps = graph.steps.filter(({ isIdentity, inputs: [from], outputs: [to] }) => {
    if (!isIdentity || typeof from !== "string" || typeof to !== "string") return true;
    if (outputs.has(to) || !isApart(from)) return true;
    initializers.set(to, initializers.get(from) as Tensor);
    return false;
  });
  const taken = new Set([
    ...initializers.keys(),
    ...steps.flatMap((step) => [...step.inputs, ...step.outputs]),
  ]);
  const kept = new Set(
    steps.flatMap(({ operator, inputs }) => (operator.keeps ?? []).map((position) => inputs[position])),
  );
  const used = new Set<string>();
  const own = (name: string): string => {
    if (!used.has(name)) {
      used.add(name);
      return name;
    }
    let i = 2;
    while (taken.has(`${name}_${i}`)) i++;
    taken.add(`${name}_${i}`);
    initializers.set(`${name}_${i}`, initializers.get(name) as Tensor);
    return `${name}_${i}`;
  };
  return {
    ...graph,
    initializers,
    steps: steps.map((step) => ({
      ...step,
      inputs: step.inputs.map((name, position) => {
        const splits = name !== null && hasRole(step, position) && (isApart(name) || kept.has(name));
        return splits && initializers.has(name) ? own(name) : name;
      }),
    })),
  };
}
