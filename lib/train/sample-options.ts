// The options of `fit` that say what samples count, and which are kept for validation.

import { type AnyDataset, toDataset } from "../data/dataset.js";
import { asTheyLie } from "../data/epochs.js";
import type { Parts } from "../data/parts.js";
import { split } from "../data/split/split.js";
import { ArgumentError, DataError } from "../errors.js";
import type { Values } from "../metrics/values.js";
import { checkNumber, describe, isPlainObject } from "../options.js";
import { fromTypedArray, tensor } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import type { Objective } from "./objective.js";
import { checkedWeights, readWeights } from "./weights.js";

/** Options of `fit` about samples. */
export interface SampleOptions {
  /**
   * What each sample counts, w [P], numbers ≥ 0, unless the set has weights w of its own: `{ x, y, w }`. The loss of a
   * mini-batch S is the weighted mean Σ w·C / Σ w over S, as in `evaluate`, and as PyTorch's costs with weights of
   * classes define it; Keras divides by the number of samples instead. A mini-batch whose weights are all 0 has the loss 0 and no gradient. The metrics over the training samples
   * are weighted too. For costs of `cost.…` and `defineCost`. Default: 1.
   */
  readonly sampleWeight?: Values;
  /**
   * What each class counts, for targets that are classes, int32 [P]: a list or an object of numbers ≥ 0 by class, or
   * `"balanced"`: P / (number of classes · samples of the class), as in scikit-learn. A sample counts its class's
   * weight times its own; the loss and the metrics are weighted as with `sampleWeight`. Validation has no weights of
   * classes. Default: 1.
   */
  readonly classWeight?: "balanced" | readonly number[] | Readonly<Record<number, number>>;
  /**
   * The part of the samples, between 0 and 1, that is kept for validation: drawn by `seed` with `data.split`, and where
   * the targets are classes of at least two samples each, with each class's share. Weights count there too.
   * Default: none.
   */
  readonly validationSplit?: number;
}

/** Names of `SampleOptions`. */
export const SAMPLE_OPTIONS = ["sampleWeight", "classWeight", "validationSplit"] as const;

/** Samples, and what each counts; null: all alike. */
export interface WeightedSet {
  readonly dataset: AnyDataset;
  readonly weights: Tensor | null;
  /** The position of each in the set that it was taken from, int32 [P]; null: all of that set, in its order. */
  readonly places: Tensor | null;
}

/** @throws ArgumentError, ShapeError, DataError */
export function readSampleOptions(
  where: string,
  { sampleWeight, classWeight, validationSplit }: SampleOptions,
  objective: Objective,
  data: AnyDataset,
  seed: number,
): { readonly training: WeightedSet; readonly validation: WeightedSet | null } {
  const own = readWeights(where, sampleWeight, objective, data);
  const whole = { dataset: data, weights: own, places: null };
  const [training, validation] =
    validationSplit === undefined ? [whole, null] : splitOff(where, whole, validationSplit, seed);
  if (classWeight === undefined) return { training, validation };
  const weights = classWeights(where, classWeight, training);
  return {
    training: { ...training, weights: checkedWeights(where, weights, objective, training.dataset.length) },
    validation,
  };
}

function splitOff(
  where: string,
  whole: WeightedSet,
  given: number,
  seed: number,
): [WeightedSet, WeightedSet] {
  const share = checkNumber(where, "validationSplit", given, { above: 0, below: 1 });
  const { x, y } = whole.dataset;
  const counts = isClasses(y) ? [...countsOf(y).values()] : [0];
  const options = { seed, ...(counts.every((count) => count > 1) ? { stratify: y } : {}) };
  const weights = whole.weights ?? tensor(new Float64Array(whole.dataset.length));
  const places = fromTypedArray(asTheyLie(whole.dataset.length));
  const parts = split({ x, y, weights, places }, [1 - share, share], options).map((part) => ({
    dataset: toDataset(where, "data", { x: part.x, y: part.y }),
    weights: whole.weights === null ? null : part.weights,
    places: part.places,
  }));
  return parts as [WeightedSet, WeightedSet];
}

const isClasses = (y: Parts): y is Tensor => isTensor(y) && y.dtype === "int32" && y.rank === 1;

function countsOf(y: Tensor): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of y.data) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

function classWeights(where: string, given: unknown, { dataset: { y }, weights }: WeightedSet): Tensor {
  if (!isClasses(y)) {
    const got = isTensor(y) ? `${y.dtype} ${format(y.shape)}` : describe(y);
    throw new ArgumentError(
      `${where}: expected classWeight with one target of classes, int32 [samples], got ${got}`,
    );
  }
  const counts = countsOf(y);
  const byClass = new Map<number, number>();
  for (const [label, count] of counts) {
    byClass.set(label, given === "balanced" ? y.size / (counts.size * count) : numberOf(where, given, label));
  }
  const own = weights?.data;
  return tensor(Float64Array.from(y.data, (label, p) => (byClass.get(label) as number) * (own?.[p] ?? 1)));
}

function numberOf(where: string, given: unknown, label: number): number {
  if (!Array.isArray(given) && !isPlainObject(given)) {
    throw new ArgumentError(
      `${where}: expected classWeight to be "balanced" or numbers by class, got ${describe(given)}`,
    );
  }
  const all = given as Readonly<Record<number, unknown>>;
  if (!Object.hasOwn(all, label)) {
    throw new DataError(`${where}: classWeight has no number for the class ${label}, which the targets have`);
  }
  return checkNumber(where, `classWeight of the class ${label}`, all[label], { min: 0 });
}
