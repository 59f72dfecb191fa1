import { describe, expect, test } from "vitest";
import {
  accuracy,
  backendInfo,
  cost,
  data,
  type EpochReport,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const generator = new Generator(11);
/** Samples around three centres. */
function clouds(count: number): { x: Tensor; y: Tensor } {
  const centres = tensor([
    [2, 0],
    [-1, 2],
    [-1, -2],
  ]);
  const y = ops.to(ops.mul(generator.uniform([count]), 3), "int32");
  const x = ops.add(ops.indexSelect(centres, 0, y), generator.normal([count, 2]));
  return { x: ops.to(x, "float64"), y };
}
const samples = clouds(50);

function makeModel(seed = 0): nn.Sequential {
  manualSeed(seed);
  const dtype = "float64";
  return new nn.Sequential(new nn.Linear(2, 8, { dtype }), new nn.Tanh(), new nn.Linear(8, 3, { dtype }));
}

interface Trained {
  readonly model: nn.Sequential;
  readonly history: EpochReport[];
  readonly losses: number[];
}

async function train(
  options: Partial<FitOptions> = {},
  settings: optim.SGDOptions = { lr: 0.1, momentum: 0.9 },
): Promise<Trained> {
  const model = makeModel();
  const losses: number[] = [];
  const history = await fit(model, {
    data: samples,
    cost: cost.crossEntropy,
    optimizer: new optim.SGD(model.parameters(), settings),
    epochs: 3,
    seed: 0,
    ...options,
    onBatch: (report) => {
      losses.push(report.loss);
      options.onBatch?.(report);
    },
  });
  return { model, history, losses };
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    const wanted = expected[i] as number;
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-10 * Math.abs(wanted) + 1e-14);
  });
}

const bits = (model: nn.Module): number[][] => model.parameters().map((parameter) => [...parameter.data]);

/** The same training by hand. */
function byHand(
  batchSize: number,
  epochs: number,
  shuffle: boolean,
  seed = 0,
): { model: nn.Sequential; losses: number[] } {
  const model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const loader = new data.DataLoader(samples, { batchSize, shuffle, seed });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of loader) {
      const loss = cost.crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
  }
  return { model, losses };
}

describe("fit does the same as a loop by hand", () => {
  test.each([
    ["full batch", 50, false],
    ["single samples", 1, true],
    ["mini-batches, the last one partial", 16, true],
    ["mini-batches in order", 10, false],
  ])("%s", async (_, batchSize, shuffle) => {
    const { model, losses } = await train({ batchSize, shuffle });
    const manual = byHand(batchSize, 3, shuffle);
    expectClose(losses, manual.losses);
    expectClose(bits(model).flat(), bits(manual.model).flat());
    // The steps are the same with and without onBatch.
    const whole = makeModel();
    const optimizer = new optim.SGD(whole.parameters(), { lr: 0.1, momentum: 0.9 });
    await fit(whole, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer,
      epochs: 3,
      batchSize,
      shuffle,
      seed: 0,
    });
    expect(bits(whole)).toEqual(bits(model));
  });
});

