import { ArgumentError } from "../errors.js";
import { checkChoice, checkFunction, checkOptions, checkRequired, describe } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Accumulator } from "./accumulator.js";
import type { Values } from "./values.js";

/**
 * What outputs are: probabilities; unnormalised scores, whose softmax or sigmoid are probabilities; or logarithms of
 * probabilities.
 */
export type Outputs = "probabilities" | "logits" | "logProbabilities";

/**
 * A metric: what it accumulates of each batch, in ops, and what it makes of that in the end.
 *
 * `update` and `collect` are compiled with the model, so they use ops and read no values. In both, y is float64 unless it
 * is int32 or bool; the target is float64 if it was of floats, or if it has the shape of such a y; weight [B] is float64 and 1 for each sample if none was given. A sample whose weight is 0 does
 * not count.
 */
export interface MetricDefinition<R = number> {
  /** Tensors by name, each of the same shape for every batch. They are added up over the batches. */
  update?(y: Tensor, target: Tensor, weight: Tensor): Readonly<Record<string, Tensor>>;
  /** Tensors [samples, ...] by name. They are joined along the first axis: what needs the whole set. */
  collect?(y: Tensor, target: Tensor, weight: Tensor): Readonly<Record<string, Tensor>>;
  /** The metric, from the sums and the joined tensors by their names, all float64. */
  compute(state: Readonly<Record<string, Tensor>>): R;
  /** What `compute` gives, in words, if it is no number: `fit` refuses such a metric before it begins. */
  readonly gives?: string;
}

/** What a cost says of the outputs that it takes, and a schema of the classes: the defaults of a metric's options. */
export interface Circumstances {
  readonly outputs?: Outputs | undefined;
  readonly multilabel?: boolean | undefined;
  /** The names of all classes, by label. */
  readonly classes?: readonly string[] | undefined;
}

/** The key of a metric's definition. */
export const definitionOf = Symbol("definition");

/** A metric of any options. */
export interface AnyMetric<R = unknown> {
  /** @internal For outputs like these, unless the metric's own options say others. */
  [definitionOf](circumstances?: Circumstances): MetricDefinition<R>;
}

/** The weights of a call. */
export interface WeightOptions {
  /** What each sample counts, [B], numbers ≥ 0. Default: 1. */
  readonly sampleWeight?: Values;
}

/**
 * A metric: a function of all outputs and targets, which `evaluate` and `fit` take too and compute along with the
 * loss.
 */
export interface Metric<R = number, O extends object = object> extends AnyMetric<R> {
  (y: Values, target: Values, options?: O & WeightOptions): R;
  readonly name: string;
  /** The same metric with other defaults for its options, for `evaluate` and `fit`. */
  with(options: O): Metric<R, O>;
  /** For batches of a loop of your own. */
  accumulate(): Accumulator<R>;
}

export const isMetric = (value: unknown): value is AnyMetric =>
  typeof value === "function" && definitionOf in value;

/** Metrics with options are kept by the options' text: an inline `with` compiles nothing anew. At most this many. */
const MOST_KEPT = 64;

/**
 * @param known The names of its options.
 * @param define Checks the options and makes the definition.
 */
export function makeMetric<R, O extends object>(
  name: string,
  known: readonly string[],
  define: (options: O & Circumstances) => MetricDefinition<R>,
  bound = {} as O,
): Metric<R, O> {
  const kept = new Map<string, Metric<R, O>>();
  const metric = (y: Values, target: Values, options = {} as O & WeightOptions): R => {
    checkOptions(name, options, [...known, "sampleWeight"]);
    const { sampleWeight, ...own } = options;
    const accumulator = new Accumulator(name, define({ ...bound, ...(own as O) }));
    return accumulator.update(y, target, sampleWeight).compute();
  };
  Object.defineProperty(metric, "name", { value: name });
  return Object.assign(metric, {
    with(options: O): Metric<R, O> {
      checkRequired(name, options, known);
      define({ ...bound, ...options });
      // NaN and null differ.
      const key = JSON.stringify(options, (_, value: unknown) =>
        typeof value === "number" ? `#${value}` : value,
      );
      const found = kept.get(key);
      if (found !== undefined) return found;
      const made = makeMetric(name, known, define, { ...bound, ...options });
      if (kept.size < MOST_KEPT) kept.set(key, made);
      return made;
    },
    accumulate: () => new Accumulator(name, define(bound)),
    [definitionOf]: (circumstances?: Circumstances) => define({ ...circumstances, ...bound }),
  });
}

/**
 * Defines a metric of your own: `update` and `collect` say in ops what is accumulated of each batch, `compute` what is
 * made of it. It works on arrays, in `evaluate` and in `fit`, with weights, and does not depend on the batch size.
 * @example
 * const bias = metrics.defineMetric("bias", {
 *   update: (y, target, weight) => ({ error: sum(mul(sub(y, target), weight)), weight: sum(weight) }),
 *   compute: ({ error, weight }) => error.item() / weight.item(),
 * });
 * bias([1, 2.5], [1, 2]);   // 0.25
 * @throws ArgumentError without a name, without `compute`, or with neither `update` nor `collect`
 */
export function defineMetric<R = number>(name: string, definition: MetricDefinition<R>): Metric<R> {
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`defineMetric: expected a name, got ${describe(name)}`);
  }
  checkRequired("defineMetric", definition, ["update", "collect", "compute", "gives"]);
  const { update, collect, compute } = definition;
  checkFunction("defineMetric", "compute", compute);
  if (update !== undefined) checkFunction("defineMetric", "update", update);
  if (collect !== undefined) checkFunction("defineMetric", "collect", collect);
  if (update === undefined && collect === undefined) {
    throw new ArgumentError("defineMetric: expected update or collect, got neither");
  }
  return makeMetric<R, object>(name, [], () => definition);
}

/** @throws ArgumentError */
export function readOutputs(where: string, outputs: Outputs | undefined): Outputs {
  return checkChoice(where, "outputs", outputs ?? "probabilities", [
    "probabilities",
    "logits",
    "logProbabilities",
  ]);
}
