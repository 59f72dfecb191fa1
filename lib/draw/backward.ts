// The lecture's diagram with what flows back: gradients at the variables, and the two Jacobians of each function.
import { ArgumentError, ShapeError } from "../errors.js";
import { kindOf } from "../nn/show.js";
import { checkFlag, describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Annotations } from "./backward-notes.js";
import { counting, readCosts, type WeightedCost, withTotal } from "./costs.js";
import { withStates } from "./diagram.js";
import { render } from "./render.js";
import { Replay } from "./replay.js";
import { type DrawRequest, registerStyle } from "./style.js";
import type { Drawing } from "./svg.js";
import { checkModel, readArguments, type Scene, traceScene } from "./trace-model.js";
import { describeDiagram } from "./words.js";

/** One, or one for each of several targets. */
export type OneOrMore<T> = T | readonly T[] | Readonly<Record<string, T>>;

declare module "./style.js" {
  interface Styles {
    backward: true;
  }
  interface DrawOptions {
    /**
     * Of the style `"backward"`: the cost C(ȳ, y) whose gradient flows. For several targets one for each in their form;
     * then C = Σ wᵢ·Cᵢ(ȳᵢ, yᵢ), which the picture says. Default: none, and the gradient begins at ȳ.
     */
    readonly cost?: OneOrMore<(y: Tensor, target: Tensor) => Tensor>;
    /** Of the style `"backward"`: the target y of the cost, or several in a list or by their names. */
    readonly target?: OneOrMore<Tensor>;
    /** Of the style `"backward"`: the weights wᵢ ≥ 0 of several costs, in the form of target. Default: 1 each. */
    readonly costWeights?: readonly number[] | Readonly<Record<string, number>>;
    /**
     * Of the style `"backward"`: whether the numbers of gradients and Jacobians are shown: all numbers of at most 6 × 6,
     * and the norm of longer gradients. Default: true if no variable has more than 6 elements.
     */
    readonly values?: boolean;
    /** Of the style `"backward"`: a change ds of the inputs, in their form, pushed through to each dz and to dC. */
    readonly perturbation?: Tensor | readonly Tensor[];
  }
}

const OPTIONS = ["cost", "target", "costWeights", "values", "perturbation"];
const MOST_ELEMENTS = 6;

function drawBackward({ where, model, input, options }: DrawRequest): Drawing {
  const module = checkModel(where, model);
  const args = readArguments(where, input);
  const { targets, terms, given: goals } = readCosts(where, options);
  const scene: Scene = { model: module, input: args, targets, terms, open: options.open };
  const flow = traceScene(where, scene);
  const changes = readPerturbation(where, options.perturbation, args.leaves);
  const costs = flow.diagram.nodes
    .filter(({ kind }) => kind === "cost")
    .map((node, i): WeightedCost => ({ node, weight: terms[i]?.weight ?? null }));
  const diagram = withTotal(withStates(flow.diagram, true), costs);
  const variables = diagram.nodes.filter(({ shape }) => shape !== undefined);
  const isTiny = variables.every(({ shape }) => sizeOf(shape ?? []) <= MOST_ELEMENTS);
  const hasValues = options.values === undefined ? isTiny : checkFlag(where, "values", options.values);
  const observed = flow.diagram.nodes.filter(({ kind }) => kind === "observed");
  const at = [...args.leaves, ...goals];
  const given = new Map(
    observed.flatMap(({ id }) => {
      const tensor = at[flow.givenAt.get(id) ?? -1];
      return tensor === undefined ? [] : [[id, tensor] as const];
    }),
  );
  const replay = hasValues || changes !== null ? new Replay(where, flow, module, given) : null;
  if (replay !== null && costs.length > 0) replay.pullBack(counting(costs));
  if (replay !== null && changes !== null) {
    const moved = observed.flatMap(({ id }) => {
      const change = changes[flow.givenAt.get(id) ?? -1];
      return change === undefined ? [] : [[id, change] as const];
    });
    replay.pushForward(new Map(moved));
  }
  const notes = new Annotations(flow, diagram, replay, { hasValues, isPerturbed: changes !== null, costs });
  return render(where, diagram, options.direction, {
    title: `${kindOf(module)} with what flows back`,
    description: `${describeDiagram(diagram, options.direction)} ${notes.words()}`,
    notes: notes.all,
    flowsBack: (edge) => notes.flowsBack(edge),
    flowsOn: (edge) => notes.flowsOn(edge),
  });
}

/** @throws ArgumentError, ShapeError */
function readPerturbation(
  where: string,
  given: unknown,
  inputs: readonly Tensor[],
): readonly Tensor[] | null {
  if (given === undefined) return null;
  const list = Array.isArray(given) ? Array.from(given) : [given];
  if (list.length !== inputs.length) {
    throw new ArgumentError(
      `${where}: expected perturbation to have a tensor for each of ${inputs.length} inputs, got ${describe(given)}`,
    );
  }
  return list.map((one, i) => {
    const change = checkTensor(where, "perturbation", one);
    const { shape, dtype } = inputs[i] as Tensor;
    if (!sameShape(change.shape, shape)) {
      throw new ShapeError(
        `${where}: expected perturbation to have the input's shape ${format(shape)}, got ${format(change.shape)}`,
      );
    }
    if (change.dtype === dtype && isFloat(dtype)) return change;
    throw new ArgumentError(`${where}: expected perturbation and input to be floats of one dtype`);
  });
}

registerStyle("backward", { options: OPTIONS, direction: "down", render: drawBackward });
