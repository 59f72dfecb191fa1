// The costs of one target or of several, and their sum.
import type { Cost } from "../cost/define.js";
import { type Form, formOf, type Parts, putTogether } from "../data/parts.js";
import { ArgumentError } from "../errors.js";
import { tensorsIn } from "../nn/record.js";
import { checkFunction, describe, isPlainObject } from "../options.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { readObjective } from "../train/objective.js";
import { type Diagram, type DiagramEdge, type DiagramNode, indexed } from "./diagram.js";
import { shortNumber } from "./matrix-text.js";
import { NO_TARGETS, type Scene, type Term } from "./trace-model.js";

/** What the leaves of a form are called. */
export const namesOf = (name: string, { kind, names }: Form): string[] =>
  names.map((own, i) => (kind === "one" ? name : kind === "list" ? indexed(name, i + 1) : own));

/** The costs in the form of their targets, with their weights. @throws ArgumentError */
export function readTerms(where: string, given: unknown, weights: unknown, form: Form): Term[] {
  readObjective(where, { cost: given, costWeights: weights }, form);
  if (typeof given === "function") {
    const cost = given as Cost<unknown, unknown>;
    return [
      {
        ...named("C", cost),
        run: (output, targets) => cost(output, putTogether(form, targets)),
        reads: (output, targets) => [...tensorsIn(output), ...targets],
      },
    ];
  }
  const byTarget = (values: unknown, at: number): unknown =>
    (values as Readonly<Record<string, unknown>> | undefined)?.[form.names[at] as string];
  return form.names.map((target, at): Term => {
    const cost = byTarget(given, at) as Cost<unknown, unknown>;
    const weight = byTarget(weights, at) ?? 1;
    const output = (all: unknown): unknown => outputFor(where, all, target);
    return {
      ...named(indexed("C", at + 1), cost),
      weight: weight as number,
      run: (all, targets) => cost(output(all), targets[at]),
      reads: (all, targets) => [...tensorsIn(output(all)), targets[at] as Tensor],
    };
  });
}

/** The output that belongs to a target, by its name or position. @throws ArgumentError */
function outputFor(where: string, output: unknown, target: string): unknown {
  const isTree = Array.isArray(output) || isPlainObject(output);
  if (isTree && Object.hasOwn(output, target)) return (output as Readonly<Record<string, unknown>>)[target];
  throw new ArgumentError(`${where}: expected the model to give an output for the target ${target}`);
}

/** What is compared with what is given, not checked. */
interface GivenCosts {
  readonly cost?: unknown;
  readonly target?: unknown;
  readonly costWeights?: unknown;
}

/**
 * The costs of tensors as targets. Without a target, a cost of the output alone.
 * @throws ArgumentError
 */
export function readCosts(
  where: string,
  { cost, target, costWeights }: GivenCosts,
): Pick<Scene, "targets" | "terms"> & { readonly given: readonly Tensor[] } {
  if (cost === undefined) {
    const more = target !== undefined ? "target" : costWeights !== undefined ? "costWeights" : null;
    if (more === null) return { targets: NO_TARGETS, terms: [], given: [] };
    throw new ArgumentError(`${where}: expected ${more} only with a cost`);
  }
  if (target === undefined) {
    checkFunction(where, "cost", cost);
    if (costWeights !== undefined)
      throw new ArgumentError(`${where}: expected costWeights only with targets`);
    const run = cost as (output: unknown) => Tensor;
    return {
      targets: NO_TARGETS,
      terms: [{ ...named("C", run), run, reads: (output) => tensorsIn(output) }],
      given: [],
    };
  }
  const isTree = !isTensor(target) && (Array.isArray(target) || isPlainObject(target));
  const all: unknown[] = isTree ? Object.values(target) : [target];
  if (all.length === 0)
    throw new ArgumentError(`${where}: expected target to be tensors, got ${describe(target)}`);
  const given = all.map((one) => checkTensor(where, "target", one));
  const form = formOf(target as Parts);
  return {
    targets: { leaves: given, names: namesOf("y", form) },
    terms: readTerms(where, cost, costWeights, form),
    given,
  };
}

/** With the name of its function, unless that is only the name of the option. */
const named = (name: string, { name: detail }: { readonly name: string }) => ({
  name,
  ...(detail === "" || detail === "cost" ? {} : { detail }),
});

/** A cost and its weight in the sum C. The weight is null where C is this one cost. */
export interface WeightedCost {
  readonly node: DiagramNode;
  readonly weight: number | null;
}

/** The weights by the nodes of the costs. As in `fit`, costs of weight 0 are left out, unless every weight is 0. */
export function counting(costs: readonly WeightedCost[]): ReadonlyMap<string, number> {
  const isOff = costs.every(({ weight }) => weight === 0);
  return new Map(
    costs.flatMap(({ node: { id }, weight }) => (weight === 0 && !isOff ? [] : [[id, weight ?? 1] as const])),
  );
}

/** The node of C, if it is a sum. */
export const TOTAL = "total";
/** Summands in a line. */
const MOST_SUMMANDS = 3;

/** The diagram with C = Σ wᵢ·Cᵢ, if it is a sum. */
export function withTotal({ nodes, edges, groups }: Diagram, costs: readonly WeightedCost[]): Diagram {
  if (costs.length === 0 || costs.some(({ weight }) => weight === null)) return { nodes, edges, groups };
  const summands = costs.map(({ node: { name }, weight }) =>
    weight === 1 ? name : `${shortNumber(weight ?? 1)}·${name}`,
  );
  const lines = Array.from({ length: Math.ceil(summands.length / MOST_SUMMANDS) }, (_, i) => {
    const own = summands.slice(i * MOST_SUMMANDS, (i + 1) * MOST_SUMMANDS);
    return `${i === 0 ? "=" : "+"} ${own.join(" + ")}`;
  });
  const total: DiagramNode = {
    id: TOTAL,
    kind: "sum",
    name: "C",
    detail: lines.join("\n"),
    parameters: [],
    group: null,
  };
  const added = costs.map(
    ({ node: { id } }): DiagramEdge => ({ from: id, to: TOTAL, kind: "data", shape: [] }),
  );
  return { nodes: [...nodes, total], edges: [...edges, ...added], groups };
}
