import { DataError, ShapeError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, makeMetric } from "./metric.js";
import { readOutputPairs } from "./outputs.js";

/** The place of each value in their order, from 1; equal values share the mean of their places. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const found = new Float64Array(values.length);
  for (let begin = 0; begin < order.length; ) {
    const value = values[order[begin] as number];
    let end = begin + 1;
    while (end < order.length && values[order[end] as number] === value) end++;
    for (let i = begin; i < end; i++) found[order[i] as number] = (begin + 1 + end) / 2;
    begin = end;
  }
  return found;
}

/** Pearson's correlation; NaN where one of them is constant. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const [meanOfA, meanOfB] = [mean(a), mean(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  a.forEach((value, i) => {
    const [da, db] = [value - meanOfA, (b[i] as number) - meanOfB];
    both += da * db;
    ofA += da * da;
    ofB += db * db;
  });
  return Math.max(-1, Math.min(1, both / Math.sqrt(ofA * ofB)));
}

/**
 * Spearman's ρ: the correlation of the ranks of outputs and targets, in [−1, 1]; equal values share the mean of their
 * ranks (scipy.stats.spearmanr). NaN where one of them is constant, or has a NaN. It has no weights.
 * Shapes: y and target [B] or [B, 1].
 * @example metrics.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]);   // 0.8208
 * @throws DataError for weights that are not all 1; ShapeError
 */
export const spearman: Metric<number, object> = makeMetric<number, object>("spearman", [], () => ({
  collect: (given, expected, weight) => {
    const { y, target } = readOutputPairs("spearman", given, expected);
    if (y.shape[1] !== 1) throw new ShapeError(`spearman: expected one output a sample, got ${y.shape[1]}`);
    return { y, target, weight };
  },
  compute: (state) => {
    const [y, target, weight] = ["y", "target", "weight"].map((key) => (state[key] as Tensor).data) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    if (weight.some((one) => one !== 1))
      throw new DataError("spearman: expected no weights, got weights other than 1");
    if (y.some(Number.isNaN) || target.some(Number.isNaN)) return Number.NaN;
    return correlation(ranks(y), ranks(target));
  },
}));
