// Modules whose units are read from the module itself, not from its ops.
import { Bilinear } from "../nn/bilinear.js";
import type { AnyModule } from "../nn/module.js";
import { matrix, type UnitGraph } from "./units-graph.js";

/** A call of a module, with the units that it takes. */
export interface ModuleCall {
  readonly graph: UnitGraph;
  readonly module: AnyModule;
  readonly inputs: readonly Float64Array[];
  /** The inputs' elements, and the output's. */
  readonly values: readonly ArrayLike<number>[];
  readonly output: ArrayLike<number>;
  readonly name: string;
}

/** Adds the module's layers. @returns the units of its output; null if it maps several rows of one sample. */
type Rule = (call: ModuleCall) => Float64Array | null;

/** y_k = a·W_k·c + b_k: linear in each of its inputs, by weights that the other one sets. */
const bilinear =
  (module: Bilinear): Rule =>
  ({ graph, inputs: [a, c], values: [ofA, ofC], output, name }) => {
    const { in1Features: in1, in2Features: in2, outFeatures: out } = module;
    if (a === undefined || c === undefined || ofA === undefined || ofC === undefined) return null;
    if (output.length !== out) return null;
    const weights = module.weight.storage.forReading();
    const weight = (k: number, i: number, j: number): number => weights[(k * in1 + i) * in2 + j] as number;
    const sum = (size: number, term: (at: number) => number): number => {
      let total = 0;
      for (let at = 0; at < size; at++) total += term(at);
      return total;
    };
    const layer = graph.add({
      size: out,
      name,
      wires: [
        matrix(a, (k, i) => sum(in2, (j) => weight(k, i, j) * (ofC[j] as number))),
        matrix(c, (k, j) => sum(in1, (i) => weight(k, i, j) * (ofA[i] as number))),
      ],
      bias: module.bias?.storage.forReading() ?? null,
      values: output,
      note: "bilinear: weights at this input",
    });
    return Float64Array.from({ length: out }, (_, k) => layer.first + k);
  };

/** The rule of a module; undefined where its ops are read. */
export function ruleFor(module: AnyModule): Rule | undefined {
  if (module instanceof Bilinear) return bilinear(module);
  return undefined;
}
