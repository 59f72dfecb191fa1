import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  type EarlyStoppingOptions,
  type EpochReport,
  type FitOptions,
  fit,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-early-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = { x: tensor([[1], [1]]), y: tensor([[0], [0]]) };

/** Its output is its weight plus a buffer. The gradient of the weight is 0, so `onEpoch` alone moves it. */
class Given extends nn.Module {
  readonly w = new nn.Parameter(tensor([0]));
  readonly offset = new nn.Buffer(tensor([0]));
  forward(x: Tensor): Tensor {
    return ops.add(ops.mul(x, ops.mul(this.w, 1)), this.offset);
  }
}

interface Ran {
  readonly history: EpochReport[];
  readonly model: Given;
}

/** The validation loss of epoch e is the square of `figures[e − 1]`. */
async function run(
  figures: readonly number[],
  earlyStopping: EarlyStoppingOptions,
  more: Partial<FitOptions> = {},
  model: Given = new Given(),
): Promise<Ran> {
  const set = (epoch: number): void => {
    const value = figures[epoch - 1];
    if (value === undefined) return;
    model.loadStateDict({ w: tensor([value - 1]), offset: tensor([1]) });
  };
  if (more.resume === undefined) set(1);
  const history = await fit(model, {
    data,
    cost: cost.mse,
    optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
    epochs: figures.length,
    earlyStopping,
    onEpoch: ({ epoch }) => set(epoch + 1),
    ...more,
  });
  return { history, model };
}

/** As keras.callbacks.EarlyStopping, by its source. */
function asKeras(
  figures: readonly number[],
  { patience = 0, minDelta = 0, baseline }: EarlyStoppingOptions,
): { epochs: number; best: number } {
  let [best, bestEpoch, wait] = [Number.POSITIVE_INFINITY, 1, 0];
  for (let epoch = 1; epoch <= figures.length; epoch++) {
    const loss = (figures[epoch - 1] as number) ** 2;
    wait++;
    if (loss < best - minDelta) {
      [best, bestEpoch] = [loss, epoch];
      if (baseline === undefined || loss < baseline - minDelta) wait = 0;
    } else if (wait >= patience && epoch > 1) return { epochs: epoch, best: bestEpoch };
  }
  return { epochs: figures.length, best: bestEpoch };
}

const COURSES = [
  [5, 4, 3, 3, 2.5, 2.6, 2.7, 2.4, 2.45, 2.5, 2.6, 2.7, 1],
  [1, 2, 3, 4, 5],
  [5, 4, 3, 2, 1],
  [3, 3.5, 2.99, 2.98, 2.97, 2.96, 2.95],
];

