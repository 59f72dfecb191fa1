import { type Specialization, Specializations } from "../compiler/specialization.js";
import { noGrad } from "../context/grad-mode.js";
import { assumeFields, isSameList } from "../context/trace.js";
import type { Cost } from "../cost/define.js";
import { ShapeError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import type { Module } from "../nn/module.js";
import { flatten } from "../ops/flatten.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import type { Optimizer } from "../optim/optimizer.js";
import { PASSES } from "../plan/index.js";
import { format, type Shape, type TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FigurePart, figuresOf, type Layout, type NamedMetric } from "./metrics.js";

/**
 * Computes the figures from the model's outputs, the targets and the samples' weights. The targets are absent for
 * predictions, whose only figure is the result.
 */
type Rest = (where: string, y: Tensor, target: Tensor, weight: Tensor | null) => readonly FigurePart[];

/** The inputs of a program. The targets are absent for predictions. */
type Inputs = readonly [x: Tensor, target: Tensor, weight: Tensor | null];

/** Computes the figures. `output` gives the model's outputs for samples, checked. */
export type Compute = (where: string, inputs: Inputs, output: (x: Tensor) => Tensor) => readonly FigurePart[];

/** Computes the figures from the outputs for all samples at once. */
const fromOutputs =
  (rest: Rest): Compute =>
  (where, [x, target, weight], output) =>
    rest(where, output(x), target, weight);

/** A program's only result. */
const only = (tensor: Tensor): FigurePart[] => [{ figure: 0, kind: "rows", key: "result", tensor }];

/** What is known of a specialization besides what it does. */
interface About {
  /** The shape of the model's outputs. */
  readonly outputShape: Shape;
  /** What its results are. */
  readonly layout: Layout;
}

/** A computation around a model, compiled for each size of mini-batch. */
export class CompiledModel {
  readonly #model: Module;
  readonly #specializations: Specializations;
  readonly #about = new WeakMap<Specialization, About>();
  #last: About = { outputShape: [], layout: [] };
  /** While a specialization is made: the calling function, for error messages, and the check of the outputs' shape. */
  #where = "";
  #check: (outputShape: Shape) => void = () => {};

  /** @param forward computes the outputs. Default: the model. */
  constructor(
    model: Module,
    optimizer: Optimizer<object> | null,
    compute: Compute,
    forward: (x: Tensor) => Tensor = (x) => model.forward(x),
  ) {
    this.#model = model;
    const run = (...inputs: Tensor[]): Tensor[] => {
      const [x, target, weight = null] = inputs as [Tensor, Tensor, Tensor?];
      const where = this.#where;
      let outputShape: Shape = [];
      const output = (samples: Tensor): Tensor => {
        const y = checkTensor(where, "the model's output", forward(samples));
        if (y.shape[0] !== samples.shape[0]) {
          throw new ShapeError(
            `${where}: expected the model to give an output for each of ${samples.shape[0]} samples, got ${format(y.shape)}`,
          );
        }
        this.#check(y.shape);
        outputShape = y.shape;
        return y;
      };
      const figures = compute(where, [x, target, weight], output);
      const layout = figures.map(({ figure, kind, key }) => ({ figure, kind, key }));
      this.#last = { outputShape, layout };
      return figures.map(({ tensor }) => tensor);
    };
    const traced = (...inputs: Tensor[]): Tensor[] => {
      for (const [, module] of model.namedModules()) assumeFields(module);
      return optimizer === null
        ? inMode(model, false, () => noGrad(() => run(...inputs)))
        : inMode(model, true, () => keepingGradients(optimizer, () => run(...inputs)));
    };
    this.#specializations = new Specializations(traced, PASSES);
  }

  /**
   * The program for mini-batches of this size of samples like these, for the model in its current state.
   * @param check called with the shape of the model's outputs while the program is made.
   */
  specialization(
    where: string,
    batch: number,
    samples: readonly TensorSpec[],
    check: (outputShape: Shape) => void = () => {},
  ): Specialization {
    this.#where = where;
    this.#check = check;
    const specialization = this.#specializations.for(
      samples.map(({ dtype, shape }) => ({ dtype, shape: [batch, ...shape.slice(1)] })),
    );
    if (!this.#about.has(specialization)) this.#about.set(specialization, this.#last);
    return specialization;
  }

  /** The shape of the model's outputs in a specialization. */
  outputShape(specialization: Specialization): Shape {
    return (this.#about.get(specialization) as About).outputShape;
  }

  /** What the results of a specialization are. */
  layout(specialization: Specialization): Layout {
    return (this.#about.get(specialization) as About).layout;
  }

  /** The name of a tensor of the model, for error messages. */
  readonly nameOf = (storage: Storage): string | undefined => {
    const named = [...this.#model.namedParameters(), ...this.#model.namedBuffers()];
    const found = named.find(([, tensor]) => tensor.storage === storage);
    return found === undefined ? undefined : `"${found[0]}" of the model`;
  };
}

/** Runs `run` and restores the gradients. */
function keepingGradients<T>(optimizer: Optimizer<object>, run: () => T): T {
  const gradients = optimizer.parameters.map((parameter) => [parameter, parameter.grad] as const);
  try {
    return run();
  } finally {
    for (const [parameter, grad] of gradients) parameter.grad = grad;
  }
}

interface Known {
  readonly key: readonly unknown[];
  readonly program: CompiledModel;
}

const known = new WeakMap<Module, Known[]>();
const MAX_PROGRAMS = 16;

/** The program for a model and a purpose. It is made once. */
export function programFor(model: Module, key: readonly unknown[], make: () => CompiledModel): CompiledModel {
  const list = known.get(model) ?? [];
  known.set(model, list);
  const found = list.find((one) => isSameList(one.key, key));
  if (found !== undefined) return found.program;
  if (list.length >= MAX_PROGRAMS) list.shift();
  const program = make();
  list.push({ key, program });
  return program;
}

export const metricsKey = (metrics: readonly NamedMetric[]): unknown[] =>
  metrics.flatMap(({ name, identity }) => [name, identity]);

/** The loss and the metrics from the outputs, weighted where there are weights. */
const evaluationOf =
  (cost: Cost, metrics: readonly NamedMetric[]): Rest =>
  (where, y, target, weight) => [
    ...(weight === null
      ? [meanLoss(lossOf(where, cost, y, target))]
      : weightedLoss(lossesOf(where, cost, y, target), weight)),
    ...figuresOf(where, metrics, y, target, weight),
  ];

/** The loss and the metrics of a mini-batch. */
export function evaluationProgram(model: Module, cost: Cost, metrics: readonly NamedMetric[]): CompiledModel {
  return programFor(
    model,
    ["evaluate", cost, ...metricsKey(metrics)],
    () => new CompiledModel(model, null, fromOutputs(evaluationOf(cost, metrics))),
  );
}

/** The loss and the metrics of a whole set, from the model's outputs for it. */
export function setProgram(model: Module, cost: Cost, metrics: readonly NamedMetric[]): CompiledModel {
  return programFor(
    model,
    ["set", cost, ...metricsKey(metrics)],
    () => new CompiledModel(model, null, fromOutputs(evaluationOf(cost, metrics)), (y) => y),
  );
}

/** The model's outputs. */
export function outputProgram(model: Module): CompiledModel {
  return programFor(
    model,
    ["predict"],
    () =>
      new CompiledModel(
        model,
        null,
        fromOutputs((_, y) => only(y)),
      ),
  );
}

/** The cost of each sample. */
export function lossesProgram(model: Module, cost: Cost): CompiledModel {
  return programFor(model, ["losses", cost], () => {
    const rest: Rest = (where, y, target) => only(lossesOf(where, cost, y, target));
    return new CompiledModel(model, null, fromOutputs(rest));
  });
}

/** The cost of each sample: [B]. */
export function lossesOf(where: string, cost: Cost, y: Tensor, target: Tensor): Tensor {
  const losses = checkTensor(where, "the cost's result", cost(y, target, { reduction: "none" }));
  const samples = y.shape[0] as number;
  if (losses.rank === 0 || losses.shape[0] !== samples) {
    throw new ShapeError(
      `${where}: expected the cost to give one number for each of ${samples} samples, or for each of their elements, got ${format(losses.shape)}`,
    );
  }
  return losses.rank === 1 ? losses : mean(flatten(losses, 1), { dim: 1 });
}

export const meanLoss = (tensor: Tensor): FigurePart => ({ figure: 0, kind: "mean", key: "loss", tensor });

/** Σ w·C and Σ w */
export function weightedLoss(losses: Tensor, weight: Tensor): FigurePart[] {
  const part = (key: string, tensor: Tensor): FigurePart => ({ figure: 0, kind: "sum", key, tensor });
  return [part("loss", sum(mul(to(losses, "float64"), weight))), part("weight", sum(weight))];
}

export function lossOf(where: string, cost: Cost, y: Tensor, target: Tensor): Tensor {
  const loss = checkTensor(where, "the cost's result", cost(y, target));
  if (loss.size !== 1) {
    throw new ShapeError(`${where}: expected the cost to give a scalar, got ${format(loss.shape)}`);
  }
  return loss;
}
