import { types } from "node:util";
import { ArgumentError, DataError } from "../../errors.js";
import { checkFlag, checkList, checkNumber, checkOptions, describe } from "../../options.js";
import { Generator } from "../../random/generator.js";
import { assignGroups, assignStrata, checkStrata, sizesOf } from "./assign.js";
import { checkSet, labelsOf, listOf, type PartOf, type SplittableSet, takeFrom } from "./set.js";

/** A value for each sample: a list, a typed array, a tensor [P], a table's column, or the name of a column or part. */
export type PerSample = string | ArrayLike<unknown> | object;

export interface SplitOptions {
  /** Put the samples in a random order before. Default: true; false with `time`. */
  readonly shuffle?: boolean;
  /** Seed of the order. Default: 0. */
  readonly seed?: number;
  /** The classes, of which each part gets its share. Default: none. */
  readonly stratify?: PerSample;
  /** Groups, such as persons, each of which is in one part with all its samples. Default: none. */
  readonly groups?: PerSample;
  /** Times, by which the samples are sorted: the first part has the earliest ones. Default: none. */
  readonly time?: PerSample;
}

/** A part for each fraction. */
export type PartsOf<S, F extends readonly number[]> = { -readonly [part in keyof F]: PartOf<S> };

const OPTIONS = ["shuffle", "seed", "stratify", "groups", "time"] as const;

/**
 * Splits a set into parts at random: into training, validation and test, say.
 *
 * The sizes are the fractions of the length, rounded by the method of the largest remainder, so each is less than 1 away
 * from its fraction; a sum below 1 leaves samples out. Whole numbers ≥ 1 are sizes. With `stratify`, the number of each
 * class in each part is at most 1 away from its share, and the sizes are the same. With `groups`, sizes and shares come as near
 * as whole groups allow. The samples of a part keep the random order; without `shuffle` the order of the set.
 *
 * @param set a table, a tensor, `Bytes` (which stay bytes), a typed array, an array, a `Dataset`, or an object of such, as
 *   `{ x, y }`.
 * @returns for each part a set of the same kind.
 * @throws DataError if a part would be empty, or a class has one sample alone; ArgumentError, ShapeError, OptionError
 * @example
 * const set = { x: randn([10, 3]), y: tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], { dtype: "int32" }) };
 * const [train, test] = data.split(set, [0.8, 0.2], { stratify: set.y });
 * train.x.shape             // [8, 3]
 * test.y.sum().item()       // 1
 */
export function split<S extends SplittableSet, const F extends readonly number[]>(
  set: S,
  fractions: F,
  options: SplitOptions = {},
): PartsOf<S, F> {
  const where = "split";
  checkOptions(where, options, OPTIONS);
  const length = checkSet(where, set);
  const sizes = readSizes(where, fractions, length);
  const order = orderOf(where, set, length, options);
  const parts = readParts(where, set, length, options, order, sizes);
  const taken = sizes.map((_, part) =>
    takeFrom(
      set,
      order.filter((sample) => parts[sample] === part),
    ),
  );
  return taken as PartsOf<S, F>;
}

function readSizes(where: string, fractions: unknown, length: number): number[] {
  const list = checkList(where, "a list of fractions or sizes", fractions);
  if (list.length === 0) throw new ArgumentError(`${where}: expected at least one fraction`);
  const numbers = list.map((one, i) => checkNumber(where, `fraction ${i}`, one, { above: 0 }));
  const sum = numbers.reduce((total, one) => total + one, 0);
  const areSizes = numbers.every((one) => Number.isInteger(one)) && !(numbers.length === 1 && sum === 1);
  const most = areSizes ? length : 1 + 1e-9;
  if (sum > most) {
    const what = areSizes ? `sizes of at most ${length} together` : "fractions of at most 1 together";
    throw new ArgumentError(`${where}: expected ${what}, got ${sum}`);
  }
  const sizes = areSizes ? numbers : sizesOf(length, numbers);
  const empty = sizes.indexOf(0);
  if (empty >= 0) {
    throw new DataError(`${where}: part ${empty}, ${numbers[empty]} of ${length} samples, would be empty`);
  }
  return sizes;
}

/** The samples in the order in which they are given to parts. */
function orderOf(where: string, set: unknown, length: number, options: SplitOptions): Int32Array {
  const { shuffle, seed, time } = options;
  const isShuffled = checkFlag(where, "shuffle", shuffle ?? time === undefined);
  const checked = checkNumber(where, "seed", seed ?? 0, { min: 0, integer: true });
  if (time === undefined) {
    return isShuffled
      ? (new Generator(checked).permutation(length).storage.forReading() as Int32Array)
      : Int32Array.from({ length }, (_, i) => i);
  }
  if (isShuffled || options.stratify !== undefined || options.groups !== undefined) {
    throw new ArgumentError(
      `${where}: time keeps the samples in its order: without shuffle, stratify and groups`,
    );
  }
  const times = timesOf(where, time, set, length);
  return Int32Array.from({ length }, (_, i) => i).sort(
    (a, b) => (times[a] as number) - (times[b] as number) || a - b,
  );
}

