import { ArgumentError, ShapeError } from "../errors.js";
import { format } from "../graph/shape.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import { argmax } from "../ops/argmax.js";
import { equal } from "../ops/equal.js";
import { mean } from "../ops/mean.js";
import { to } from "../ops/to.js";
import { describe } from "../options.js";

/** A figure of merit of a batch: averaged over the set with each sample counting the same. */
export type Metric = (y: Tensor, target: Tensor) => number | Tensor;
export type Metrics = Readonly<Record<string, Metric>>;

/**
 * Share of samples whose largest score is that of their class.
 * Shapes: y [B, C], target [B] int32.
 * @example await evaluate(model, { data, cost: cost.crossEntropy, metrics: { accuracy } })
 * @throws ShapeError
 */
export function accuracy(y: Tensor, target: Tensor): number {
  checkTensor("accuracy", "y", y);
  checkTensor("accuracy", "target", target);
  if (y.rank !== 2 || target.rank !== 1 || y.shape[0] !== target.size) {
    throw new ShapeError(
      `accuracy: expected y [B, C] and target [B], got ${format(y.shape)} and ${format(target.shape)}`,
    );
  }
  return mean(to(equal(argmax(y, { dim: 1 }), target), "float64")).item();
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

function numberOf(name: string, figure: unknown): number {
  if (typeof figure === "number") return figure;
  if (figure instanceof Tensor && figure.size === 1) return figure.item();
  throw new ArgumentError(
    `metrics: expected ${name} to give a number or a tensor of one element, got ${describe(figure)}`,
  );
}

/** Means over a set of figures that come batch by batch, each weighted by its samples. */
export class Means {
  readonly #sums = new Map<string, number>();
  #samples = 0;

  add(figures: Readonly<Record<string, number | Tensor>>, samples: number): void {
    this.#samples += samples;
    for (const [name, figure] of Object.entries(figures)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + numberOf(name, figure) * samples);
    }
  }

  get(name: string): number {
    return (this.#sums.get(name) ?? Number.NaN) / this.#samples;
  }

  all(): Record<string, number> {
    return Object.fromEntries([...this.#sums.keys()].map((name) => [name, this.get(name)]));
  }
}
