// Means of errors, sample by sample.
import { abs } from "../ops/abs.js";
import { div } from "../ops/div.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, type MetricDefinition, makeMetric } from "./metric.js";
import { averageOf, type OutputOptions, readMultioutput, readOutputPairs } from "./outputs.js";
import { checkCounts } from "./values.js";

/** A metric that is a mean over the samples, for each output. */
export interface OutputFigure<O extends object = OutputOptions> extends Metric<number, O> {
  /** The figure of each output. */
  readonly perOutput: Metric<number[], object>;
}

/**
 * @param error of each element: [B, D].
 * @param end of the mean of each output.
 */
function meanError(
  name: string,
  error: (y: Tensor, target: Tensor) => Tensor,
  end: (mean: number) => number = (mean) => mean,
): OutputFigure {
  const define = <R>(own: string, finish: (means: number[]) => R): MetricDefinition<R> => ({
    update: (given, expected, weight) => {
      const { y, target } = readOutputPairs(own, given, expected);
      const each = mul(error(y, target), reshape(weight, [weight.size, 1]));
      return { errors: sum(each, { dim: 0 }), weight: sum(weight) };
    },
    compute: ({ errors, weight }) => {
      const all = checkCounts(own, (weight as Tensor).item());
      return finish(Array.from((errors as Tensor).data, (one) => end(one / all)));
    },
  });
  const metric = makeMetric<number, OutputOptions>(name, ["multioutput"], ({ multioutput }) => {
    const weights = readMultioutput(name, multioutput);
    return define(name, (means) => averageOf(name, means, weights));
  });
  const own = `${name}.perOutput`;
  return Object.assign(metric, {
    perOutput: makeMetric<number[], object>(own, [], () => ({
      ...define(own, (means) => means),
      gives: "a list of numbers",
    })),
  });
}

/**
 * MAE, Σ w·|y − ȳ| / Σ w, averaged over the outputs (scikit-learn's mean_absolute_error).
 * Shapes: y and target [B, ...], the same.
 * @example
 * metrics.meanAbsoluteError([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.5
 * metrics.meanAbsoluteError.perOutput([[0, 2], [-1, 2]], [[0.5, 1], [-1, 1]]);   // [0.25, 1]
 * @throws ShapeError; DataError if no sample counts; ArgumentError
 */
export const meanAbsoluteError: OutputFigure = meanError("meanAbsoluteError", (y, target) =>
  abs(sub(y, target)),
);

/**
 * MSE, Σ w·(y − ȳ)² / Σ w, averaged over the outputs (scikit-learn's mean_squared_error).
 * Shapes: y and target [B, ...], the same.
 * @example metrics.meanSquaredError([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.375
 * @throws as `meanAbsoluteError`
 */
export const meanSquaredError: OutputFigure = meanError("meanSquaredError", (y, target) =>
  square(sub(y, target)),
);

/**
 * RMSE, √(Σ w·(y − ȳ)² / Σ w), the roots averaged over the outputs (scikit-learn's root_mean_squared_error).
 * Shapes: y and target [B, ...], the same.
 * @example metrics.rootMeanSquaredError([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.6124
 * @throws as `meanAbsoluteError`
 */
export const rootMeanSquaredError: OutputFigure = meanError(
  "rootMeanSquaredError",
  (y, target) => square(sub(y, target)),
  Math.sqrt,
);

/**
 * MAPE, Σ w·|y − ȳ| / max(|ȳ|, ε) / Σ w with ε = 2⁻⁵², averaged over the outputs (scikit-learn's
 * mean_absolute_percentage_error): 1 stands for 100 %. It is very large where a target is 0.
 * Shapes: y and target [B, ...], the same.
 * @example metrics.meanAbsolutePercentageError([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.3274
 * @throws as `meanAbsoluteError`
 */
export const meanAbsolutePercentageError: OutputFigure = meanError(
  "meanAbsolutePercentageError",
  (y, target) => div(abs(sub(y, target)), maximum(abs(target), Number.EPSILON)),
);
