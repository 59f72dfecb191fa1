import type { Cost } from "../cost/define.js";
import { ArgumentError } from "../errors.js";
import { MetricState, type PartKind, partsOf, type StateContents } from "../metrics/accumulator.js";
import * as library from "../metrics/index.js";
import { type AnyMetric, definitionOf, isMetric, type MetricDefinition } from "../metrics/metric.js";
import { checkChoice, describe } from "../options.js";
import { format, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/**
 * A figure of merit of a batch: a tensor of one element. It is averaged over the set, with equal weight for each
 * sample. It is compiled with the model, so it must use ops and not read values.
 */
export type BatchMetric = (y: Tensor, target: Tensor) => Tensor;

/** A metric of `metrics`, or a function of a batch that is averaged over the samples. */
export type Metric = AnyMetric | BatchMetric;

type Library = typeof library;

/** The name of a metric of `metrics`. */
export type MetricName = {
  [K in keyof Library]: Library[K] extends AnyMetric ? K : never;
}[keyof Library];

/** Metrics by the names under which they are reported, or a list of names of `metrics`. */
export type Metrics = Readonly<Record<string, Metric | MetricName>> | readonly MetricName[];

type Given<M> = M extends AnyMetric<infer R> ? R : number;
type ResultOf<M> = M extends MetricName ? Given<Library[M]> : Given<M>;

/** What the metrics give, by name. Metrics that are not known to the compiler give numbers. */
export type MetricResults<M extends Metrics> = Metrics extends M
  ? Readonly<Record<string, number>>
  : M extends readonly (infer N extends string)[]
    ? { readonly [K in N]: ResultOf<K> }
    : { readonly [K in keyof M]: ResultOf<M[K]> };

/** A checked metric. */
export interface NamedMetric {
  readonly name: string;
  /** What the user gave: the program is made for it. */
  readonly identity: Metric;
  readonly definition: MetricDefinition<unknown> | BatchMetric;
}

/** The names of the figures that a pass reports. */
export const figureNames = (metrics: readonly NamedMetric[]): string[] => [
  "loss",
  ...metrics.map(({ name }) => name),
];

const BY_NAME = new Map(
  Object.entries(library).flatMap(([name, value]): [string, AnyMetric][] =>
    isMetric(value) ? [[name, value]] : [],
  ),
);

/**
 * @param onlyNumbers Whether each has to give a number.
 * @throws ArgumentError
 */
export function checkMetrics(
  where: string,
  metrics: unknown,
  cost: Cost,
  onlyNumbers = false,
): readonly NamedMetric[] {
  if (metrics === undefined) return [];
  if (metrics === null || typeof metrics !== "object") {
    throw new ArgumentError(
      `${where}: expected metrics to be metrics by name or a list of names, got ${describe(metrics)}`,
    );
  }
  const entries: [string, unknown][] = Array.isArray(metrics)
    ? metrics.map((name: unknown) => [typeof name === "string" ? name : describe(name), name])
    : Object.entries(metrics);
  const circumstances = { outputs: cost.outputs, multilabel: cost.multilabel };
  return entries.map(([name, given]) => {
    if (name === "loss")
      throw new ArgumentError(`${where}: "loss" is reported anyway; give the metric another name`);
    const metric = typeof given === "string" || Array.isArray(metrics) ? byName(where, given) : given;
    if (typeof metric !== "function") {
      throw new ArgumentError(
        `${where}: expected metric ${name} to be a metric, a function or a name, got ${describe(metric)}`,
      );
    }
    const definition = isMetric(metric) ? metric[definitionOf](circumstances) : (metric as BatchMetric);
    const { gives } = definition as Partial<MetricDefinition>;
    if (onlyNumbers && gives !== undefined) throw noNumber(where, name, gives);
    return { name, identity: metric as Metric, definition };
  });
}

const noNumber = (where: string, name: string, got: string): ArgumentError =>
  new ArgumentError(`${where}: expected metric ${name} to give a number, got ${got}; evaluate gives it`);

function byName(where: string, name: unknown): AnyMetric {
  return BY_NAME.get(checkChoice(where, "the name of a metric", name, [...BY_NAME.keys()])) as AnyMetric;
}

/** A result of a compiled step, and how it is accumulated: `mean`, a scalar that counts as much as its samples. */
export interface FigurePart {
  /** The position of its figure: 0 for the loss. */
  readonly figure: number;
  readonly kind: PartKind | "mean";
  readonly key: string;
  readonly tensor: Tensor;
}

/** The figures of a batch, in ops. `figure` 0 is the loss, 1 the first metric. */
export function figuresOf(
  where: string,
  metrics: readonly NamedMetric[],
  y: Tensor,
  target: Tensor,
  weight: Tensor | null,
): FigurePart[] {
  return metrics.flatMap(({ name, definition }, at): FigurePart[] => {
    const figure = at + 1;
    if (typeof definition !== "function") {
      const parts = partsOf(`${where}: ${name}`, definition, y, target, weight);
      return parts.map((part) => ({ figure, ...part }));
    }
    if (weight !== null) {
      throw new ArgumentError(
        `${where}: metric ${name} is a function of outputs and targets, which knows no weights; define it with metrics.defineMetric`,
      );
    }
    const tensor: unknown = definition(y, target);
    if (isTensor(tensor) && tensor.size === 1) return [{ figure, kind: "mean", key: name, tensor }];
    throw new ArgumentError(
      `${where}: expected metric ${name} to give a tensor of one element, made by ops, got ${isTensor(tensor) ? format(tensor.shape) : describe(tensor)}`,
    );
  });
}

/** What the figures have accumulated, for a file. */
export interface FiguresState {
  /** Of each figure that is a mean, the sum over the samples; 0 for the others. */
  readonly sums: Float64Array;
  readonly samples: number;
  readonly states: readonly StateContents[];
}

/** How a step's results lie in a log. */
export type Layout = readonly Pick<FigurePart, "figure" | "kind" | "key">[];

/** What some steps gave. */
export interface StepsLog {
  readonly steps: number;
  readonly samplesAStep: number;
  /** What the results are, and their shapes. */
  readonly layout: Layout;
  readonly results: readonly TensorSpec[];
  /** The results after each step: [steps, elements of all results]. */
  readonly log: Float64Array;
}

/** The loss and the metrics over a set, from what each step gives. */
export class Figures {
  readonly #metrics: readonly NamedMetric[];
  readonly #sums: Float64Array;
  readonly #states: readonly MetricState[];
  #samples = 0;

  constructor(metrics: readonly NamedMetric[]) {
    this.#metrics = metrics;
    this.#sums = new Float64Array(metrics.length + 1);
    this.#states = Array.from(this.#sums, () => new MetricState());
  }

  /** Adds what steps gave. */
  add({ layout, results, log, steps, samplesAStep }: StepsLog): void {
    const sizes = results.map(({ shape }) => Math.max(1, sizeOf(shape)));
    const stride = log.length / steps;
    let begin = 0;
    layout.forEach(({ figure, kind, key }, at) => {
      const { shape } = results[at] as TensorSpec;
      if (kind === "mean") this.#addMeans(figure, log, begin, stride, samplesAStep);
      else {
        const state = this.#states[figure] as MetricState;
        state.check(this.#metrics[figure - 1]?.name ?? "loss", kind, key, shape);
        state.add(kind, key, shape, log, { begin, stride, steps });
      }
      begin += sizes[at] as number;
    });
    this.#samples += steps * samplesAStep;
  }

  #addMeans(figure: number, log: Float64Array, begin: number, stride: number, samplesAStep: number): void {
    const sums = this.#sums;
    for (let at = begin; at < log.length; at += stride) {
      sums[figure] = (sums[figure] as number) + (log[at] as number) * samplesAStep;
    }
  }

  get samples(): number {
    return this.#samples;
  }

  /** What `put` takes. */
  state(): FiguresState {
    return {
      sums: this.#sums.slice(),
      samples: this.#samples,
      states: this.#states.map((state) => state.contents()),
    };
  }

  /** Goes on from a state of figures of the same names. */
  put({ sums, samples, states }: FiguresState): void {
    this.#sums.set(sums);
    this.#samples = samples;
    states.forEach((contents, figure) => {
      this.#states[figure]?.put(contents);
    });
  }

  /** The loss so far. */
  get loss(): number {
    const weighted = this.#states[0] as MetricState;
    if (weighted.isEmpty) return (this.#sums[0] as number) / this.#samples;
    const { loss, weight } = weighted.tensors() as { loss: Tensor; weight: Tensor };
    return loss.item() / weight.item();
  }

  /** The loss and the metrics by their names. */
  all(): Record<string, unknown> & { readonly loss: number } {
    const figures = this.#metrics.map(({ name, definition }, at): [string, unknown] => {
      if (typeof definition === "function") return [name, (this.#sums[at + 1] as number) / this.#samples];
      return [name, definition.compute((this.#states[at + 1] as MetricState).tensors())];
    });
    return { loss: this.loss, ...Object.fromEntries(figures) };
  }

  /** As `all`, of metrics that give numbers. @throws ArgumentError for another */
  numbers(where: string): Record<string, number> & { readonly loss: number } {
    const all = this.all();
    for (const [name, value] of Object.entries(all)) {
      if (typeof value === "number") continue;
      throw noNumber(where, name, describe(value));
    }
    return all as Record<string, number> & { readonly loss: number };
  }
}
