import { ArgumentError, ShapeError } from "../errors.js";
import { argmax } from "../ops/argmax.js";
import { equal } from "../ops/equal.js";
import { mean } from "../ops/mean.js";
import { to } from "../ops/to.js";
import { describe } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/**
 * A figure of merit of a batch: a tensor of one element. It is averaged over the set, with equal weight for each
 * sample. It is compiled with the model, so it must use ops and not read values.
 */
export type Metric = (y: Tensor, target: Tensor) => Tensor;
export type Metrics = Readonly<Record<string, Metric>>;

/**
 * Fraction of samples whose class has the largest score.
 * Shapes: y [B, C], target [B] int32 → scalar float64.
 * @example await evaluate(model, { data, cost: cost.crossEntropy, metrics: { accuracy } })
 * @throws ShapeError
 */
export function accuracy(y: Tensor, target: Tensor): Tensor {
  checkTensor("accuracy", "y", y);
  checkTensor("accuracy", "target", target);
  if (y.rank !== 2 || target.rank !== 1 || y.shape[0] !== target.size) {
    throw new ShapeError(
      `accuracy: expected y [B, C] and target [B], got ${format(y.shape)} and ${format(target.shape)}`,
    );
  }
  return mean(to(equal(argmax(y, { dim: 1 }), target), "float64"));
}

export function checkMetrics(where: string, metrics: unknown): Metrics {
  if (metrics === undefined) return {};
  if (metrics === null || typeof metrics !== "object" || Array.isArray(metrics)) {
    throw new ArgumentError(`${where}: expected metrics to be functions by name, got ${describe(metrics)}`);
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "function") {
      throw new ArgumentError(`${where}: expected metric ${name} to be a function, got ${describe(metric)}`);
    }
    if (name === "loss")
      throw new ArgumentError(`${where}: "loss" is reported anyway; give the metric another name`);
  }
  return metrics as Metrics;
}

/** Sums of the figures so far, and of how many samples. */
export interface MeansState {
  readonly sums: Float64Array;
  readonly samples: number;
}

/** Means over a set of the figures of each step, weighted by the step's number of samples. */
export class Means {
  readonly #names: readonly string[];
  readonly #sums: Float64Array;
  #samples = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#sums = new Float64Array(names.length);
  }

  /** @param log the figures after each step: [steps, figures]. */
  add(log: Float64Array, samplesAStep: number): void {
    const sums = this.#sums;
    const figures = sums.length;
    for (let at = 0; at < log.length; at += figures) {
      for (let f = 0; f < figures; f++)
        sums[f] = (sums[f] as number) + (log[at + f] as number) * samplesAStep;
    }
    this.#samples += (log.length / figures) * samplesAStep;
  }

  get samples(): number {
    return this.#samples;
  }

  /** What `put` takes. */
  state(): MeansState {
    return { sums: this.#sums.slice(), samples: this.#samples };
  }

  /** Goes on from a state of means of the same names. */
  put({ sums, samples }: MeansState): void {
    this.#sums.set(sums);
    this.#samples = samples;
  }

  get(figure: number): number {
    return (this.#sums[figure] as number) / this.#samples;
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#names.map((name, i) => [name, this.get(i)]));
  }
}
