// What the metrics of ranked scores share.
import { DataError } from "../errors.js";
import { isNaN } from "../ops/is-nan.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkChoice } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { MetricDefinition } from "./metric.js";
import {
  type ClassOptions,
  type ClassSettings,
  keptRows,
  probabilitiesOf,
  type Rows,
  readRows,
  refuse,
  unnormalizedOf,
} from "./rows.js";
import { checkCounts } from "./values.js";

export interface RankingOptions extends Omit<ClassOptions, "threshold"> {
  /**
   * For more than two classes: `"macro"`, the mean over the classes; `"weighted"`, weighted by how often each is true;
   * `"micro"`, each pair of sample and class as a sample of two classes. Default: `"macro"`.
   */
  readonly average?: "macro" | "weighted" | "micro";
}

type RankingAverage = NonNullable<RankingOptions["average"]>;

/** @throws ArgumentError */
export const readAverage = (name: string, options: RankingOptions): RankingAverage =>
  checkChoice(name, "average", options.average ?? "macro", ["macro", "weighted", "micro"]);

/** Weights of the samples with a score of at least each threshold, from the highest threshold down. */
export interface Curve {
  /** The different scores. */
  readonly thresholds: readonly number[];
  /** Of those of the class. */
  readonly hits: readonly number[];
  /** Of the others. */
  readonly misses: readonly number[];
}

/** @param isOf Whether a sample is of the class. Samples with weight 0 do not count. */
export function curveOf(
  scores: Float64Array,
  weights: Float64Array,
  isOf: (sample: number) => boolean,
): Curve {
  const order = new Uint32Array(scores.length);
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (weights[i] !== 0) order[count++] = i;
  const sorted = order.subarray(0, count).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const thresholds: number[] = [];
  const hits: number[] = [];
  const misses: number[] = [];
  let [hit, miss] = [0, 0];
  sorted.forEach((sample, at) => {
    if (isOf(sample)) hit += weights[sample] as number;
    else miss += weights[sample] as number;
    const next = sorted[at + 1];
    if (next !== undefined && scores[next] === scores[sample]) return;
    thresholds.push(scores[sample] as number);
    hits.push(hit);
    misses.push(miss);
  });
  return { thresholds, hits, misses };
}

/** The whole set's scores: one for each of two classes, or [samples, classes] row by row. */
export interface Ranking {
  readonly scores: Float64Array;
  /** Scores of a sample; 1 for two classes. */
  readonly width: number;
  readonly target: Float64Array;
  readonly weight: Float64Array;
}

/** The scores of a class. */
export function scoresOf({ scores, width }: Ranking, at: number): Float64Array {
  if (width === 1) return scores;
  return Float64Array.from({ length: scores.length / width }, (_, i) => scores[i * width + at] as number);
}

/**
 * What ranks the samples. Of two classes one score is enough: of unnormalised scores their difference, whose sigmoid
 * would make equal what is not.
 */
function rankedBy(rows: Rows, settings: ClassSettings): Tensor {
  const { y, kind } = rows;
  if (kind === "labels" || kind === "binary") return y;
  if (y.shape[1] !== 2) return probabilitiesOf(rows, settings);
  const column = (at: number): Tensor =>
    reshape(slice(y, 1, { start: at, end: at + 1 }), [y.shape[0] as number]);
  return settings.outputs === "probabilities" ? column(1) : sub(column(1), column(0));
}

/** A metric of the whole set's scores and labels. */
export function rankingDefinition<R>(
  name: string,
  settings: ClassSettings,
  compute: (ranking: Ranking) => R,
): MetricDefinition<R> {
  const read = (...batch: Parameters<NonNullable<MetricDefinition["update"]>>) =>
    readRows(name, ...batch, settings);
  return {
    update: (...batch) => {
      const rows = read(...batch);
      const notNumbers = sum(to(isNaN(rows.y), "float64"));
      const notRanked = sum(to(isNaN(rankedBy(rows, settings)), "float64"));
      const isOfSeveral = rows.y.rank === 2 && (rows.y.shape[1] as number) > 2;
      return {
        badTargets: rows.badTargets,
        notNumbers,
        notRanked,
        ...(isOfSeveral ? { unnormalized: unnormalizedOf(rows, settings) } : {}),
      };
    },
    collect: (...batch) => {
      const rows = read(...batch);
      const { target, weight, kept } = rows;
      return { scores: rankedBy(rows, settings), target, weight, ...(kept === null ? {} : { kept }) };
    },
    compute: (state) => {
      refuse(name, state);
      const notNumbers = state["notNumbers"]?.item() ?? 0;
      if (notNumbers > 0) throw new DataError(`${name}: expected y to be numbers, but ${notNumbers} are NaN`);
      const notRanked = state["notRanked"]?.item() ?? 0;
      if (notRanked > 0) {
        throw new DataError(
          `${name}: expected scores that rank the samples, but ${notRanked} of them are a difference of infinite numbers`,
        );
      }
      const columns = keptRows(state, ["scores", "target", "weight"]);
      checkCounts(name, columns.target.length);
      const width = (state["scores"] as Tensor).shape[1] ?? 1;
      return compute({ ...columns, width });
    },
  };
}

/** The figures of the classes as one. */
export function average(figures: readonly number[], weights: readonly number[] | null): number {
  let [total, all] = [0, 0];
  figures.forEach((figure, c) => {
    const weight = weights === null ? 1 : (weights[c] as number);
    // A class that does not occur has no figure, and no weight.
    total += weight === 0 ? 0 : figure * weight;
    all += weight;
  });
  return all === 0 ? 0 : total / all;
}

/** Each class against the others. */
export function oneVersusRest(
  ranking: Ranking,
  how: RankingAverage,
  figureOf: (curve: Curve) => number,
): number {
  const { scores, width, target, weight } = ranking;
  if (how === "micro") {
    const all = Float64Array.from(scores, (_, i) => weight[Math.floor(i / width)] as number);
    return figureOf(curveOf(scores, all, (i) => target[Math.floor(i / width)] === i % width));
  }
  const figures = Array.from({ length: width }, (_, c) =>
    figureOf(curveOf(scoresOf(ranking, c), weight, (i) => target[i] === c)),
  );
  return average(figures, how === "weighted" ? prevalence(ranking) : null);
}

/** The weight of the samples of each class. */
function prevalence({ target, weight, width }: Ranking): number[] {
  const sums = new Array<number>(width).fill(0);
  target.forEach((label, i) => {
    sums[label] = (sums[label] as number) + (weight[i] as number);
  });
  return sums;
}
