import type { Cost } from "../cost/define.js";
import type { Schema, SchemaInputs } from "../data/schema/schema.js";
import { ArgumentError } from "../errors.js";
import { MetricState, type PartKind, partsOf, type StateContents } from "../metrics/accumulator.js";
import * as library from "../metrics/index.js";
import { type AnyMetric, definitionOf, isMetric, type MetricDefinition } from "../metrics/metric.js";
import { checkChoice, describe } from "../options.js";
import { format, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { inUnits } from "./units.js";

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

/** Metrics of each of several targets, in their form. */
export type MetricsByTarget = readonly Metrics[] | { readonly [target: string]: Metrics };

type Given<M> = M extends AnyMetric<infer R> ? R : number;
type ResultOf<M> = M extends MetricName ? Given<Library[M]> : Given<M>;

type ByName<M> = M extends readonly (infer N extends string)[]
  ? { readonly [K in N]: ResultOf<K> }
  : { readonly [K in keyof M]: ResultOf<M[K]> };

/** `kind.accuracy` for the metric `accuracy` of the target `kind`. */
type FullNames<M> = {
  [K in keyof M & string]: M[K] extends Metrics ? `${K}.${keyof ByName<M[K]> & string}` : never;
}[keyof M & string];

type ResultAt<M, N> = N extends `${infer K extends keyof M & string}.${infer Q}`
  ? Q extends keyof ByName<M[K]>
    ? ByName<M[K]>[Q]
    : number
  : number;

/**
 * What the metrics give, by name; of several targets also the loss of each. Metrics that are not known to the compiler
 * give numbers.
 */
export type MetricResults<M> = Metrics extends M
  ? Readonly<Record<string, number>>
  : M extends Metrics
    ? ByName<M>
    : { readonly [N in FullNames<M>]: ResultAt<M, N> } & { readonly [loss: `${string}.loss`]: number };

/** A checked metric. */
export interface NamedMetric {
  /** Under which it is reported. */
  readonly name: string;
  /** Where there are several targets: which of them it is of. */
  readonly target: number | null;
  /** What the user gave, or what stands for it: the program is made for it. */
  readonly identity: object;
  readonly definition: MetricDefinition<unknown> | BatchMetric;
}

/** A figure that a pass reports: the loss, the loss of one target, or a metric. */
export interface Figure {
  readonly name: string;
  /** The figure, from what its parts accumulated, or if it is a mean over the samples, from that. */
  compute(state: MetricState, mean: number): unknown;
}

/** A loss: a mean over the samples, or Σ w·C / Σ w. */
export const lossFigure = (name: string): Figure => ({
  name,
  compute: (weighted, mean) => {
    if (weighted.isEmpty) return mean;
    const { loss, weight } = weighted.tensors() as { loss: Tensor; weight: Tensor };
    return loss.item() / weight.item();
  },
});

export const metricFigure = ({ name, definition }: NamedMetric): Figure => ({
  name,
  compute: (state, mean) => (typeof definition === "function" ? mean : definition.compute(state.tensors())),
});

const BY_NAME = new Map(
  Object.entries(library).flatMap(([name, value]): [string, AnyMetric][] =>
    isMetric(value) ? [[name, value]] : [],
  ),
);

/** What metrics are of. */
export interface MetricSubject {
  /** One of several targets, and what it is called; null: the only one. */
  readonly target: { readonly at: number; readonly name: string } | null;
  /** The cost, which says what the outputs are. */
  readonly cost: Pick<Cost, "outputs" | "multilabel">;
  /** Of the rows: metrics of numbers are in the numbers' own units, and reports have the classes' names. */
  readonly schema?: Schema<SchemaInputs> | undefined;
  /** Whether each has to give a number. */
  readonly onlyNumbers: boolean;
}

/** @throws ArgumentError */
export function checkMetrics(
  where: string,
  metrics: unknown,
  { target, cost, schema, onlyNumbers }: MetricSubject,
): readonly NamedMetric[] {
  if (metrics === undefined) return [];
  const of = target === null ? "metrics" : `metrics of ${target.name}`;
  if (metrics === null || typeof metrics !== "object") {
    throw new ArgumentError(
      `${where}: expected ${of} to be metrics by name or a list of names, got ${describe(metrics)}`,
    );
  }
  const entries: [string, unknown][] = Array.isArray(metrics)
    ? metrics.map((name: unknown) => [typeof name === "string" ? name : describe(name), name])
    : Object.entries(metrics);
  const { outputs, multilabel } = cost;
  const circumstances = { outputs, multilabel, classes: schema?.classes?.map(String) };
  const all = entries.map(([own, given]): NamedMetric => {
    const name = target === null ? own : `${target.name}.${own}`;
    if (own === "loss")
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
    return { name, target: target?.at ?? null, identity: metric, definition };
  });
  return schema === undefined ? all : inUnits(where, schema, all);
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

/**
 * A metric of a batch, in ops.
 * @param y The outputs and the target: tensors, or for a function of a batch also lists or objects of them.
 */
export function metricParts(
  where: string,
  { name, definition }: NamedMetric,
  figure: number,
  y: unknown,
  target: unknown,
  weight: Tensor | null,
): FigurePart[] {
  if (typeof definition !== "function") {
    const several = [y, target].find((one) => !isTensor(one));
    if (several !== undefined) {
      throw new ArgumentError(
        `${where}: metric ${name} takes outputs and targets that are one tensor each, got ${describe(several)} of them`,
      );
    }
    const parts = partsOf(`${where}: ${name}`, definition, y as Tensor, target as Tensor, weight);
    return parts.map((part) => ({ figure, ...part }));
  }
  if (weight !== null) {
    throw new ArgumentError(
      `${where}: metric ${name} is a function of outputs and targets, which knows no weights; define it with metrics.defineMetric`,
    );
  }
  const tensor: unknown = definition(y as Tensor, target as Tensor);
  if (isTensor(tensor) && tensor.size === 1) return [{ figure, kind: "mean", key: name, tensor }];
  throw new ArgumentError(
    `${where}: expected metric ${name} to give a tensor of one element, made by ops, got ${isTensor(tensor) ? format(tensor.shape) : describe(tensor)}`,
  );
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
  readonly #figures: readonly Figure[];
  readonly #sums: Float64Array;
  readonly #states: readonly MetricState[];
  #samples = 0;

  /** @param figures The loss first. */
  constructor(figures: readonly Figure[]) {
    this.#figures = figures;
    this.#sums = new Float64Array(figures.length);
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
        state.check((this.#figures[figure] as Figure).name, kind, key, shape);
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
    return this.#compute(0) as number;
  }

  #compute(at: number): unknown {
    const mean = (this.#sums[at] as number) / this.#samples;
    return (this.#figures[at] as Figure).compute(this.#states[at] as MetricState, mean);
  }

  /** The figures by their names. */
  all(): Record<string, unknown> & { readonly loss: number } {
    const figures = this.#figures.map(({ name }, at): [string, unknown] => [name, this.#compute(at)]);
    return Object.fromEntries(figures) as Record<string, unknown> & { readonly loss: number };
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
