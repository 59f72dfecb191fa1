import { noGrad } from "../context/grad-mode.js";
import { copy } from "../context/trace.js";
import { type Form, formOf, keyOf, partsIn } from "../data/parts.js";
import { select } from "../data/samples.js";
import { assign } from "../eager/apply.js";
import type { AnyModule } from "../nn/module.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import type { Optimizer } from "../optim/optimizer.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { runOnce } from "./collect.js";
import { CompiledModel, type Compute, programFor } from "./compiled-model.js";
import { evenly } from "./kept-samples.js";
import type { FigurePart } from "./metrics.js";
import type { Objective } from "./objective.js";
import type { WeightedSet } from "./sample-options.js";
import { lossAndReport } from "./training-step.js";
import { inTurn } from "./turn.js";

/** The layer of a parameter: the module that has it, by its name in the model. */
export const layerOf = (parameter: string): string =>
  parameter.slice(0, Math.max(0, parameter.lastIndexOf(".")));

/**
 * Looks at the gradients of a training without changing it: those of the loss of one mini-batch of its set, always the
 * same, in training mode. What a layer writes, as BatchNorm its statistics, is put back; what it draws, it draws from
 * copies of the generators.
 */
export class GradientNorms {
  readonly #model: AnyModule;
  readonly #program: CompiledModel;
  readonly #inputs: readonly Tensor[];

  /** Copies the samples. @param batchSize of the mini-batch, at most the set's length */
  constructor(
    model: AnyModule,
    objective: Objective,
    optimizer: Optimizer<object>,
    { dataset: { x, y, length }, weights }: WeightedSet,
    batchSize: number,
  ) {
    this.#model = model;
    this.#program = gradientProgram(model, objective, optimizer, formOf(x));
    const places = evenly(length, Math.min(batchSize, length));
    const parts = [...partsIn(x), ...partsIn(y), ...(weights === null ? [] : [weights])];
    this.#inputs = parts.map((part) => select(part, places));
  }

  /** The norm of the gradient of each layer, as one vector. @param begin is called before the run, in its turn. */
  async norms(begin: () => void): Promise<ReadonlyMap<string, number>> {
    const program = this.#program;
    const batch = (this.#inputs[0] as Tensor).shape[0] as number;
    const squares = new Map<string, number>();
    await inTurn(
      () => program.specialization("fit", batch, this.#inputs),
      async (now) => {
        begin();
        const buffers = Array.from(this.#model.namedBuffers(), ([, own]) => [own, copyOf(own)] as const);
        const results = now.results.map(zerosLike);
        const inputs = this.#inputs.map(({ storage }) => storage.forReading());
        const outputs = results.map(({ storage }) => storage.forReading());
        await runOnce("fit", program, now, inputs, outputs, { sourceFor: (source) => source[copy]() });
        for (const [buffer, before] of buffers) assign(buffer, before);
        program.names(now).forEach((name, at) => {
          const layer = layerOf(name);
          squares.set(layer, (squares.get(layer) ?? 0) + (outputs[at]?.[0] as number));
        });
      },
    );
    return new Map(Array.from(squares, ([layer, square]) => [layer, Math.sqrt(square)]));
  }
}

/** The sum of the squares of the gradient of each parameter that learns. */
function gradientProgram(
  model: AnyModule,
  objective: Objective,
  optimizer: Optimizer<object>,
  x: Form,
): CompiledModel {
  const compute: Compute = (where, { x: samples, targets, weight }, output) => {
    const { loss } = lossAndReport(where, objective, output(samples), targets, weight, null);
    optimizer.zeroGrad();
    loss.backward();
    const learning = new Set<Tensor>(optimizer.parameters);
    const named = [...model.namedParameters()].filter(([, parameter]) => learning.has(parameter));
    return noGrad(() => named.flatMap(([name, { grad }]) => (grad === null ? [] : [squareOf(name, grad)])));
  };
  const forms = { x, y: objective.form };
  return programFor(
    model,
    objective,
    ["gradients", optimizer, keyOf(x)],
    () => new CompiledModel(model, optimizer, forms, compute),
  );
}

function squareOf(key: string, gradient: Tensor): FigurePart {
  const own = to(gradient, "float64");
  return { figure: 0, kind: "sum", key, tensor: sum(mul(own, own)) };
}
