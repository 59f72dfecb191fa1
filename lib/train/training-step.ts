import { noGrad } from "../context/grad-mode.js";
import { type Form, keyOf, partName } from "../data/parts.js";
import type { AnyModule } from "../nn/module.js";
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
import { type AnyAugment, augmented } from "./augmentation.js";
import { CompiledModel, type Compute, inOrder, programFor } from "./compiled-model.js";
import type { FigurePart } from "./metrics.js";
import { meanParts, type Objective, type Outputs, weightedParts } from "./objective.js";
import { outsideOf } from "./steps.js";

/** What a step does besides what every step does. Absent: it does not. */
export interface StepSettings {
  /** Makes what the model is given of the samples. */
  readonly augment?: AnyAugment | undefined;
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

/** One step of descent. Its results are the loss before the step, those of the targets, and the metrics. */
export function trainingProgram(
  model: AnyModule,
  objective: Objective,
  optimizer: Optimizer<object>,
  x: Form,
  settings: StepSettings = {},
): CompiledModel {
  const { augment, part, average, guard = false } = settings;
  const key = [augment, settings.clipGradNorm, settings.clipGradValue, part, average, guard];
  const safe = ([loss, ...others]: readonly FigurePart[]): FigurePart[] =>
    noGrad(() => [guard ? guarded(loss as FigurePart) : (loss as FigurePart), ...others]);
  return programFor(model, objective, ["train", optimizer, ...key, keyOf(x)], () => {
    const move = (): void => {
      if (settings.clipGradValue !== undefined) clipGradValue(optimizer.parameters, settings.clipGradValue);
      if (settings.clipGradNorm !== undefined) clipGradNorm(optimizer.parameters, settings.clipGradNorm);
      optimizer.step();
      average?.update();
    };
    const whole: Compute = (where, { x: samples, targets, weight }, output) => {
      const y = output(samples);
      const { loss, told } = lossAndReport(where, objective, y, targets, weight, null);
      const figures = noGrad(() => objective.metricParts(where, detached(y), targets, weight));
      optimizer.zeroGrad();
      loss.backward();
      const results = [...safe(told), ...figures];
      move();
      return results;
    };
    const inParts: Compute = (where, inputs, output) => {
      const { targets, weight } = inputs;
      const count = (inputs.x[0] as Tensor).shape[0] as number;
      if (part === undefined || count <= part) return whole(where, inputs, output);
      const all: Samples = { count, weight: weight === null ? null : sum(weight) };
      const outputs: Outputs[] = [];
      const told: (readonly FigurePart[])[] = [];
      optimizer.zeroGrad();
      for (let start = 0; start < count; start += part) {
        const end = Math.min(start + part, count);
        const of = (tensor: Tensor): Tensor => slice(tensor, 0, { start, end });
        const y = output(inputs.x.map(of));
        const own = weight === null ? null : of(weight);
        const one = lossAndReport(where, objective, y, targets.map(of), own, all);
        one.loss.backward();
        outputs.push(detached(y));
        told.push(one.told);
      }
      const figures = noGrad(() => objective.metricParts(where, joined(where, outputs), targets, weight));
      const results = [...safe(noGrad(() => summed(told))), ...figures];
      move();
      return results;
    };
    const compute = part === undefined ? whole : inParts;
    const onAugmented: Compute = (where, inputs, output) =>
      compute(where, inputs, (parts) => output(augmented(where, augment as AnyAugment, { form: x, parts })));
    const forms = { x, y: objective.form };
    return new CompiledModel(model, optimizer, forms, augment === undefined ? compute : onAugmented);
  });
}

const detached = ({ form, parts }: Outputs): Outputs => ({ form, parts: parts.map(detach) });

/** The outputs for the samples of several mini-batches. @throws ArgumentError if their names differ */
function joined(where: string, outputs: readonly Outputs[]): Outputs {
  const { form, parts } = outputs[0] as Outputs;
  const all = outputs.map((one) => inOrder(where, namesOf(one.form), one.parts, namesOf(form)));
  return { form, parts: parts.map((_, at) => concat(all.map((one) => one[at] as Tensor))) };
}

const namesOf = (form: Form): string[] => form.names.map((_, at) => partName("y", form, at));

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
export function lossAndReport(
  where: string,
  objective: Objective,
  y: Outputs,
  targets: readonly Tensor[],
  weight: Tensor | null,
  all: Samples | null,
): { readonly loss: Tensor; readonly told: readonly FigurePart[] } {
  if (weight === null) {
    const { loss, own } = objective.means(where, y, targets);
    const share = all === null ? 1 : ((y.parts[0] as Tensor).shape[0] as number) / all.count;
    const shareOf = (cost: Tensor): Tensor => (all === null ? cost : mul(cost, share));
    const descended = shareOf(loss);
    return { loss: descended, told: meanParts({ loss: descended, own: noGrad(() => own.map(shareOf)) }) };
  }
  const { loss: losses, own } = objective.perSample(where, y, targets);
  const by = to(maximum(all?.weight ?? sum(weight), LEAST_WEIGHT), losses.dtype);
  const loss = div(sum(mul(losses, to(weight, losses.dtype))), by);
  const told = noGrad(() => weightedParts({ loss: detach(losses), own: own.map(detach) }, weight));
  return { loss, told };
}