describe("earlyStopping", () => {
  test.each<[string, EarlyStoppingOptions]>([
    ["at once", {}],
    ["with patience", { patience: 2 }],
    ["with minDelta", { patience: 1, minDelta: 0.5 }],
    ["with a baseline", { patience: 3, baseline: 6 }],
    ["with all", { patience: 4, baseline: 7, minDelta: 0.1 }],
  ])("ends as Keras' does, and gives the best weights and buffers back: %s", async (_, options) => {
    for (const figures of COURSES) {
      const expected = asKeras(figures, options);
      const { history, model } = await run(figures, { ...options, restoreBest: true });
      expect(history).toHaveLength(expected.epochs);
      expect(history.map(({ epoch }) => epoch)).toEqual(history.map((_, i) => i + 1));
      const best = figures[expected.best - 1] as number;
      expect(model.w.item()).toBeCloseTo(best - 1, 6);
      expect(model.offset.item()).toBe(1);
    }
  });

  test("leaves the last weights without restoreBest", async () => {
    const { history, model } = await run([3, 2, 4, 5, 6], { patience: 2 });
    expect(history).toHaveLength(4);
    expect(model.w.item()).toBeCloseTo(5, 6);
  });

  test("watches a metric of the validation set that is to rise", async () => {
    const metrics = { output: (y: Tensor): Tensor => ops.mean(y) };
    const { history } = await run(
      [1, 2, 3, 2, 1, 0],
      { monitor: "validation.output", mode: "max", patience: 2 },
      { validation: data, metrics },
    );
    expect(history).toHaveLength(5);
  });

  test("goes on from a checkpoint to the same end, or says why it cannot", async () => {
    const figures = [5, 3, 4, 4.5, 5, 6, 7, 8];
    const options = { patience: 4, restoreBest: true };
    const whole = await run(figures, options);
    expect(whole.history).toHaveLength(6);
    const path = join(folder, "run");
    const broken = new Error("broken off");
    const interrupted = run(figures, options, {
      checkpoint: { path, every: { epochs: 4 } },
      onCheckpoint: () => {
        throw broken;
      },
    });
    await expect(interrupted).rejects.toBe(broken);
    const resumed = await run(figures, options, { resume: path });
    expect(resumed.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
    expect([...resumed.model.w.data]).toEqual([...whole.model.w.data]);
    expect(resumed.model.w.item()).toBeCloseTo(2, 6);
    await expect(run(figures, { ...options, minDelta: 20 }, { resume: path })).rejects.toThrow(
      /earlyStopping: the best weights, by loss of epoch 1; the checkpoint has those of epoch 2/,
    );
    // More patience goes on after the end.
    const ended = join(folder, "ended");
    await run(figures, options, { checkpoint: { path: ended } });
    expect((await run(figures, options, { resume: ended })).history).toHaveLength(6);
    expect((await run(figures, { ...options, patience: 9 }, { resume: ended })).history).toHaveLength(8);
    const plain = join(folder, "plain");
    await run([5, 3], { patience: 9 }, { checkpoint: { path: plain } });
    await expect(run(figures, options, { resume: plain })).rejects.toThrow("the checkpoint has none");
  });

  test("refuses what is no such option before any work", async () => {
    const wrong = (options: unknown): Promise<Ran> => run([1, 2], options as EarlyStoppingOptions);
    await expect(wrong({ patience: -1 })).rejects.toThrow(ArgumentError);
    await expect(wrong({ minDelta: Number.NaN })).rejects.toThrow(ArgumentError);
    await expect(wrong({ baseline: "1" })).rejects.toThrow(ArgumentError);
    await expect(wrong({ restoreBest: 1 })).rejects.toThrow(ArgumentError);
    await expect(wrong({ monitor: "validation.loss" })).rejects.toThrow(/expected monitor to be/);
    await expect(wrong({ restoreBestWeights: true })).rejects.toThrow(OptionError);
    await expect(wrong(null)).rejects.toThrow(ArgumentError);
  });
});

describe('the answer "stop"', () => {
  const train = async (more: Partial<FitOptions>): Promise<EpochReport[]> => {
    manualSeed(1);
    const model = new nn.Linear(1, 1);
    const x = tensor(Array.from({ length: 10 }, (_, i) => [i / 10]));
    return fit(model, {
      data: { x, y: x },
      cost: cost.mse,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      epochs: 5,
      batchSize: 3,
      ...more,
    });
  };

  test("of onEpoch ends the training with its history", async () => {
    const figures = (history: EpochReport[]): number[] => history.map(({ loss }) => loss);
    const whole = figures(await train({}));
    expect(figures(await train({ onEpoch: ({ epoch }) => (epoch === 2 ? "stop" : undefined) }))).toEqual(
      whole.slice(0, 2),
    );
    const later = async ({ epoch }: EpochReport): Promise<"stop" | undefined> => {
      await new Promise((done) => setTimeout(done, 5));
      return epoch === 3 ? "stop" : undefined;
    };
    expect(figures(await train({ onEpoch: later }))).toEqual(whole.slice(0, 3));
  });

  test.each([1, 2, 4])("of onBatch ends the epoch after the steps that are done: batch %i", async (at) => {
    const losses: number[] = [];
    const epochs: number[] = [];
    const history = await train({
      onBatch: async ({ epoch, batch, loss }) => {
        await null;
        if (epoch === 2) losses.push(loss);
        return epoch === 2 && batch === at ? "stop" : undefined;
      },
      onEpoch: ({ epoch }) => {
        epochs.push(epoch);
      },
    });
    expect(epochs).toEqual([1, 2]);
    expect(history).toHaveLength(2);
    expect(losses).toHaveLength(at);
    const sizes = [3, 3, 3, 1].slice(0, at);
    const total = sizes.reduce((sum, one) => sum + one, 0);
    const mean = losses.reduce((sum, loss, i) => sum + loss * (sizes[i] as number), 0) / total;
    expect(history[1]?.loss).toBeCloseTo(mean, 10);
  });
});
