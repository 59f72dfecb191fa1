// The losses of a whole population of parameters, as one batched computation.

import { vmap } from "../../autodiff/vmap.js";
import { noGrad } from "../../context/grad-mode.js";
import { assumeFields } from "../../context/trace.js";
import { ShapeError } from "../../errors.js";
import type { Module } from "../../nn/module.js";
import { reshape } from "../../ops/reshape.js";
import { format } from "../../tensor/shape.js";
import { checkTensor, type Tensor } from "../../tensor/tensor.js";
import type { Weights } from "./weights.js";

/** L(w), a scalar: of a model, and of a mini-batch of samples x and targets y where there are data. */
export type ModuleLoss<M extends Module = Module> = (model: M, x: Tensor, y: Tensor) => Tensor;

/** The loss of a model as a function of its weights. It is called while a function is traced. */
export class PopulationLoss {
  readonly #where: string;
  readonly #model: Module;
  readonly #weights: Weights;
  readonly #loss: (...inputs: unknown[]) => unknown;

  constructor(where: string, model: Module, weights: Weights, loss: ModuleLoss) {
    this.#where = where;
    this.#model = model;
    this.#weights = weights;
    this.#loss = loss as (...inputs: unknown[]) => unknown;
  }

  /**
   * The losses of candidates on the same mini-batch. Random numbers are drawn for each by itself.
   * Shapes: stacks [C, ...shape], one of each parameter; samples as the loss takes them → [C].
   */
  of(stacks: readonly Tensor[], samples: readonly Tensor[]): Tensor {
    for (const [, module] of this.#model.namedModules()) assumeFields(module);
    const one = (...w: Tensor[]): Tensor =>
      this.#weights.replacedBy(w, () => {
        const loss = checkTensor(this.#where, "the loss's result", this.#loss(this.#model, ...samples));
        if (loss.size === 1) return reshape(loss, []);
        throw new ShapeError(`${this.#where}: expected the loss to give a scalar, got ${format(loss.shape)}`);
      });
    return noGrad(() => vmap(one, { randomness: "different" })(...stacks)) as Tensor;
  }
}
