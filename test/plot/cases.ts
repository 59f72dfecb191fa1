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

type Made = plot.Plot | Promise<plot.Plot>;

export const CASES: Readonly<Record<string, () => Made>> = {
  history: () => plot.history(reports()),
  "history of several runs": () =>
    plot.history(
      { sgd: reports(8), "adam <with> a long name & more": reports(5, false) },
      { scale: "log", smoothing: 0.5 },
    ),
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
};
