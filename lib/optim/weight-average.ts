import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { checkAssignable, increment, write } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { copyOf } from "../tensor/copy.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { readGroups, scalarState } from "./group.js";
import { assignAll, checkWritable } from "./writable.js";

export interface WeightAverageOptions {
  /** β in [0, 1) of an exponential moving average. Default: none, the plain average of all. */
  readonly decay?: number;
}

/** How many updates there were, and the averages in the order of the parameters. */
export interface WeightAverageStateDict {
  readonly n_averaged: number;
  readonly averages: readonly Tensor[];
}

/**
 * The average of weights over the course of training, which often does better than the last ones
 * (Izmailov et al., 2018; torch.optim.swa_utils.AveragedModel). The first `update()` takes the weights over, and then
 *
 *     a ← a + (w − a)/(n + 1)      the plain average, stochastic weight averaging; n: updates so far
 *     a ← β·a + (1 − β)·w          with decay β, an exponential moving average
 *
 * It may be called in a compiled step.
 * @example
 * const average = new optim.WeightAverage(model.parameters(), { decay: 0.999 });
 * // after each step: average.update();
 * const { loss } = await average.during(() => evaluate(model, { data, cost: cost.crossEntropy }));
 * @throws ArgumentError, OptionError, DTypeError
 */
export class WeightAverage {
  readonly parameters: readonly Tensor[];
  /** The averages, in the order of the parameters. */
  readonly averages: readonly Tensor[];
  readonly #decay: number | null;
  readonly #updates = scalarState(0);

  constructor(parameters: Iterable<Tensor>, options: WeightAverageOptions = {}) {
    checkOptions("WeightAverage", options, ["decay"]);
    this.#decay =
      options.decay === undefined
        ? null
        : checkNumber("WeightAverage", "decay", options.decay, { min: 0, below: 1 });
    this.parameters = readGroups("WeightAverage", parameters).flatMap((group) => group.parameters);
    this.averages = this.parameters.map(copyOf);
  }

  /** Takes the weights of now in, all or none. @throws BusyError, DetachedError */
  update(): void {
    if (currentTrace() === null) {
      checkWritable([this.#updates, ...this.averages]);
      for (const { storage } of this.parameters) storage.forReading();
    }
    noGrad(() => {
      const isFirst = equal(this.#updates, 0);
      const share =
        this.#decay === null ? div(1, add(this.#updates, 1)) : add(mul(this.#updates, 0), 1 - this.#decay);
      const own = where(isFirst, 1, share);
      this.parameters.forEach((w, i) => {
        const average = this.averages[i] as Tensor;
        const moved = add(average, mul(sub(w, average), to(own, w.dtype)));
        write("WeightAverage", average, moved);
      });
      increment(this.#updates);
    });
  }

  /** Copies the averages into the parameters for good. */
  copyTo(): void {
    assignAll(this.parameters, this.averages);
  }

  /** Runs `run` with the averages in the parameters, and puts the weights back, also where it throws. */
  async during<T>(run: () => T | Promise<T>): Promise<T> {
    if (typeof run !== "function") {
      throw new ArgumentError(`WeightAverage: expected a function to run, got ${describe(run)}`);
    }
    const weights = this.parameters.map(copyOf);
    this.copyTo();
    try {
      return await run();
    } finally {
      assignAll(this.parameters, weights);
    }
  }

  /** What `loadStateDict` takes. Its tensors are over the same memory. */
  stateDict(): WeightAverageStateDict {
    const averages = this.averages.map(({ storage, shape, dtype }) => new Tensor(storage, shape, dtype));
    return { n_averaged: this.#updates.item(), averages };
  }

  /**
   * Goes on where another one was, all or nothing.
   * @throws ArgumentError, ShapeError, DTypeError where it is of other parameters; DetachedError, BusyError
   */
  loadStateDict(state: WeightAverageStateDict): void {
    const where = "WeightAverage.loadStateDict";
    const updates = checkNumber(where, "n_averaged", state?.n_averaged, { min: 0, integer: true });
    const { averages } = state;
    if (!Array.isArray(averages) || averages.length !== this.averages.length) {
      throw new ArgumentError(
        `${where}: expected averages to be a list of ${this.averages.length} tensors, got ${describe(averages)}`,
      );
    }
    const copies = this.averages.map((average, i) => {
      const given = checkTensor(where, `averages[${i}]`, averages[i]);
      checkAssignable(`${where}: averages[${i}]`, average, given);
      return copyOf(given);
    });
    assignAll([this.#updates, ...this.averages], [scalarState(updates), ...copies]);
  }
}
