import type { Cost } from "../cost/define.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { noGrad } from "../graph/grad-mode.js";
import { PASSES } from "../graph/plan/index.js";
import { format, type Shape, type TensorSpec } from "../graph/shape.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import { overrule } from "../graph/trace.js";
import { type Version, Versions } from "../graph/version.js";
import type { Module } from "../nn/module.js";
import { detach } from "../ops/detach.js";
import { flatten } from "../ops/flatten.js";
import { mean } from "../ops/mean.js";
import type { Optimizer } from "../optim/optimizer.js";
import { describe } from "../options.js";
import type { Metrics } from "./metrics.js";

/** What is computed from the model's outputs and the targets; the targets are absent for predictions. */
type Rest = (where: string, y: Tensor, target: Tensor) => Tensor[];

/** A computation around a model, compiled for each size of mini-batch. */
export class ModelProgram {
  readonly #versions: Versions;
  readonly #outputShapes = new Map<string, Shape>();
  /** Who asked for the version that is being made, for error messages, and what is to check its outputs' shape. */
  #where = "";
  #check: (outputShape: Shape) => void = () => {};

  constructor(model: Module, optimizer: Optimizer<object> | null, rest: Rest) {
    const run = (...inputs: Tensor[]): Tensor[] => {
      const [x, target] = inputs as [Tensor, Tensor];
      const where = this.#where;
      const y = checkTensor(where, "the model's output", model.forward(x));
      if (y.shape[0] !== x.shape[0]) {
        throw new ShapeError(
          `${where}: expected the model to give an output for each of ${x.shape[0]} samples, got ${format(y.shape)}`,
        );
      }
      this.#check(y.shape);
      this.#outputShapes.set(String(x.shape), y.shape);
      return rest(where, y, target);
    };
    const traced = (...inputs: Tensor[]): Tensor[] =>
      optimizer === null
        ? inMode(model, false, () => noGrad(() => run(...inputs)))
        : inMode(model, true, () => keepingGradients(optimizer, () => run(...inputs)));
    this.#versions = new Versions(traced, PASSES);
  }

  /**
   * The program for mini-batches of that size of samples like these.
   * @param check is shown the shape of the model's outputs while the program is made.
   */
  version(
    where: string,
    batch: number,
    samples: readonly TensorSpec[],
    check: (outputShape: Shape) => void = () => {},
  ): Version {
    this.#where = where;
    this.#check = check;
    return this.#versions.for(
      samples.map(({ dtype, shape }) => ({ dtype, shape: [batch, ...shape.slice(1)] })),
    );
  }

  /** The shape of the model's outputs in that version, which must be there. */
  outputShape(batch: number, { shape }: TensorSpec): Shape {
    return this.#outputShapes.get(String([batch, ...shape.slice(1)])) as Shape;
  }
}

/** Runs the model in training or evaluation mode, and leaves the modes as they were. */
function inMode<T>(model: Module, training: boolean, run: () => T): T {
  const modes = Array.from(model.namedModules(), ([, module]) => {
    // It does not matter to the program what they were.
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

/** Leaves the gradients as they were. */
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
  /** What the model was like when the program was made. */
  likeness: readonly unknown[];
  readonly program: ModelProgram;
}

const known = new WeakMap<Module, Known[]>();
const MAX_PROGRAMS = 16;

/** The program for a model and a purpose: the one made before, as long as the model is what it was then. */
function programFor(model: Module, key: readonly unknown[], make: () => ModelProgram): ModelProgram {
  const list = known.get(model) ?? [];
  known.set(model, list);
  const likeness = likenessOf(model);
  const found = list.find((one) => same(one.key, key));
  if (found !== undefined && same(found.likeness, likeness)) return found.program;
  if (found !== undefined) list.splice(list.indexOf(found), 1);
  else if (list.length >= MAX_PROGRAMS) list.shift();
  const program = make();
  list.push({ key, likeness, program });
  return program;
}

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/** All that a trace of the model takes for granted: its modules, their fields, which parameters learn. */
function likenessOf(model: Module): unknown[] {
  const values: unknown[] = [];
  for (const [, module] of model.namedModules()) {
    values.push(module);
    for (const value of Object.values(module)) {
      values.push(value);
      if (value instanceof Tensor) values.push(value.requiresGrad);
    }
  }
  return values;
}

const metricsKey = (metrics: Metrics): unknown[] => Object.entries(metrics).flat();

/** One step of descent: gives the loss before it, and the metrics. */
export function trainingProgram(
  model: Module,
  cost: Cost,
  optimizer: Optimizer<object>,
  metrics: Metrics,
): ModelProgram {
  return programFor(model, ["train", cost, optimizer, ...metricsKey(metrics)], () => {
    return new ModelProgram(model, optimizer, (where, y, target) => {
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
export function evaluationProgram(model: Module, cost: Cost, metrics: Metrics): ModelProgram {
  return programFor(model, ["evaluate", cost, ...metricsKey(metrics)], () => {
    return new ModelProgram(model, null, (where, y, target) => [
      lossOf(where, cost, y, target),
      ...figuresOf(where, metrics, y, target),
    ]);
  });
}

/** The model's outputs. */
export function outputProgram(model: Module): ModelProgram {
  return programFor(model, ["predict"], () => new ModelProgram(model, null, (_, y) => [y]));
}

/** The cost of each sample. */
export function lossesProgram(model: Module, cost: Cost): ModelProgram {
  return programFor(model, ["losses", cost], () => {
    return new ModelProgram(model, null, (where, y, target) => {
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
    if (figure instanceof Tensor && figure.size === 1) return figure;
    throw new ArgumentError(
      `${where}: expected metric ${name} to give a tensor of one element, made by ops, got ${figure instanceof Tensor ? format(figure.shape) : describe(figure)}`,
    );
  });
}
