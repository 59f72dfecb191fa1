// What the mini-batches of a stream have to be.

import { type AnyDataset, checkFinite, type Forms, formsOf, setInForms, toDataset } from "../data/dataset.js";
import { type Part, partsIn, takePartsApart } from "../data/parts.js";
import { DataError } from "../errors.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Objective, Outputs } from "./objective.js";
import { readSampleOptions, type SampleOptions } from "./sample-options.js";
import { partsByName } from "./steps.js";

/** The parts of a mini-batch by their names, checked. */
export type BatchParts = Readonly<Record<string, Part>>;

/** What the mini-batches of a stream are used for. */
export interface BatchUseOptions {
  readonly where: string;
  /** Of the data set, for error messages. */
  readonly name: string;
  readonly objective: Objective;
  /** The first mini-batch. */
  readonly first: AnyDataset;
  /** See `SampleOptions`. */
  readonly classWeight?: SampleOptions["classWeight"] | undefined;
}

/** Takes the mini-batches of a stream apart. */
export class BatchUse {
  /** What the model gives for the first mini-batch; null before it is known. */
  outputs: Outputs<Shape> | null = null;
  readonly #where: string;
  readonly #name: string;
  readonly #objective: Objective;
  readonly #classWeight: SampleOptions["classWeight"];
  /** The forms of the first mini-batch. */
  readonly #forms: Forms;
  /** Whether the first mini-batch has weights w. */
  readonly #isWeighted: boolean;

  constructor({ where, name, objective, first, classWeight }: BatchUseOptions) {
    this.#where = where;
    this.#name = name;
    this.#objective = objective;
    this.#classWeight = classWeight;
    this.#forms = formsOf(first);
    this.#isWeighted = first.w !== null;
  }

  /** What the samples of a mini-batch count; null: all alike. */
  weightsOf(set: AnyDataset): Tensor | null {
    const classWeight = this.#classWeight;
    const isUnweighted = this.#isWeighted && set.w === null;
    const options: SampleOptions = {
      ...(isUnweighted ? { sampleWeight: new Float64Array(set.length).fill(1) } : {}),
      ...(classWeight === undefined ? {} : { classWeight }),
    };
    return readSampleOptions(this.#where, options, this.#objective, set, 0).training.weights;
  }

  /** Takes a mini-batch apart. @throws ShapeError, DataError, and as the cost for targets that it does not take */
  readonly take = (batch: unknown): BatchParts => {
    const [where, name] = [this.#where, this.#name];
    const set = setInForms(
      toDataset(where, name, batch),
      this.#forms,
      (expected, got) =>
        new DataError(
          `${where}: expected all mini-batches of ${name} to have the parts of the first one, ${expected}, got ${got}`,
        ),
    );
    if (set.w !== null && !this.#isWeighted) {
      throw new DataError(
        `${where}: expected all rows of ${name} to have w, since some have, got none in the first mini-batch`,
      );
    }
    for (const own of ["x", "y"] as const) {
      checkFinite(where, `${name}.${own}`, takePartsApart(where, `${name}.${own}`, set[own]));
    }
    this.#checkTargets(set);
    return partsByName(name, set, this.weightsOf(set));
  };

  #checkTargets({ length, y }: AnyDataset): void {
    if (this.outputs === null) return;
    const { form, parts } = this.outputs;
    const outputs = { form, parts: parts.map((shape) => [length, ...shape.slice(1)]) };
    this.#objective.checkTargets(this.#where, outputs, partsIn(y));
  }
}
