// Trainings with every optimizer, every schedule and layers that have random numbers or statistics, which are broken off
// and resumed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import {
  backendInfo,
  type CheckpointReport,
  cost,
  type EpochReport,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  rand,
  setThreads,
  type Tensor,
} from "../../lib/index.js";
import type { Schedule } from "../../lib/optim/schedulers/registry.js";
import { optimizers, schedules } from "../oracle/nets.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Adds noise from a generator of its own. */
class Noise extends nn.Module {
  readonly generator = new Generator(7);
  forward(x: Tensor): Tensor {
    return this.training ? ops.add(x, this.generator.normal(x.shape, { std: 0.1, dtype: x.dtype })) : x;
  }
}

const dtype = "float64";
export const LAYERS: Readonly<Record<string, () => nn.Module>> = {
  Dropout: () => new nn.Dropout(0.3),
  BatchNorm: () => new nn.BatchNorm1d(6, { dtype }),
  noise: () => new Noise(),
};

const data = (() => {
  const generator = new Generator(1);
  const x = generator.normal([22, 4], { dtype });
  return { x, y: ops.tanh(ops.sum(x, { dim: 1, keepdim: true })) };
})();

interface Made {
  readonly model: nn.Module;
  readonly options: FitOptions;
  readonly average: optim.WeightAverage;
  readonly draws: number[];
}

type Kind = ReturnType<typeof optimizers>[number];
type Scheduled = ReturnType<typeof schedules>[number];

/** A training with all that a checkpoint holds. Whatever it begins with is made anew. */
function make(kind: Kind, scheduled: Scheduled | null, layers: readonly string[], seed: number): Made {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(4, 6, { dtype }),
    ...layers.map((name) => (LAYERS[name] as () => nn.Module)()),
    new nn.Tanh(),
    new nn.Linear(6, 1, { dtype }),
  );
  const { matrices } = kind.description.asks ?? {};
  const parameters = model.parameters().filter((one) => matrices !== true || one.rank === 2);
  const optimizer = kind.make(parameters, kind.description.resumed);
  const isStill = optimizer.groups.every(({ momentum }) => momentum === null);
  const moves = scheduled !== null && scheduled.options !== null && "maxMomentum" in scheduled.options;
  const schedule: Schedule | null =
    scheduled?.make(optimizer, isStill && moves ? { cycleMomentum: false } : {}) ?? null;
  const average = new optim.WeightAverage(model.parameters(), { decay: 0.9 });
  const draws: number[] = [];
  return {
    model,
    average,
    draws,
    options: {
      data,
      cost: cost.mse,
      optimizer,
      epochs: 3,
      batchSize: 5,
      validation: data,
      onBatch: () => {
        average.update();
        draws.push(rand([1]).item());
      },
      onEpoch: ({ loss }) => schedule?.step(loss),
      state: {
        schedules: schedule === null ? [] : [schedule],
        averages: [average],
        extra: () => ({ draws: [...draws] }),
      },
    },
  };
}

/** All that a training has come to, to the bit. */
const result = ({ model, options, average, draws }: Made, history: readonly EpochReport[]) => ({
  weights: Object.values(model.stateDict()).map((one) => [...one.data]),
  averages: average.averages.map((one) => [...one.data]),
  rates: options.optimizer.groups.map(({ lr }) => lr),
  momenta: options.optimizer.groups.map(({ momentum }) => momentum),
  draws,
  history: history.map(({ epoch, loss, metrics, validation }) => ({ epoch, loss, metrics, validation })),
});

const broken = new Error("broken off");

/** Trains until a checkpoint of that step is on the device. */
async function breakOff({ options, model }: Made, path: string, at: number): Promise<void> {
  const run = fit(model, {
    ...options,
    checkpoint: { path, every: { steps: at } },
    onCheckpoint: ({ step }: CheckpointReport) => {
      expect(step).toBe(at);
      throw broken;
    },
  });
  await expect(run).rejects.toBe(broken);
}

async function resume(made: Made, path: string): Promise<EpochReport[]> {
  return fit(made.model, {
    ...made.options,
    resume: path,
    onResume: ({ extra }) => {
      made.draws.push(...(extra as { draws: number[] }).draws);
    },
  });
}

// LBFGS takes a function that computes the loss, which `fit` has not.
export const KINDS = optimizers().filter(({ description }) => description.asks?.closure !== true);
export const SCHEDULES: readonly (Scheduled | null)[] = [null, ...schedules("runs")];
export const nameOf = (one: Scheduled | null): string =>
  one === null ? "no schedule" : `${one.name} ${one.note}`;

let files = 0;

/** Compares a training that was not broken off with those that were, with another number of threads. */
export async function expectSame(
  kind: Kind,
  scheduled: Scheduled | null,
  layers: readonly string[],
  steps: readonly number[],
): Promise<void> {
  const whole = make(kind, scheduled, layers, 3);
  const expected = result(whole, await fit(whole.model, whole.options));
  for (const step of steps) {
    const path = join(folder, `${++files}.safetensors`);
    await breakOff(make(kind, scheduled, layers, 3), path, step);
    const again = make(kind, scheduled, layers, 99);
    const threads = backendInfo().threads;
    setThreads(threads === 1 ? 2 : 1);
    const history = await resume(again, path);
    setThreads(threads);
    expect(result(again, history), `${layers}, step ${step}`).toEqual(expected);
  }
}