describe("what fit reports", () => {
  test("weights a partial batch by its number of samples", async () => {
    // The learning rate is 0, so the loss of the epoch is that of the set. Only the last sample's cost is not 0.
    const model = new nn.Linear(1, 1, { bias: false });
    model.loadStateDict({ weight: tensor([[1]]) });
    const x = tensor([[0], [0], [0], [0], [6]]);
    const y = tensor([[0], [0], [0], [0], [0]]);
    const figures = { target: (_: Tensor, t: Tensor) => ops.mean(t), output: (z: Tensor) => ops.mean(z) };
    const [report] = await fit(model, {
      data: { x, y },
      cost: cost.squaredError,
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      batchSize: 4,
      shuffle: false,
      metrics: figures,
      validation: { x, y },
    });
    // The mean of the means of the two batches would be 18 and 3.
    expect(report?.loss).toBeCloseTo(36 / 5, 6);
    expect(report?.metrics["output"]).toBeCloseTo(6 / 5, 6);
    expect(report?.validation?.["loss"]).toBeCloseTo(36 / 5, 6);
    const evaluation = await evaluate(model, {
      data: { x, y },
      cost: cost.squaredError,
      metrics: figures,
      batchSize: 2,
    });
    expect(evaluation["loss"]).toBeCloseTo(36 / 5, 6);
    expect(evaluation["output"]).toBeCloseTo(6 / 5, 6);
    expect(evaluation["target"]).toBe(0);
  });

  test("has an entry for each epoch with all its fields", async () => {
    const validation = clouds(20);
    const { model, history } = await train({ epochs: 4, batchSize: 16, validation, metrics: { accuracy } });
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    for (const report of history) {
      expect(Object.keys(report).sort()).toEqual(
        ["epoch", "loss", "metrics", "samplesPerSecond", "seconds", "validation"].sort(),
      );
      expect(report.loss).toBeGreaterThan(0);
      expect(Object.keys(report.metrics)).toEqual(["accuracy"]);
      expect(report.seconds).toBeGreaterThan(0);
      expect(report.samplesPerSecond).toBeGreaterThan(0);
    }
    const last = await evaluate(model, { data: validation, cost: cost.crossEntropy, metrics: { accuracy } });
    expect(history.at(-1)?.validation).toEqual(last);
    expect(history.at(-1)?.loss).toBeLessThan(history[0]?.loss ?? 0);
    expect(history.at(-1)?.metrics["accuracy"]).toBeGreaterThan(0.7);
    expect((await train()).history[0]?.validation).toBeNull();
  });

  test("numbers batches and epochs, and gives each batch's loss", async () => {
    const seen: unknown[] = [];
    const { losses } = await train({
      epochs: 2,
      batchSize: 20,
      onBatch: ({ epoch, batch, batches }) => {
        seen.push([epoch, batch, batches]);
      },
    });
    expect(seen).toEqual([
      [1, 1, 3],
      [1, 2, 3],
      [1, 3, 3],
      [2, 1, 3],
      [2, 2, 3],
      [2, 3, 3],
    ]);
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  test("waits for onEpoch, which may set the learning rate", async () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const events: string[] = [];
    await fit(model, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer,
      epochs: 2,
      batchSize: 50,
      onBatch: ({ epoch }) => {
        events.push(`batch of ${epoch} at ${optimizer.lr}`);
      },
      onEpoch: async ({ epoch }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        optimizer.lr = 0.05;
        events.push(`epoch ${epoch}`);
      },
    });
    expect(events).toEqual(["batch of 1 at 0.1", "epoch 1", "batch of 2 at 0.05", "epoch 2"]);
  });

  test.each(["onBatch", "onEpoch"] as const)(
    "rejects with the error that %s throws, and the model can be trained again",
    async (name) => {
      const model = makeModel();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const options = { data: samples, cost: cost.crossEntropy, optimizer };
      const stop = (): void => {
        throw new Error("enough");
      };
      await expect(fit(model, { ...options, [name]: stop })).rejects.toThrow("enough");
      await expect(fit(model, options)).resolves.toHaveLength(1);
    },
  );
});

describe("seeds", () => {
  const curve = async (options: Partial<FitOptions>): Promise<unknown> => {
    const { history, model } = await train({ batchSize: 8, ...options });
    return [history.map(({ loss }) => loss), bits(model)];
  };

  test("the same seed gives the same history and weights", async () => {
    expect(await curve({ seed: 5 })).toEqual(await curve({ seed: 5 }));
    // Without a seed, `manualSeed` decides, which `makeModel` calls.
    const own = async () => {
      const model = makeModel();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      return fit(model, { data: samples, cost: cost.crossEntropy, optimizer, batchSize: 8 });
    };
    const [first, second] = [await own(), await own()].map(([report]) => report?.loss);
    expect(first).toBe(second);
  });

  test("another seed gives another history", async () => {
    expect(await curve({ seed: 5 })).not.toEqual(await curve({ seed: 6 }));
  });
});

describe("modes", () => {
  class Watch extends nn.Module {
    readonly inner = new nn.Linear(2, 3, { dtype: "float64" });
    readonly modes: boolean[] = [];
    forward(x: Tensor): Tensor {
      this.modes.push(this.training, this.inner.training);
      return this.inner.forward(x);
    }
  }

  test("training in the step, evaluation in validation, and restored afterwards", async () => {
    const model = new Watch().eval();
    await fit(model, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      epochs: 2,
      batchSize: 50,
      validation: samples,
    });
    // The model's JavaScript runs once for each of the two programs.
    expect(model.modes).toEqual([true, true, false, false]);
    expect([model.training, model.inner.training]).toEqual([false, false]);
  });

  test("a module in evaluation mode stays in it while its model trains", async () => {
    const model = new Watch();
    model.inner.eval();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await fit(model, { data: samples, cost: cost.crossEntropy, optimizer, batchSize: 50 });
    expect(model.modes).toEqual([true, false]);
    expect([model.training, model.inner.training]).toEqual([true, false]);
  });
});

