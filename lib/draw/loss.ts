// A model with its cost, for one sample or averaged over a set.
import { type Samples, toDataset } from "../data/dataset.js";
import { formOf, type Part, type Parts, partsIn, putTogether, type TensorsOf } from "../data/parts.js";
import type { Module } from "../nn/module.js";
import { kindOf } from "../nn/show.js";
import { checkChoice, checkOptions } from "../options.js";
import type { TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { CostOf, WeightsOf } from "../train/objective.js";
import { readStates } from "./block.js";
import { namesOf, readTerms } from "./costs.js";
import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { checkCommon, type PictureOptions, pictureOf } from "./draw.js";
import type { Picture } from "./picture.js";
import { render } from "./render.js";
import type { DrawOptions } from "./style.js";
import { checkModel, type Scene, type Term, traceScene } from "./trace-model.js";
import { describeDiagram } from "./words.js";

export interface DrawLossOptions<Y = Tensor> extends PictureOptions, Pick<DrawOptions, "open" | "states"> {
  /** What the cost of each of several targets counts in their sum, in the form of y. Default: 1 each. */
  readonly costWeights?: WeightsOf<Y>;
  /**
   * `"sample"`: the cost of one sample, C(G(x, w), y). `"set"`: the average over the set, L = 1/P Σ_p C(G(x[p], w), y[p]):
   * what happens for each sample stands on a plate. Default: `"set"`.
   */
  readonly over?: "sample" | "set";
}

const OPTIONS = ["theme", "direction", "title", "id", "open", "states", "costWeights", "over"];

/**
 * A diagram of a model with its cost, and of the average over a set: what `averageLoss` computes and `fit` descends.
 * @param cost as `fit` takes it: one, or for several targets one for each in their form.
 * @param data { x, y } or a Dataset.
 * @throws ArgumentError, OptionError, and what the model and the cost throw; PackageError without `@dagrejs/dagre`
 * @example
 * const set = { x: zeros([100, 3]), y: zeros([100, 2]) };
 * const picture = draw.loss(new nn.Linear(3, 2), cost.mse, set, { over: "sample" });
 */
export function loss<O = Tensor, X extends Parts = Part, Y extends Parts = Tensor>(
  model: Module<never, O>,
  cost: CostOf<O, TensorsOf<Y>>,
  data: Samples<X, Y>,
  options: DrawLossOptions<Y> = {},
): Picture {
  const where = "draw.loss";
  const module = checkModel(where, model);
  checkOptions(where, options, OPTIONS);
  const common = checkCommon(where, options);
  const over = checkChoice(where, "over", options.over ?? "set", ["sample", "set"]);
  const { x, y, length } = toDataset(where, "data", data);
  const scene: Scene = {
    model: module,
    input: inputOf(x),
    targets: { leaves: partsIn(y).map(sampleOf), names: namesOf("y", formOf(y)) },
    terms: readTerms(where, cost, options.costWeights, formOf(y)).map(withWeight),
    open: options.open,
  };
  const { diagram } = traceScene(where, scene);
  const ofSample = readStates(where, diagram, options.states);
  const whole = over === "sample" ? ofSample : averaged(ofSample, length);
  const kind = kindOf(module);
  return pictureOf(
    render(where, whole, common.direction, {
      title: over === "sample" ? `${kind} with its cost` : `The loss of ${kind} over ${length} samples`,
      description: describeDiagram(whole, common.direction),
    }),
    common,
  );
}

/** The shape and dtype of one sample as a batch. */
function sampleOf(part: Part): TensorSpec {
  const [, ...sample] = part.shape;
  return { shape: [1, ...sample], dtype: part.dtype };
}

/** As `fit` gives them to `forward`: a list is its arguments. */
function inputOf(x: Parts): Scene["input"] {
  const form = formOf(x);
  return {
    leaves: partsIn(x).map(sampleOf),
    names: namesOf("x", form),
    build: (leaves) => (form.kind === "list" ? leaves : [putTogether(form, leaves)]),
  };
}

/** The cost's weight beside its name, since the sum is not drawn. */
function withWeight({ detail = "", weight = 1, ...term }: Term): Term {
  const words = [detail, weight === 1 ? "" : `× ${weight}`].filter((text) => text !== "");
  return { ...term, weight, ...(words.length === 0 ? {} : { detail: words.join(" ") }) };
}

/** On a plate, with the average of the costs after it. */
function averaged({ nodes, edges, groups }: Diagram, length: number): Diagram {
  const plate = { id: "plate", kind: "plate", name: `each sample p of P = ${length}`, parent: null } as const;
  const inPlate = ({ kind, group, ...rest }: DiagramNode): DiagramNode => ({
    ...rest,
    kind,
    group: group ?? (kind === "parameter" ? null : plate.id),
  });
  const average: DiagramNode = {
    id: "average",
    kind: "sum",
    name: "1/P Σ",
    detail: "average",
    parameters: [],
    group: null,
  };
  const total: DiagramNode = {
    id: "loss",
    kind: "computed",
    name: "L",
    parameters: [],
    group: null,
    shape: [],
  };
  const costs = nodes.filter(({ kind }) => kind === "cost");
  const added: DiagramEdge[] = [
    ...costs.map(({ id }): DiagramEdge => ({ from: id, to: average.id, kind: "data", shape: [] })),
    { from: average.id, to: total.id, kind: "data", shape: [] },
  ];
  return {
    nodes: [...nodes.map(inPlate), average, total],
    edges: [...edges, ...added],
    groups: [plate, ...groups.map((group) => ({ ...group, parent: group.parent ?? plate.id }))],
  };
}
