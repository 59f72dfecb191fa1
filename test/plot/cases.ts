// A plot of each kind, for what holds of all of them.

import type { EpochReport } from "../../lib/index.js";
import { cost, nn, optim, type Tensor, tensor } from "../../lib/index.js";
import * as plot from "../../lib/plot/index.js";

/** The reports of a training that goes well. */
export const reports = (epochs = 6, hasValidation = true): EpochReport[] =>
  Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    loss: 2 / (i + 1),
    metrics: { accuracy: 1 - 0.5 / (i + 1) },
    validation: hasValidation ? { loss: 2.2 / (i + 1) + 0.1 * i, accuracy: 1 - 0.6 / (i + 1) } : null,
    seconds: 1,
    samplesPerSecond: 100,
  }));

/** y = 2x + 1 */
export const lineData = {
  x: tensor([[-1], [0], [1], [2]]),
  y: tensor([[-1], [1], [3], [5]]),
};

/** A line with weight 0.5 and bias −0.5. */
export function line(): nn.Linear {
  const model = new nn.Linear(1, 1);
  model.loadStateDict({ weight: tensor([[0.5]]), bias: tensor([-0.5]) });
  return model;
}

/** Inside or outside of a circle. */
export function circle(): { x: Tensor; y: Tensor } {
  const points = Array.from({ length: 60 }, (_, i) => {
    const radius = i % 2 === 0 ? 0.6 : 1.4;
    return [radius * Math.cos(i), radius * Math.sin(i)];
  });
  return {
    x: tensor(points),
    y: tensor(
      Array.from(points, (_, i) => i % 2),
      { dtype: "int32" },
    ),
  };
}

export function net(): nn.Sequential {
  const model = new nn.Sequential(new nn.Linear(2, 6), new nn.Tanh(), new nn.Linear(6, 2));
  model.parameters().forEach((parameter, k) => {
    const values = Array.from({ length: parameter.size }, (_, i) => Math.sin(3 * i + k));
    parameter.data.set(values);
  });
  return model;
}

const sgd =
  (lr: number) =>
  (parameters: nn.Parameter[]): optim.SGD =>
    new optim.SGD(parameters, { lr });

const waves = (count: number, k = 1): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(k * i) / 2 + 0.5);
const isAbove = (values: readonly number[], k: number): number[] =>
  values.map((value, i) => (value + 0.3 * Math.sin(7 * i + k) > 0.5 ? 1 : 0));
const three = Array.from({ length: 30 }, (_, i) => {
  const raw = [0, 1, 2].map((c) => Math.exp(Math.sin(i + c) + (i % 3 === c ? 1 : 0)));
  const sum = raw.reduce((total, one) => total + one, 0);
  return raw.map((one) => one / sum);
});

function gradientLog(): plot.GradientLog {
  const model = net();
  const log = new plot.GradientLog(model, cost.crossEntropy, circle());
  for (let step = 0; step < 5; step++) {
    log.record();
    for (const { data } of model.parameters()) data.set(data.map((value) => value * 0.8));
  }
  return log;
}

type Made = plot.Plot | Promise<plot.Plot>;

export const CASES: Readonly<Record<string, () => Made>> = {
  history: () => plot.history(reports()),
  "history of several runs": () =>
    plot.history(
      { sgd: reports(8), "adam <with> a long name & more": reports(5, false) },
      { scale: "log", smoothing: 0.5 },
    ),
  "history of a run of one epoch among others": () =>
    plot.history({ long: reports(6), short: reports(1, false) }),
  "history of one epoch": () => plot.history(reports(1)),
  landscape: () => plot.landscape(net(), cost.crossEntropy, circle(), { points: 9 }),
  "landscape, as a surface": () =>
    plot.landscape(net(), cost.crossEntropy, circle(), { points: 9, kind: "surface", scale: "linear" }),
  trajectory: () =>
    plot.trajectory(line(), cost.mse, lineData, {
      points: 9,
      ways: {
        "full batch": { optimizer: sgd(0.1), steps: 10 },
        "single samples": { optimizer: sgd(0.1), batchSize: 1, steps: 20 },
      },
    }),
  "trajectory of a descent that diverges": () =>
    plot.trajectory(line(), cost.mse, lineData, {
      points: 9,
      ways: { good: { optimizer: sgd(0.1), steps: 10 }, bad: { optimizer: sgd(100), steps: 200 } },
    }),
  jacobian: () => plot.jacobian(net(), tensor([0.5, -1])),
  "jacobian, a large matrix": () => plot.jacobian(tensor(waves(90 * 70), { shape: [90, 70] })),
  gradients: () => plot.gradients(gradientLog()),
  "gradients of each parameter": () => plot.gradients(gradientLog(), { by: "parameter", scale: "linear" }),
  weights: () => plot.weights(net()),
  "weights as matrices": () => plot.weights(net(), { kind: "matrix", parameters: ["0", "2.weight"] }),
  activations: () => plot.activations(net(), circle().x),
  decision: () => plot.decision(net(), circle(), { points: 21, classNames: ["inside", "outside"] }),
  confusion: () =>
    plot.confusion([0, 1, 2, 2, 1, 0, 2], [0, 1, 2, 1, 1, 0, 0], {
      classNames: ["cat", "dog", "a <long> name & more"],
    }),
  roc: () => plot.roc(waves(60), isAbove(waves(60), 1)),
  "roc of three classes": () =>
    plot.roc(
      three,
      Array.from(three, (_, i) => i % 3),
      { classNames: ["a", "b", "c"] },
    ),
  precisionRecall: () => plot.precisionRecall(waves(60), isAbove(waves(60), 1)),
  calibration: () => plot.calibration(waves(200), isAbove(waves(200), 2), { bins: 10 }),
  residuals: () =>
    plot.residuals(
      waves(80),
      waves(80).map((value, i) => value + 0.1 * Math.cos(5 * i)),
    ),
  lrFinder: () =>
    plot.lrFinder({
      rates: Array.from({ length: 50 }, (_, i) => 1e-6 * 10 ** (i / 7)),
      losses: Array.from({ length: 50 }, (_, i) => 2 - 1 / (1 + Math.exp(20 - i)) + Math.exp(i / 4 - 11)),
      suggestion: 1e-6 * 10 ** 3,
    }),
  "lrFinder, of losses that are not finite": () =>
    plot.lrFinder(
      { rates: [0.01, 0.1, 1, 10], losses: [2, 1, Number.POSITIVE_INFINITY, Number.NaN], suggestion: 0.1 },
      { scale: "log" },
    ),
  schedule: () =>
    plot.schedule({
      cosine: (optimizer) => new optim.CosineAnnealingLR(optimizer, { tMax: 100 }),
      "one cycle": (optimizer) => new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 101 }),
      step: (optimizer) => new optim.StepLR(optimizer, { stepSize: 30 }),
    }),
};