function timesOf(where: string, time: unknown, set: unknown, length: number): Float64Array {
  const list = listOf(where, "time", time, set);
  if (list.length !== length) {
    throw new DataError(`${where}: expected ${length} values for time, got ${list.length}`);
  }
  return Float64Array.from({ length }, (_, i) => {
    const value = list[i];
    const isTime = typeof value === "number" || typeof value === "bigint" || types.isDate(value);
    const number = isTime ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) {
      throw new DataError(
        `${where}: time: expected a number or a Date for sample ${i}, got ${describe(value)}`,
      );
    }
    return number;
  });
}

/** The part of each sample, −1 for none. */
function readParts(
  where: string,
  set: unknown,
  length: number,
  { stratify, groups }: SplitOptions,
  order: Int32Array,
  sizes: readonly number[],
): Int32Array {
  const strata =
    stratify === undefined
      ? { codes: new Int32Array(length), names: [null] }
      : labelsOf(where, "stratify", stratify, set, length);
  if (groups !== undefined) {
    const fractions = sizes.map((size) => size / length);
    if (sizes.reduce((sum, size) => sum + size, 0) < length) {
      throw new ArgumentError(`${where}: with groups, the parts have all samples: fractions of 1 together`);
    }
    return assignGroups(where, labelsOf(where, "groups", groups, set, length), strata, fractions, order);
  }
  if (stratify !== undefined) checkStrata(where, strata);
  return assignStrata(strata.codes, strata.names.length, sizes, order);
}

/** One fold: the samples to learn from, and those to measure with. */
export interface Fold<S> {
  readonly train: PartOf<S>;
  readonly test: PartOf<S>;
  /** Which samples of the set these are. */
  readonly trainSamples: Int32Array;
  readonly testSamples: Int32Array;
}

/**
 * The k folds of a set, for cross-validation: each sample is in the test part of one fold, and in the training part of the
 * others. They are made one by one, as they are asked for, so that memory holds one.
 *
 * The sizes of the test parts differ by at most 1, and with `stratify` also the numbers of each class. With `groups`, all
 * samples of a group are in the same test part. With `time`, as scikit-learn's TimeSeriesSplit: test parts of ⌊P/(k + 1)⌋
 * samples, one after the other, the last ones of the set; each is tested by all that was before it.
 *
 * @example
 * const sizes = [];
 * for (const { train, test } of data.kFold({ x: randn([10, 3]) }, 3)) sizes.push([train.x.shape[0], test.x.shape[0]]);
 * sizes   // [[6, 4], [7, 3], [7, 3]]
 * @throws DataError if there are fewer samples or groups than folds; otherwise as `split`
 */
export function kFold<S extends SplittableSet>(
  set: S,
  k: number,
  options: SplitOptions = {},
): Iterable<Fold<S>> {
  const where = "kFold";
  checkOptions(where, options, OPTIONS);
  const length = checkSet(where, set);
  checkNumber(where, "k", k, { min: 2, integer: true });
  if (k + Number(options.time !== undefined) > length) {
    throw new DataError(`${where}: ${length} samples cannot make ${k} folds`);
  }
  const order = orderOf(where, set, length, options);
  const folds =
    options.time === undefined
      ? disjointFolds(order, readParts(where, set, length, options, order, foldSizes(length, k)), k)
      : foldsOfTime(order, k);
  return {
    *[Symbol.iterator]() {
      for (const [trainSamples, testSamples] of folds) {
        yield {
          train: takeFrom(set, trainSamples) as PartOf<S>,
          test: takeFrom(set, testSamples) as PartOf<S>,
          trainSamples,
          testSamples,
        };
      }
    },
  };
}

/** The first n mod k folds have a sample more. */
const foldSizes = (length: number, k: number): number[] =>
  Array.from({ length: k }, (_, fold) => Math.floor(length / k) + Number(fold < length % k));

type Samples = readonly [train: Int32Array, test: Int32Array];

const disjointFolds = (order: Int32Array, parts: Int32Array, k: number): Samples[] =>
  Array.from({ length: k }, (_, fold) => [
    order.filter((sample) => parts[sample] !== fold),
    order.filter((sample) => parts[sample] === fold),
  ]);

function foldsOfTime(order: Int32Array, k: number): Samples[] {
  const size = Math.floor(order.length / (k + 1));
  return Array.from({ length: k }, (_, fold) => {
    const begin = order.length - (k - fold) * size;
    return [order.slice(0, begin), order.slice(begin, begin + size)];
  });
}
