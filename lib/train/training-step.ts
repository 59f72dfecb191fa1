import { noGrad } from "../context/grad-mode.js";
import type { Cost } from "../cost/define.js";
import type { Module } from "../nn/module.js";
import { add } from "../ops/add.js";
import { concat } from "../ops/concat.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { indexSelect } from "../ops/index-select.js";
import { isFinite } from "../ops/is-finite.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { clipGradNorm, clipGradValue } from "../optim/clip.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { WeightAverage } from "../optim/weight-average.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  CompiledModel,
  type Compute,
  lossesOf,
  lossOf,
  meanLoss,
  metricsKey,
  programFor,
  weightedLoss,
} from "./compiled-model.js";
import { type FigurePart, figuresOf, type NamedMetric } from "./metrics.js";
import { outsideOf } from "./steps.js";

/** What a step does besides what every step does. Absent: it does not. */
export interface StepSettings {
  readonly clipGradNorm?: number | undefined;
  readonly clipGradValue?: number | undefined;
  /** The gradients are summed over mini-batches of at most this many samples, which make one step. */
  readonly part?: number | undefined;
  /** Updated after each step. */
  readonly average?: WeightAverage | undefined;
  /** A step whose loss is not finite fails before it moves the parameters. */
  readonly guard?: boolean | undefined;
}

/** An index outside every set. A step whose loss is not finite gathers at it, and so fails. */
const NOT_FINITE = -2147480000;

/** The step of a loop, from 0, that failed since its loss is not finite; null for another error. */
export function nonFiniteStep(error: unknown): number | null {
  const outside = outsideOf(error);
  return outside?.value === NOT_FINITE && outside.position === 0 ? outside.step : null;
}

/** A figure with the same values, which fails where it is not finite, before what comes after it writes. */
function guarded(figure: FigurePart): FigurePart {
  const loss = detach(figure.tensor);
  const index = mul(sub(1, to(isFinite(loss), "int32")), NOT_FINITE);
  return { ...figure, tensor: indexSelect(reshape(loss, [1]), 0, reshape(index, [1])) };
}

/** The least divisor of a sum of weights: samples that all count nothing have the loss 0. */
const LEAST_WEIGHT = 1e-30;

/** One step of descent. Its results are the loss before the step, and the metrics. */
export function trainingProgram(
  model: Module,
  cost: Cost,
  optimizer: Optimizer<object>,
  metrics: readonly NamedMetric[],
  settings: StepSettings = {},
): CompiledModel {
  const { part, average, guard = false } = settings;
  const key = [settings.clipGradNorm, settings.clipGradValue, part, average, guard];
  const safe = ([loss, ...others]: readonly FigurePart[]): FigurePart[] =>
    noGrad(() => [guard ? guarded(loss as FigurePart) : (loss as FigurePart), ...others]);
  return programFor(model, ["train", cost, optimizer, ...key, ...metricsKey(metrics)], () => {
    const move = (): void => {
      if (settings.clipGradValue !== undefined) clipGradValue(optimizer.parameters, settings.clipGradValue);
      if (settings.clipGradNorm !== undefined) clipGradNorm(optimizer.parameters, settings.clipGradNorm);
      optimizer.step();
      average?.update();
    };
    const whole: Compute = (where, [x, target, weight], output) => {
      const y = output(x);
      const { loss, told } = lossAndReport(where, cost, y, target, weight, null);
      const figures = noGrad(() => figuresOf(where, metrics, detach(y), target, weight));
      optimizer.zeroGrad();
      loss.backward();
      const results = [...safe(told), ...figures];
      move();
      return results;
    };
    const inParts: Compute = (where, inputs, output) => {
      const [x, target, weight] = inputs;
      const samples = x.shape[0] as number;
      if (part === undefined || samples <= part) return whole(where, inputs, output);
      const all: Samples = { count: samples, weight: weight === null ? null : sum(weight) };
      const outputs: Tensor[] = [];
      const told: (readonly FigurePart[])[] = [];
      optimizer.zeroGrad();
      for (let start = 0; start < samples; start += part) {
        const end = Math.min(start + part, samples);
        const of = (tensor: Tensor): Tensor => slice(tensor, 0, { start, end });
        const y = output(of(x));
        const one = lossAndReport(where, cost, y, of(target), weight === null ? null : of(weight), all);
        one.loss.backward();
        outputs.push(detach(y));
        told.push(one.told);
      }
      const figures = noGrad(() => figuresOf(where, metrics, concat(outputs), target, weight));
      const results = [...safe(noGrad(() => summed(told))), ...figures];
      move();
      return results;
    };
    return new CompiledModel(model, optimizer, part === undefined ? whole : inParts);
  });
}

/** The sums of figures of the same layout. */
const summed = ([first = [], ...others]: readonly (readonly FigurePart[])[]): FigurePart[] =>
  first.map((figure, at) => ({
    ...figure,
    tensor: others.reduce((total, one) => add(total, (one[at] as FigurePart).tensor), figure.tensor),
  }));

/** The samples of a step. */
interface Samples {
  readonly count: number;
  /** Σ w; null: they have no weights. */
  readonly weight: Tensor | null;
}

/**
 * What a step descends, and what it reports: the mean, or with weights Σ w·C / Σ w.
 * @param all The samples of the step, of which these are a part; null: these are all.
 */
function lossAndReport(
  where: string,
  cost: Cost,
  y: Tensor,
  target: Tensor,
  weight: Tensor | null,
  all: Samples | null,
): { readonly loss: Tensor; readonly told: readonly FigurePart[] } {
  if (weight === null) {
    const own = lossOf(where, cost, y, target);
    const loss = all === null ? own : mul(own, (y.shape[0] as number) / all.count);
    return { loss, told: [meanLoss(loss)] };
  }
  const losses = lossesOf(where, cost, y, target);
  const by = to(maximum(all?.weight ?? sum(weight), LEAST_WEIGHT), losses.dtype);
  const loss = div(sum(mul(losses, to(weight, losses.dtype))), by);
  return { loss, told: noGrad(() => weightedLoss(detach(losses), weight)) };
}
