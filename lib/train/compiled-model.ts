import { type Specialization, Specializations } from "../compiler/specialization.js";
import { noGrad } from "../context/grad-mode.js";
import { assumeFields, isSameList, overrule } from "../context/trace.js";
import type { Cost } from "../cost/define.js";
import { ArgumentError, ShapeError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { detach } from "../ops/detach.js";
import { flatten } from "../ops/flatten.js";
import { mean } from "../ops/mean.js";
import type { Optimizer } from "../optim/optimizer.js";
import { describe } from "../options.js";
import { PASSES } from "../plan/index.js";
import { format, type Shape, type TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import type { Metrics } from "./metrics.js";

/** Computes the results from the model's outputs and the targets. The targets are absent for predictions. */
type Rest = (where: string, y: Tensor, target: Tensor) => Tensor[];

/** A computation around a model, compiled for each size of mini-batch. */
export class CompiledModel {
  readonly #model: Module;
  readonly #specializations: Specializations;
  /** The shape of the model's outputs in each specialization. */
  readonly #outputShapes = new WeakMap<Specialization, Shape>();
  #lastShape: Shape = [];
  /** While a specialization is made: the calling function, for error messages, and the check of the outputs' shape. */
  #where = "";
  #check: (outputShape: Shape) => void = () => {};

  /** @param forward computes the outputs. Default: the model. */
  constructor(
    model: Module,
    optimizer: Optimizer<object> | null,
    rest: Rest,
    forward: (x: Tensor) => Tensor = (x) => model.forward(x),
  ) {
    this.#model = model;
    const run = (...inputs: Tensor[]): Tensor[] => {
      const [x, target] = inputs as [Tensor, Tensor];
      const where = this.#where;
      const y = checkTensor(where, "the model's output", forward(x));
      if (y.shape[0] !== x.shape[0]) {
        throw new ShapeError(
          `${where}: expected the model to give an output for each of ${x.shape[0]} samples, got ${format(y.shape)}`,
        );
      }
      this.#check(y.shape);
      this.#lastShape = y.shape;
      return rest(where, y, target);
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
    if (!this.#outputShapes.has(specialization)) this.#outputShapes.set(specialization, this.#lastShape);
    return specialization;
  }

  /** The shape of the model's outputs in a specialization. */
  outputShape(specialization: Specialization): Shape {
    return this.#outputShapes.get(specialization) as Shape;
  }

  /** The name of a tensor of the model, for error messages. */
  readonly nameOf = (storage: Storage): string | undefined => {
    const named = [...this.#model.namedParameters(), ...this.#model.namedBuffers()];
    const found = named.find(([, tensor]) => tensor.storage === storage);
    return found === undefined ? undefined : `"${found[0]}" of the model`;
  };
}

/**
 * Runs the model in training or evaluation mode, and restores the modes afterwards. If the model is in training mode,
 * those of its modules that are in evaluation mode are frozen, and stay in evaluation mode.
 */
function inMode<T>(model: Module, training: boolean, run: () => T): T {
  if (training && model.training) return run();
  const modes = Array.from(model.namedModules(), ([, module]) => {
    // The program does not depend on the previous modes.
    overrule(module);
    return [module, module.training] as const;
  });
  model.train(training);
  try {
    return run();
  } finally {
    for (const [module, before] of modes) module.training = before;
  }
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
function programFor(model: Module, key: readonly unknown[], make: () => CompiledModel): CompiledModel {
  const list = known.get(model) ?? [];
  known.set(model, list);
  const found = list.find((one) => isSameList(one.key, key));
  if (found !== undefined) return found.program;
  if (list.length >= MAX_PROGRAMS) list.shift();
  const program = make();
  list.push({ key, program });
  return program;
}

const metricsKey = (metrics: Metrics): unknown[] => Object.entries(metrics).flat();

/** One step of descent. Its results are the loss before the step, and the metrics. */
export function trainingProgram(
  model: Module,
  cost: Cost,
  optimizer: Optimizer<object>,
  metrics: Metrics,
): CompiledModel {
  return programFor(model, ["train", cost, optimizer, ...metricsKey(metrics)], () => {
    return new CompiledModel(model, optimizer, (where, y, target) => {
      const loss = lossOf(where, cost, y, target);
      const figures = noGrad(() => figuresOf(where, metrics, detach(y), target));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return [loss, ...figures];
    });
  });
}

/** The loss and the metrics. */
export function evaluationProgram(model: Module, cost: Cost, metrics: Metrics): CompiledModel {
  return programFor(model, ["evaluate", cost, ...metricsKey(metrics)], () => {
    return new CompiledModel(model, null, (where, y, target) => [
      lossOf(where, cost, y, target),
      ...figuresOf(where, metrics, y, target),
    ]);
  });
}

/** The loss and the metrics of a whole set, from the model's outputs for it. */
export function setProgram(model: Module, cost: Cost, metrics: Metrics): CompiledModel {
  return programFor(model, ["set", cost, ...metricsKey(metrics)], () => {
    const rest: Rest = (where, y, target) => [
      lossOf(where, cost, y, target),
      ...figuresOf(where, metrics, y, target),
    ];
    return new CompiledModel(model, null, rest, (y) => y);
  });
}

/** The model's outputs. */
export function outputProgram(model: Module): CompiledModel {
  return programFor(model, ["predict"], () => new CompiledModel(model, null, (_, y) => [y]));
}

/** The cost of each sample. */
export function lossesProgram(model: Module, cost: Cost): CompiledModel {
  return programFor(model, ["losses", cost], () => {
    return new CompiledModel(model, null, (where, y, target) => {
      const losses = checkTensor(where, "the cost's result", cost(y, target, { reduction: "none" }));
      const samples = y.shape[0] as number;
      if (losses.rank === 0 || losses.shape[0] !== samples) {
        throw new ShapeError(
          `${where}: expected the cost to give one number for each of ${samples} samples, or for each of their elements, got ${format(losses.shape)}`,
        );
      }
      return [losses.rank === 1 ? losses : mean(flatten(losses, 1), { dim: 1 })];
    });
  });
}

function lossOf(where: string, cost: Cost, y: Tensor, target: Tensor): Tensor {
  const loss = checkTensor(where, "the cost's result", cost(y, target));
  if (loss.size !== 1) {
    throw new ShapeError(`${where}: expected the cost to give a scalar, got ${format(loss.shape)}`);
  }
  return loss;
}

function figuresOf(where: string, metrics: Metrics, y: Tensor, target: Tensor): Tensor[] {
  return Object.entries(metrics).map(([name, metric]) => {
    const figure: unknown = metric(y, target);
    if (isTensor(figure) && figure.size === 1) return figure;
    throw new ArgumentError(
      `${where}: expected metric ${name} to give a tensor of one element, made by ops, got ${isTensor(figure) ? format(figure.shape) : describe(figure)}`,
    );
  });
}
