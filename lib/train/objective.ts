// What a training descends and an evaluation reports: the costs of the targets, their weights, and the metrics.

import type { Cost } from "../cost/define.js";
import * as costs from "../cost/index.js";
import { type Form, keyOf, type Part, partName, partNames, putTogether } from "../data/parts.js";
import { asTensor } from "../data/samples.js";
import type { Schema, SchemaInputs } from "../data/schema/schema.js";
import { ArgumentError, ShapeError } from "../errors.js";
import * as library from "../metrics/index.js";
import { add } from "../ops/add.js";
import { flatten } from "../ops/flatten.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkNumber, describe, isPlainObject } from "../options.js";
import { format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import {
  checkMetrics,
  type Figure,
  type FigurePart,
  lossFigure,
  type MetricSubject,
  type Metrics,
  metricFigure,
  metricParts,
  type NamedMetric,
} from "./metrics.js";

/** The cost of outputs Y and targets T: one of all, or for several targets one for each, in their form. */
export type CostOf<Y, T> = Cost<Y, T> | (T extends Tensor ? never : { readonly [K in keyof T]: Cost });

/** Numbers of several targets, in their form. */
export type WeightsOf<T> = T extends Tensor ? never : { readonly [K in keyof T]?: number };

/** The metrics of targets T: of several, those of each, in their form. */
export type MetricsOf<T> = T extends Tensor ? Metrics : { readonly [K in keyof T]?: Metrics };

/** The options that make an objective, of any form: read at run time. */
export interface ObjectiveOptions {
  readonly cost: unknown;
  readonly costWeights?: unknown;
  readonly metrics?: unknown;
  /** Of the rows that the targets are of. */
  readonly schema?: Schema<SchemaInputs> | undefined;
}

/** What a model gave: its parts, and their form. */
export interface Outputs<T = Tensor> {
  readonly form: Form;
  readonly parts: readonly T[];
}

/** The cost of one target, or of all together. */
interface Term {
  /** The part of the targets; null: all of them. */
  readonly at: number | null;
  readonly cost: Cost;
  readonly weight: number;
}

/** What is descended, and where there are several targets, the cost of each. Each [] or [B]. */
interface Losses {
  readonly loss: Tensor;
  readonly own: readonly Tensor[];
}

const COSTS: ReadonlySet<unknown> = new Set(Object.values(costs));
const METRICS: ReadonlySet<unknown> = new Set(Object.values(library));

/** Whether it is a cost or a metric of the library. */
export const isOfLibrary = (part: unknown): boolean => COSTS.has(part) || METRICS.has(part);

export class Objective {
  /** The form of the targets. */
  readonly form: Form;
  /** The figures that it reports, the loss first. */
  readonly figures: readonly Figure[];
  /** The names of those that are losses. */
  readonly losses: readonly string[];
  /** Programs with equal ones are the same. */
  readonly key: readonly unknown[];
  /** Whether it is a mean over samples. Its mean over mini-batches is then its mean over the set. */
  readonly isMean: boolean;
  /** Whether targets that an instruction of a cost would refuse are refused before. */
  readonly checksTargets: boolean;
  readonly #terms: readonly Term[];
  readonly #metrics: readonly NamedMetric[];

  constructor(form: Form, terms: readonly Term[], metrics: readonly NamedMetric[]) {
    this.form = form;
    this.#terms = terms;
    this.#metrics = metrics;
    const own = terms.flatMap(({ at }) => (at === null ? [] : [`${form.names[at]}.loss`]));
    this.losses = ["loss", ...own];
    this.figures = [...this.losses.map(lossFigure), ...metrics.map(metricFigure)];
    this.key = [
      keyOf(form),
      ...terms.flatMap(({ at, cost, weight }) => [at, cost, weight]),
      ...metrics.flatMap(({ name, identity }) => [name, identity]),
    ];
    this.isMean = terms.every(({ cost }) => cost.isMean === true || COSTS.has(cost));
    this.checksTargets = terms.every(({ cost }) => cost.checkTargets !== undefined);
  }

  /** The names of the figures. */
  get names(): readonly string[] {
    return this.figures.map(({ name }) => name);
  }

  /** The cost of all targets together, or of each. */
  get costs(): readonly Cost[] {
    return this.#terms.map(({ cost }) => cost);
  }

  /** Refuses targets that a cost does not take, whatever the outputs are. */
  checkTargets(where: string, outputs: Outputs<Shape>, targets: readonly Part[]): void {
    for (const { at, cost } of this.#terms) {
      const isJoint = outputs.form.kind !== "one" || this.form.kind !== "one";
      if (cost.checkTargets === undefined || (at === null && isJoint)) continue;
      const shape = at === null ? outputs.parts[0] : outputs.parts[this.#outputFor(where, outputs, at)];
      const target = targets[at ?? 0] as Part;
      const of = at === null ? where : `${where}: ${partName("y", this.form, at)}`;
      cost.checkTargets(of, shape as Shape, asTensor(target));
    }
  }

  /** The position of the output for a target. @throws ArgumentError if there is none */
  #outputFor(where: string, { form }: Outputs<unknown>, target: number): number {
    const { kind, names } = this.form;
    const isList = kind === "list" && form.names.length === names.length;
    const at = isList ? target : kind === "names" ? form.names.indexOf(names[target] as string) : -1;
    if (form.kind === kind && at >= 0) return at;
    throw new ArgumentError(
      `${where}: expected the model to give an output for each target, ${partNames("y", this.form)}, got ${form.kind === "one" ? "one tensor" : partNames("y", form)}`,
    );
  }

  /** The output for a target, and the target. Null: all of them in their form. */
  #pair(where: string, y: Outputs, targets: readonly Tensor[], at: number | null): [Tensor, Tensor] {
    if (at !== null) return [y.parts[this.#outputFor(where, y, at)] as Tensor, targets[at] as Tensor];
    return [putTogether(y.form, y.parts), putTogether(this.form, targets)] as [Tensor, Tensor];
  }

  /** The costs of a mini-batch: scalars. */
  means(where: string, y: Outputs, targets: readonly Tensor[]): Losses {
    return this.#added(({ at, cost }) => {
      const loss = checkTensor(where, "the cost's result", cost(...this.#pair(where, y, targets, at)));
      if (loss.size === 1) return loss;
      throw new ShapeError(`${where}: expected the cost to give a scalar, got ${format(loss.shape)}`);
    });
  }

  /** The costs of each sample: [B]. */
  perSample(where: string, y: Outputs, targets: readonly Tensor[]): Losses {
    const [samples] = (y.parts[0] as Tensor).shape as [number];
    return this.#added(({ at, cost }) => {
      const [own, target] = this.#pair(where, y, targets, at);
      const losses = checkTensor(where, "the cost's result", cost(own, target, { reduction: "none" }));
      if (losses.rank === 0 || losses.shape[0] !== samples) {
        throw new ShapeError(
          `${where}: expected the cost to give one number for each of ${samples} samples, or for each of their elements, got ${format(losses.shape)}`,
        );
      }
      return losses.rank === 1 ? losses : mean(flatten(losses, 1), { dim: 1 });
    });
  }

  /** Σ weight·cost over the costs whose weight is not 0, which 0·∞ would make NaN; where all are 0, over all. */
  #added(costOf: (term: Term) => Tensor): Losses {
    const [first, ...others] = this.#terms as [Term, ...Term[]];
    if (first.at === null) return { loss: costOf(first), own: [] };
    const own = [first, ...others].map(costOf);
    const isOff = this.#terms.every(({ weight }) => weight === 0);
    const weighted = own.flatMap((cost, i) => {
      const { weight } = this.#terms[i] as Term;
      if (weight === 0 && !isOff) return [];
      return [weight === 1 ? cost : mul(cost, weight)];
    });
    return { loss: weighted.reduce((total, cost) => add(total, cost)), own };
  }

  /** The loss of a mini-batch and of each target, and with weights Σ w·C and Σ w. */
  lossParts(where: string, y: Outputs, targets: readonly Tensor[], weight: Tensor | null): FigurePart[] {
    return weight === null
      ? meanParts(this.means(where, y, targets))
      : weightedParts(this.perSample(where, y, targets), weight);
  }

  /** The metrics of a mini-batch. */
  metricParts(where: string, y: Outputs, targets: readonly Tensor[], weight: Tensor | null): FigurePart[] {
    return this.#metrics.flatMap((metric, i) => {
      const pair = this.#pair(where, y, targets, metric.target);
      return metricParts(where, metric, this.losses.length + i, ...pair, weight);
    });
  }
}

