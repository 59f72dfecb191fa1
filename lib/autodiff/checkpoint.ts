import { Recomputation } from "../context/recomputation.js";
import type { Node } from "../eager/node.js";
import { GraphError } from "../errors.js";
import { checkFunction } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { takeApart, together } from "../tensor/tree.js";
import { defineFunction } from "./define-function.js";
import { vjp } from "./transforms.js";

/**
 * Computes f without keeping its intermediate results. They are computed again when a gradient needs them
 * (torch.utils.checkpoint). This costs a second run of f and saves the memory of the intermediate results. In the
 * second run f draws the same random numbers as in the first, and writes no state such as running statistics. Nothing
 * else that f uses, such as modes of modules, may change between the two runs.
 * Every tensor to differentiate with respect to must be in an input: a tensor, a list or an object of tensors, or a
 * module, which stands for its parameters.
 * @example
 * const y = checkpoint((block, z) => block.forward(z), block, z);
 * @throws GraphError if f uses a tensor with requiresGrad that is not an input; ArgumentError
 */
export function checkpoint(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor;
export function checkpoint<P extends readonly unknown[]>(f: (...inputs: P) => Tensor, ...inputs: P): Tensor;
export function checkpoint(f: (...inputs: never[]) => Tensor, ...inputs: unknown[]): Tensor {
  checkFunction("checkpoint", "f", f);
  const parts = inputs.map((input, i) => takeApart("checkpoint", `input ${i}`, input));
  const all = together(parts, (list) => list);
  const twice = new Recomputation();
  const run = (...leaves: Tensor[]): Tensor =>
    all.within(leaves, (list) => checkTensor("checkpoint", "the function's result", f(...(list as never[]))));
  return defineFunction("checkpoint", {
    forward: (...leaves) => twice.first(() => run(...leaves)),
    vjp: ({ inputs: leaves, dy }) => {
      const again = (...standIns: Tensor[]): Tensor => {
        const value = run(...standIns);
        checkLeaves(value, new Set(standIns));
        return value;
      };
      const [y, pullback] = twice.again(() => vjp(again, ...leaves));
      return y.requiresGrad ? pullback(dy) : leaves.map(() => null);
    },
  })(...all.leaves);
}

/** @throws GraphError if the value depends on a leaf that is not an input. */
function checkLeaves(value: Tensor, inputs: ReadonlySet<Tensor>): void {
  const seen = new Set<Tensor>();
  const open = [value];
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop()) {
    if (seen.has(tensor) || inputs.has(tensor) || !tensor.requiresGrad) continue;
    seen.add(tensor);
    if (tensor.producer === null) {
      throw new GraphError(
        `checkpoint: the function uses a tensor [${tensor.shape.join(", ")}] with requiresGrad that is not among its inputs; give it, or its module, as an input`,
      );
    }
    open.push(...(tensor.producer as Node).inputs);
  }
}
