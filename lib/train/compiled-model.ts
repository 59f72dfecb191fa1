import { Pool } from "../compiler/pool.js";
import { type Specialization, Specializations } from "../compiler/specialization.js";
import { noGrad } from "../context/grad-mode.js";
import { assumeFields, isSameList } from "../context/trace.js";
import { type Form, inForm, keyOf, partName, putTogether, takeTensorsApart } from "../data/parts.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { PASSES } from "../plan/index.js";
import { format, type Shape, type TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { FigurePart, Layout } from "./metrics.js";
import { isOfLibrary, type Objective, type Outputs } from "./objective.js";
import { tellOfOneSample } from "./one-sample.js";

/** The inputs of a program, each by its parts. The targets are absent for predictions. */
interface Inputs {
  readonly x: readonly Tensor[];
  readonly targets: readonly Tensor[];
  readonly weight: Tensor | null;
}

/** Computes the figures. `output` gives the model's outputs for samples, checked. */
export type Compute = (
  where: string,
  inputs: Inputs,
  output: (x: readonly Tensor[]) => Outputs,
) => readonly FigurePart[];

/** The outputs as a program's results. */
const results = ({ form, parts }: Outputs): FigurePart[] =>
  parts.map((tensor, at) => ({ figure: 0, kind: "rows", key: partName("y", form, at), tensor }));

/** The results of a program in the order of their names in another one. @throws ArgumentError for other names */
export function inOrder<T>(
  where: string,
  names: readonly string[],
  parts: readonly T[],
  order: readonly string[],
): readonly T[] {
  const found = inForm({ form: { kind: "names", names }, parts }, { kind: "names", names: order });
  if (found !== null) return found;
  const [some, others] = [names, order].map((own) => own.join(", "));
  throw new ArgumentError(
    `${where}: expected the model to give the same outputs for each number of samples, got ${some} and ${others}`,
  );
}

/** What is known of a specialization besides what it does. */
interface About {
  /** The shapes of the model's outputs. */
  readonly outputs: Outputs<Shape>;
  /** What its results are. */
  readonly layout: Layout;
}

/** In what form a program takes its inputs. */
export interface InputForms {
  readonly x: Form;
  /** Null: it takes no targets. */
  readonly y: Form | null;
}

const NOTHING: About = { outputs: { form: { kind: "list", names: [] }, parts: [] }, layout: [] };

/** What a model gives for inputs: a list is its arguments, a tensor or an object the only one. */
const forwardOf =
  (model: AnyModule) =>
  (x: unknown): unknown =>
    model.forward(...((Array.isArray(x) ? x : [x]) as never));

/** A computation around a model, compiled for each size of mini-batch. */
export class CompiledModel {
  readonly #model: AnyModule;
  readonly #specializations: Specializations;
  /** The parts of x. */
  readonly #inputs: number;
  readonly #about = new WeakMap<Specialization, About>();
  #last = NOTHING;
  // While a specialization is made: the calling function and all samples, for error messages, and the check of the
  // outputs' shapes.
  #where = "";
  #samples: readonly TensorSpec[] = [];
  #check: (outputs: Outputs<Shape>) => void = () => {};

  /** @param forward computes the outputs from x in its form. Default: the model. */
  constructor(
    model: AnyModule,
    optimizer: Optimizer<object> | null,
    forms: InputForms,
    compute: Compute,
    forward: (x: unknown) => unknown = forwardOf(model),
  ) {
    this.#model = model;
    const own = forms.x.names.length;
    this.#inputs = own;
    const all = own + (forms.y?.names.length ?? 0);
    const run = (...inputs: Tensor[]): Tensor[] => {
      const where = this.#where;
      let outputs = NOTHING.outputs;
      const output = (samples: readonly Tensor[]): Outputs => {
        const y = this.#outputsFor(samples, forms.x, forward);
        outputs = { form: y.form, parts: y.parts.map(({ shape }) => shape) };
        this.#check(outputs);
        return y;
      };
      const [x, targets] = [inputs.slice(0, own), inputs.slice(own, all)];
      const figures = compute(where, { x, targets, weight: inputs[all] ?? null }, output);
      const layout = figures.map(({ figure, kind, key }) => ({ figure, kind, key }));
      this.#last = { outputs, layout };
      return figures.map(({ tensor }) => tensor);
    };
    const traced = (...inputs: Tensor[]): Tensor[] => {
      for (const [, module] of model.namedModules()) assumeFields(module);
      return optimizer === null
        ? inMode(model, false, () => noGrad(() => run(...inputs)))
        : inMode(model, true, () => keepingGradients(optimizer, () => run(...inputs)));
    };
    this.#specializations = new Specializations(traced, PASSES, poolOf(model));
  }

  /**
   * The program for mini-batches of this size of samples like these, for the model in its current state.
   * @param samples The parts of x, then those of the targets, and the weights.
   * @param check called with the shapes of the model's outputs while the program is made.
   */
  specialization(
    where: string,
    batch: number,
    samples: readonly TensorSpec[],
    check: (outputs: Outputs<Shape>) => void = () => {},
  ): Specialization {
    this.#where = where;
    this.#samples = samples.slice(0, this.#inputs);
    this.#check = check;
    const specialization = this.#specializations.for(
      samples.map(({ dtype, shape }) => ({ dtype, shape: [batch, ...shape.slice(1)] })),
    );
    if (!this.#about.has(specialization)) this.#about.set(specialization, this.#last);
    return specialization;
  }

  #outputsFor(samples: readonly Tensor[], form: Form, forward: (x: unknown) => unknown): Outputs {
    const where = this.#where;
    try {
      const y = takeTensorsApart(where, "the model's output", forward(putTogether(form, samples)));
      checkCount(where, y, (samples[0] as Tensor).shape[0] as number);
      return y;
    } catch (error) {
      tellOfOneSample(where, error, form, this.#samples, forward);
      throw error;
    }
  }

  /** The shapes of the model's outputs in a specialization, and their form. */
  outputs(specialization: Specialization): Outputs<Shape> {
    return (this.#about.get(specialization) as About).outputs;
  }

  /** What the results of a specialization are. */
  layout(specialization: Specialization): Layout {
    return (this.#about.get(specialization) as About).layout;
  }

  /** What the results of a specialization are called. */
  names(specialization: Specialization): readonly string[] {
    return this.layout(specialization).map(({ key }) => key);
  }

  /** The name of a tensor of the model, for error messages. */
  readonly nameOf = (storage: Storage): string | undefined => {
    const named = [...this.#model.namedParameters(), ...this.#model.namedBuffers()];
    const found = named.find(([, tensor]) => tensor.storage === storage);
    return found === undefined ? undefined : `"${found[0]}" of the model`;
  };
}

/** @throws ShapeError unless there is an output for each of the samples */
function checkCount(where: string, { form, parts }: Outputs, samples: number): void {
  const other = parts.findIndex(({ shape }) => shape[0] !== samples);
  if (other < 0) return;
  const name = form.kind === "one" ? "" : ` in ${partName("y", form, other)}`;
  throw new ShapeError(
    `${where}: expected the model to give an output for each of ${samples} samples${name}, got ${format((parts[other] as Tensor).shape)}`,
  );
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

const known = new WeakMap<AnyModule | Objective, Known[]>();
const MAX_PROGRAMS = 16;

const pools = new WeakMap<AnyModule, Pool>();

function poolOf(model: AnyModule): Pool {
  const pool = pools.get(model) ?? new Pool();
  pools.set(model, pool);
  return pool;
}

/**
 * The program for a model and a purpose. It is made once and kept with the model. If it contains a function of the
 * user's, it is kept with the objective, so each call of `fit` or `evaluate` traces that function again: it may read
 * variables that have changed. If it computes the same as before, the executable is reused.
 */
export function programFor(
  model: AnyModule,
  objective: Objective | null,
  purpose: readonly unknown[],
  make: () => CompiledModel,
): CompiledModel {
  const key = [model, ...purpose, ...(objective?.key ?? [])];
  const isOwn = key.some((part) => typeof part === "function" && !isOfLibrary(part));
  const holder = isOwn && objective !== null ? objective : model;
  const list = known.get(holder) ?? [];
  known.set(holder, list);
  const found = list.find((one) => isSameList(one.key, key));
  if (found !== undefined) return found.program;
  if (list.length >= MAX_PROGRAMS) list.shift();
  const program = make();
  list.push({ key, program });
  return program;
}

/** The loss and the metrics of all samples at once. */
const evaluationOf =
  (objective: Objective): Compute =>
  (where, { x, targets, weight }, output) => {
    const y = output(x);
    return [
      ...objective.lossParts(where, y, targets, weight),
      ...objective.metricParts(where, y, targets, weight),
    ];
  };

/** The loss and the metrics of a mini-batch. */
export function evaluationProgram(model: AnyModule, objective: Objective, x: Form): CompiledModel {
  return programFor(
    model,
    objective,
    ["evaluate", keyOf(x)],
    () => new CompiledModel(model, null, { x, y: objective.form }, evaluationOf(objective)),
  );
}

/** The loss and the metrics of a whole set, from the model's outputs for it, of that form. */
export function setProgram(model: AnyModule, objective: Objective, outputs: Form): CompiledModel {
  return programFor(
    model,
    objective,
    ["set", keyOf(outputs)],
    () =>
      new CompiledModel(model, null, { x: outputs, y: objective.form }, evaluationOf(objective), (y) => y),
  );
}

/** The model's outputs. */
export function outputProgram(model: AnyModule, x: Form): CompiledModel {
  return programFor(model, null, ["predict", keyOf(x)], () => {
    const compute: Compute = (_, inputs, output) => results(output(inputs.x));
    return new CompiledModel(model, null, { x, y: null }, compute);
  });
}

/** The cost of each sample. */
export function lossesProgram(model: AnyModule, objective: Objective, x: Form): CompiledModel {
  return programFor(model, objective, ["losses", keyOf(x)], () => {
    const compute: Compute = (where, inputs, output) => {
      const { loss } = objective.perSample(where, output(inputs.x), inputs.targets);
      return [{ figure: 0, kind: "rows", key: "result", tensor: loss }];
    };
    return new CompiledModel(model, null, { x, y: objective.form }, compute);
  });
}
