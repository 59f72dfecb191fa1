import { types } from "node:util";
import { ArgumentError, DataError, IndexError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { type Epochs, generatorOf } from "./epochs.js";
import { lowerBound } from "./lower-bound.js";
import { countsOf } from "./split/assign.js";
import { labelsOf, listOf } from "./split/set.js";
import type { PerSample } from "./split/split.js";

/** Gives the samples of an epoch, from its number from 0, in the order in which they are used. */
export type Sampler = (epoch: number) => Int32Array;

/** The samples that a sampler gives for an epoch. @throws ArgumentError, IndexError unless they are samples of the set */
export function drawnBy(where: string, sampler: Sampler, epoch: number, samples: number): Int32Array {
  const drawn: unknown = sampler(epoch);
  if (!types.isInt32Array(drawn)) {
    throw new ArgumentError(
      `${where}: expected sampler to give samples as an Int32Array, got ${describe(drawn)}`,
    );
  }
  if (drawn.length === 0) {
    throw new ArgumentError(`${where}: expected sampler to give at least one sample, got none`);
  }
  const other = drawn.find((sample) => sample < 0 || sample >= samples);
  if (other === undefined) return drawn;
  throw new IndexError(`${where}: sampler gave the sample ${other}, expected samples in [0, ${samples})`);
}

export interface SamplerOptions {
  /** How often each sample is drawn, in proportion: numbers ≥ 0. */
  readonly weights?: PerSample;
  /** The classes: each class is drawn equally often, and its samples equally often among each other. */
  readonly balance?: PerSample;
  /** Number of draws in an epoch. Default: the number of samples. */
  readonly count?: number;
  /** Seed of the draws; they follow from it and the epoch's number alone. Default: 0. */
  readonly seed?: number;
}

/**
 * Samples drawn by weights, with replacement, for `fit` and `DataLoader`: for rare classes that shall be seen as often as others.
 * torch.utils.data.WeightedRandomSampler
 * @throws DataError for a weight below 0 or all 0; ArgumentError unless either weights or balance is given; OptionError
 * @example
 * const draw = data.sampler({ balance: [0, 0, 0, 1], count: 100 });
 * draw(0).length   // 100
 */
export function sampler(options: SamplerOptions): Sampler {
  const where = "sampler";
  checkOptions(where, options ?? null, ["weights", "balance", "count", "seed"]);
  const { weights, balance } = options;
  if ((weights === undefined) === (balance === undefined)) {
    throw new ArgumentError(`${where}: expected either weights or balance`);
  }
  const each = weights === undefined ? balanced(where, balance) : readWeights(where, weights);
  const count = checkNumber(where, "count", options.count ?? each.length, {
    min: 1,
    max: 2 ** 31,
    integer: true,
  });
  const seed = checkNumber(where, "seed", options.seed ?? 0, { min: 0, integer: true });
  const sums = new Float64Array(each.length);
  let sum = 0;
  each.forEach((weight, i) => {
    sum += weight;
    sums[i] = sum;
  });
  if (!(sum > 0) || !Number.isFinite(sum))
    throw new DataError(`${where}: expected weights of a sum above 0, got ${sum}`);
  // Rounding may give the whole sum, which is above that of the last sample with a weight.
  const last = each.findLastIndex((weight) => weight > 0);
  return (epoch) => {
    checkNumber(where, "epoch", epoch, { min: 0, max: EPOCHS.most, integer: true });
    const draws = generatorOf(seed, epoch, EPOCHS)
      .uniform([count], { dtype: "float64" })
      .storage.forReading();
    // The first sample whose sum of weights exceeds the draw, at most the last one.
    return Int32Array.from(draws, (u) => lowerBound(sums, u * sum, (a, b) => a <= b, last));
  };
}

// An epoch has at most 2^31 draws.
const EPOCHS: Epochs = { blocks: 2 ** 29, most: 2 ** 24 - 1 };

function readWeights(where: string, weights: unknown): Float64Array {
  const list = listOf(where, "weights", weights, null);
  return Float64Array.from({ length: list.length }, (_, i) => {
    const weight = list[i];
    if (typeof weight === "number" && weight >= 0 && Number.isFinite(weight)) return weight;
    throw new DataError(`${where}: expected a number ≥ 0 as weight of sample ${i}, got ${describe(weight)}`);
  });
}

function balanced(where: string, labels: unknown): Float64Array {
  const list = listOf(where, "balance", labels, null);
  const { codes, names } = labelsOf(where, "balance", list, null, list.length);
  const counts = countsOf(codes, names.length);
  return Float64Array.from(codes, (code) => 1 / (counts[code] as number));
}
