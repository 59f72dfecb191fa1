import { ArgumentError } from "../../errors.js";
import type { Module } from "../../nn/module.js";
import { assignAll } from "../../optim/writable.js";
import { tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { partsOf } from "../../tensor/tree.js";

/** The parameters of a model that are not frozen, each once, as one vector w [n]. */
export class Weights {
  readonly parameters: readonly Tensor[];
  /** n */
  readonly dimension: number;
  readonly #model: Module;

  /** @throws ArgumentError if there is none. */
  constructor(where: string, model: Module) {
    this.#model = model;
    this.parameters = model[partsOf]().tensors;
    this.dimension = this.parameters.reduce((sum, { size }) => sum + size, 0);
    if (this.dimension > 0) return;
    throw new ArgumentError(
      `${where}: expected a model with parameters that are not frozen, got a ${model.constructor.name} without`,
    );
  }

  /** Each parameter with the place of its first element in w. */
  get places(): readonly { readonly parameter: Tensor; readonly start: number }[] {
    let start = 0;
    return this.parameters.map((parameter) => {
      const place = { parameter, start };
      start += parameter.size;
      return place;
    });
  }

  /** @throws BusyError, DetachedError */
  read(): Float64Array {
    const w = new Float64Array(this.dimension);
    for (const { parameter, start } of this.places) w.set(parameter.storage.forReading(), start);
    return w;
  }

  /** Writes all or none. @throws BusyError, DetachedError */
  write(w: Float64Array): void {
    const values = this.places.map(({ parameter: { size, shape, dtype }, start }) =>
      tensor(w.subarray(start, start + size), { shape, dtype }),
    );
    assignAll(this.parameters, values);
  }

  /** Runs `run` with other tensors in the places of the parameters, in their order. */
  replacedBy<T>(others: readonly Tensor[], run: () => T): T {
    return this.#model[partsOf]().during(others, run);
  }
}