export const meanParts = ({ loss, own }: Losses): FigurePart[] =>
  [loss, ...own].map((tensor, figure) => ({ figure, kind: "mean", key: "loss", tensor }));

/** Σ w·C and Σ w */
export const weightedParts = ({ loss, own }: Losses, weight: Tensor): FigurePart[] =>
  [loss, ...own].flatMap((losses, figure) => {
    const part = (key: string, tensor: Tensor): FigurePart => ({ figure, kind: "sum", key, tensor });
    return [part("loss", sum(mul(to(losses, "float64"), weight))), part("weight", sum(weight))];
  });

/**
 * @param form Of the targets.
 * @param onlyNumbers Whether each metric has to give a number.
 * @throws ArgumentError
 */
export function readObjective(
  where: string,
  { cost, costWeights, metrics, schema }: ObjectiveOptions,
  form: Form,
  onlyNumbers = false,
): Objective {
  const terms = readTerms(where, cost, costWeights, form);
  const objective = new Objective(
    form,
    terms,
    readMetrics(where, metrics, form, terms, { schema, onlyNumbers }),
  );
  const { names } = objective;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return objective;
  throw new ArgumentError(`${where}: two figures would be called ${twice}; give one another name`);
}

function readTerms(where: string, given: unknown, weights: unknown, form: Form): Term[] {
  if (typeof given === "function") {
    if (weights === undefined) return [{ at: null, cost: given as Cost, weight: 1 }];
    throw new ArgumentError(`${where}: expected costWeights only with a cost for each of several targets`);
  }
  if (form.kind === "one" || typeof given !== "object" || given === null) {
    const more = form.kind === "one" ? "" : ", or one for each target";
    throw new ArgumentError(
      `${where}: expected cost to be a function such as cost.crossEntropy${more}, got ${describe(given)}`,
    );
  }
  const own = byTarget(where, "cost", given, form);
  const weight = weights === undefined ? [] : byTarget(where, "costWeights", weights, form);
  return form.names.map((_, at) => {
    const cost = own[at];
    if (typeof cost !== "function") {
      throw new ArgumentError(
        `${where}: expected ${partName("cost", form, at)} to be a function such as cost.crossEntropy, got ${describe(cost)}`,
      );
    }
    const name = partName("costWeights", form, at);
    return { at, cost: cost as Cost, weight: checkNumber(where, name, weight[at] ?? 1, { min: 0 }) };
  });
}

