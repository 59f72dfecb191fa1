// What the tensors in a model's file are for: learned, kept, or constant.
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Graph, Step } from "./read-graph.js";
import { isUniform } from "./untie.js";

/**
 * What a tensor in a model's file becomes: a parameter, which is learned; a buffer, which the state dict has too; a
 * constant, which it has not.
 */
export type OnnxRole = "parameter" | "buffer" | "constant";

/** The names that torch.onnx gives to what has none in the network. */
const EXPORTERS = /^(?:val_\d+|onnx::\w+|\d+)(?:_\d+)?$/;

/** A place where a value is used. */
interface Use {
  readonly step: Step;
  readonly position: number;
}

/**
 * The role of each initializer, by its use. A float is a parameter where an operator learns that input: weights and
 * biases of Gemm, MatMul and normalizations, tables of Gather, and operands with axes of Add, Mul and the like; also
 * by way of operators of one input, and of Concat. The state of BatchNormalization is a buffer.
 *
 * All else is constant; and so are masks, which are not finite, and a number or a vector of one number that only the
 * exporter has named: it is a part of a formula.
 */
export function rolesOf({ initializers, steps }: Graph): ReadonlyMap<string, OnnxRole> {
  const uses = new Map<string, Use[]>();
  for (const step of steps) {
    for (const [position, name] of step.inputs.entries()) {
      if (name === null) continue;
      const known = uses.get(name);
      if (known === undefined) uses.set(name, [{ step, position }]);
      else known.push({ step, position });
    }
  }
  return new Map(
    Array.from(initializers, ([name, tensor]) => [
      name,
      isFloat(tensor.dtype) ? roleOf(name, tensor, uses) : "constant",
    ]),
  );
}

function roleOf(name: string, tensor: Tensor, uses: ReadonlyMap<string, readonly Use[]>): OnnxRole {
  const seen = new Set([name]);
  let isLearned = false;
  for (const value of seen) {
    for (const { step, position } of uses.get(value) ?? []) {
      const { learns, keeps, readsShapes } = step.operator;
      if (keeps?.includes(position)) return "buffer";
      if (learns === undefined) {
        const follows = readsShapes !== true && (position === 0 || step.operator.joins === true);
        for (const output of step.outputs) if (follows && output !== null) seen.add(output);
      } else if (learns === "all" || learns.includes(position)) {
        isLearned ||= tensor.rank > 0 || step.operator.hasConstants !== true;
      }
    }
  }
  const isFormula = EXPORTERS.test(name) && (tensor.rank < 2 || tensor.size < 2) && isUniform(tensor);
  const isFinite = tensor.storage.forReading().every((value) => Number.isFinite(value));
  return isLearned && isFinite && !isFormula ? "parameter" : "constant";
}