describe("abort", () => {
  test("before the start changes nothing", async () => {
    const model = makeModel();
    const before = bits(model);
    const reason = new Error("not wanted");
    const run = fit(model, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      signal: AbortSignal.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    expect(bits(model)).toEqual(before);
  });

  test("in the middle ends between two steps; the model still works and can be trained again", async () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const controller = new AbortController();
    let steps = 0;
    const options = { data: samples, cost: cost.crossEntropy, optimizer, batchSize: 5, epochs: 1000 };
    const run = fit(model, {
      ...options,
      signal: controller.signal,
      onBatch: () => {
        if (++steps === 13) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(steps).toBeLessThan(1000);
    expect(steps).toBeGreaterThanOrEqual(13);
    const stopped = bits(model);
    expect(stopped.flat().every(Number.isFinite)).toBe(true);
    expect(model.forward(samples.x).shape).toEqual([50, 3]);
    expect(await fit(model, { ...options, epochs: 2 })).toHaveLength(2);
    expect(bits(model)).not.toEqual(stopped);
  });

  test("from a timer works while it trains", async () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const run = fit(model, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer,
      batchSize: 1,
      epochs: 1_000_000,
      signal: AbortSignal.timeout(100),
    });
    await expect(run).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("beside other work", () => {
  test.each([
    ["in one long epoch", 1, 100_000],
    ["in many short ones", 10_000, 1],
  ])("timers fire while it trains %s", async (_, epochs, steps) => {
    const model = makeModel();
    const source = clouds(steps);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const started = performance.now();
    await fit(model, {
      data: source,
      cost: cost.crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      batchSize: 1,
      epochs,
    });
    const seconds = (performance.now() - started) / 1000;
    clearInterval(timer);
    // About every 10 ms, with a wide margin for a busy machine.
    expect(ticks).toBeGreaterThan(10 * seconds);
  });

  test("two models train at the same time, each as if it were alone", async () => {
    const alone = await train({ batchSize: 8, epochs: 20, seed: 1 });
    const other = await train({ batchSize: 8, epochs: 20, seed: 2 });
    const [a, b] = await Promise.all([
      train({ batchSize: 8, epochs: 20, seed: 1 }),
      train({ batchSize: 8, epochs: 20, seed: 2 }),
    ]);
    expect(bits(a.model)).toEqual(bits(alone.model));
    expect(bits(b.model)).toEqual(bits(other.model));
    expect(a.losses).toEqual(alone.losses);
    expect(b.losses).toEqual(other.losses);
  });
});

describe("threads", () => {
  test("the loss curve and the weights have the same bits with 1 and 2 threads", async () => {
    const before = backendInfo().threads;
    const source = new Generator(2);
    const set = { x: source.normal([1024, 300]), y: ops.to(ops.mul(source.uniform([1024]), 10), "int32") };
    const run = async (
      threads: number,
      make: (parameters: Tensor[]) => optim.Optimizer<object>,
    ): Promise<unknown> => {
      setThreads(threads);
      manualSeed(3);
      const model = new nn.Sequential(new nn.Linear(300, 256), new nn.ReLU(), new nn.Linear(256, 10));
      const losses: number[] = [];
      await fit(model, {
        data: set,
        cost: cost.crossEntropy,
        optimizer: make(model.parameters()),
        batchSize: 256,
        epochs: 3,
        onBatch: ({ loss }) => {
          losses.push(loss);
        },
      });
      return [losses, bits(model)];
    };
    try {
      for (const make of [
        (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.05, momentum: 0.9 }),
        (parameters: Tensor[]) => new optim.Adam(parameters),
      ]) {
        const one = await run(1, make);
        expect(await run(2, make)).toEqual(one);
        expect(await run(3, make)).toEqual(one);
      }
    } finally {
      setThreads(before);
    }
  });
});