/**
 * A value for each target, undefined where an object has none, from a list or an object in the form of the targets.
 * @throws ArgumentError
 */
function byTarget(where: string, option: string, given: unknown, form: Form): unknown[] {
  const { kind, names } = form;
  if (kind === "list" && Array.isArray(given) && given.length === names.length) return Array.from(given);
  if (kind === "names" && isPlainObject(given)) {
    const other = Object.keys(given).find((name) => !names.includes(name));
    if (other === undefined)
      return names.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
    throw new ArgumentError(
      `${where}: ${option}: there is no target ${describe(other)}; the targets are ${names.join(", ")}`,
    );
  }
  const what = kind === "list" ? `a list of ${names.length}` : "an object by their names";
  throw new ArgumentError(
    `${where}: expected ${option} to have a value for each target, ${what}, got ${describe(given)}`,
  );
}

function readMetrics(
  where: string,
  metrics: unknown,
  form: Form,
  terms: readonly Term[],
  of: Pick<MetricSubject, "schema" | "onlyNumbers">,
): readonly NamedMetric[] {
  if (metrics === undefined) return [];
  const [{ cost: joint }] = terms as [Term];
  if (form.kind === "one") return checkMetrics(where, metrics, { ...of, target: null, cost: joint });
  return byTarget(where, "metrics", metrics, form).flatMap((own, at) => {
    const cost = terms.find((term) => term.at === at)?.cost ?? {};
    const target = { at, name: form.names[at] as string };
    return checkMetrics(where, own, { ...of, target, cost });
  });
}
