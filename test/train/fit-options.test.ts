import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { orderOf } from "../../lib/data/epochs.js";
import {
  ArgumentError,
  cost,
  DataError,
  data,
  type EpochReport,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  predict,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-options-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dtype = "float64";
const generator = new Generator(5);
const x = generator.normal([50, 3], { dtype });
const y = tensor(
  Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? 1 : i % 7 === 0 ? 2 : 0)),
  { dtype: "int32" },
);
const samples = { x, y };

function makeModel(seed = 0): nn.Sequential {
  manualSeed(seed);
  return new nn.Sequential(new nn.Linear(3, 6, { dtype }), new nn.Tanh(), new nn.Linear(6, 3, { dtype }));
}

interface Trained {
  readonly model: nn.Sequential;
  readonly optimizer: optim.SGD;
  readonly history: EpochReport[];
}

type More = Partial<FitOptions>;

async function train(
  more: More | ((model: nn.Sequential, optimizer: optim.SGD) => More) = {},
  seed = 0,
): Promise<Trained> {
  const model = makeModel(seed);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.3, momentum: 0.9 });
  const options = typeof more === "function" ? more(model, optimizer) : more;
  const good = { data: samples, cost: cost.crossEntropy, optimizer, epochs: 3, batchSize: 8, seed: 0 };
  return { model, optimizer, history: await fit(model, { ...good, ...options }) };
}

const bits = ({ model }: Trained): number[] => model.parameters().flatMap((one) => [...one.data]);
const losses = ({ history }: Trained): number[] => history.map(({ loss }) => loss);

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(1e-9);
  });
}

/** A sampler that notes the epochs that it was asked for. */
function noting() {
  const order: number[] = [];
  const sampler = (epoch: number) => {
    order.push(epoch);
    return Int32Array.from({ length: 50 }, (_, i) => i);
  };
  return { sampler, order };
}

type Change = (model: nn.Module, optimizer: optim.SGD) => void;

/** Trains by hand. `before` is called before each step, `after` after it. */
function byHand(
  batchSize: number,
  {
    before,
    after,
    epoch: atEnd,
    weight,
  }: { before?: Change; after?: Change; epoch?: Change; weight?: Tensor } = {},
): number[] {
  const model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.3, momentum: 0.9 });
  for (let epoch = 0; epoch < 3; epoch++) {
    const order = tensor(orderOf(0, epoch, 50));
    for (let start = 0; start < 50; start += batchSize) {
      const rows = ops.slice(order, 0, { start, end: Math.min(50, start + batchSize) });
      const [xs, ys] = [ops.indexSelect(x, 0, rows), ops.indexSelect(y, 0, rows)];
      optimizer.zeroGrad();
      if (weight === undefined) cost.crossEntropy(model.forward(xs), ys).backward();
      else {
        const w = ops.indexSelect(weight, 0, rows);
        const each = cost.crossEntropy(model.forward(xs), ys, { reduction: "none" });
        ops.div(ops.sum(ops.mul(each, w)), ops.sum(w)).backward();
      }
      before?.(model, optimizer);
      optimizer.step();
      after?.(model, optimizer);
    }
    atEnd?.(model, optimizer);
  }
  return model.parameters().flatMap((one) => [...one.data]);
}

/** Breaks a training off after some steps, and goes on. */
async function interrupted(
  more: (model: nn.Sequential, optimizer: optim.SGD) => More,
  steps: number,
): Promise<Trained> {
  const path = join(folder, `${Math.random()}`);
  const broken = new Error("broken off");
  const run = train((...made) => ({
    ...more(...made),
    checkpoint: { path, every: { steps } },
    onCheckpoint: () => {
      throw broken;
    },
  }));
  await expect(run).rejects.toBe(broken);
  return train((...made) => ({ ...more(...made), resume: path }), 9);
}

describe("gradients", () => {
  test("clipGradNorm and clipGradValue are those of optim", async () => {
    expectClose(
      bits(await train({ clipGradNorm: 0.1 })),
      byHand(8, { before: (model) => optim.clipGradNorm(model.parameters(), 0.1) }),
    );
    expectClose(
      bits(await train({ clipGradValue: 0.02, clipGradNorm: 0.07 })),
      byHand(8, {
        before: (model) => {
          optim.clipGradValue(model.parameters(), 0.02);
          optim.clipGradNorm(model.parameters(), 0.07);
        },
      }),
    );
    expect(bits(await train({ clipGradNorm: 0.1 }))).not.toEqual(bits(await train()));
  });

  test.each([
    [8, 2],
    [3, 4],
    [20, 4],
    [50, 3],
  ])(
    "accumulate: mini-batches of %i, %i of them, make the step of the big batch",
    async (batchSize, accumulate) => {
      const metrics = { output: (z: Tensor): Tensor => ops.mean(z) };
      for (const sampleWeight of [undefined, x.data.map(Math.abs).slice(0, 50)]) {
        const more = sampleWeight === undefined ? { metrics } : { sampleWeight: tensor(sampleWeight) };
        const parts = await train({ batchSize, accumulate, ...more });
        const big = await train({ batchSize: batchSize * accumulate, ...more });
        expectClose(bits(parts), bits(big));
        expectClose(losses(parts), losses(big));
        const outputs = ({ history }: Trained): number[] =>
          history.map((report) => report.metrics["output"] ?? 0);
        expectClose(outputs(parts), outputs(big));
      }
    },
  );

  test("dropLast leaves out the samples after the last full mini-batch", async () => {
    const seen: number[] = [];
    const more: More = {
      dropLast: true,
      onBatch: ({ batches }) => {
        seen.push(batches);
      },
    };
    const { history } = await train({ ...more, batchSize: 8 });
    expect(seen).toHaveLength(18);
    expect(new Set(seen)).toEqual(new Set([6]));
    seen.length = 0;
    await train({ ...more, batchSize: 8, accumulate: 4 });
    expect(new Set(seen)).toEqual(new Set([2]));
    expect(history).toHaveLength(3);
    expect(bits(await train({ dropLast: true, batchSize: 10 }))).toEqual(
      bits(await train({ batchSize: 10 })),
    );
  });
});

describe("schedule", () => {
  test("goes on after each epoch, or after each step", async () => {
    const perEpoch = await train((_, optimizer) => ({
      schedule: new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
    }));
    const halve: Change = (_, optimizer) => {
      optimizer.lr = optimizer.lr / 2;
    };
    expectClose(bits(perEpoch), byHand(8, { epoch: halve }));
    expect(perEpoch.optimizer.lr).toBeCloseTo(0.3 / 8, 12);
    const perStep = await train((_, optimizer) => ({
      schedule: { schedule: new optim.ExponentialLR(optimizer, { gamma: 0.9 }), per: "step" },
    }));
    const less: Change = (_, optimizer) => {
      optimizer.lr = optimizer.lr * 0.9;
    };
    expectClose(bits(perStep), byHand(8, { after: less }));
  });

  test("gives ReduceLROnPlateau the figure that it goes by", async () => {
    const output = (z: Tensor): Tensor => ops.mul(ops.mean(z), 0);
    const { optimizer } = await train((_, own) => ({
      epochs: 4,
      metrics: { output },
      schedule: {
        schedule: new optim.ReduceLROnPlateau(own, { patience: 0, factor: 0.5 }),
        monitor: "output",
      },
    }));
    // The figure is 0 always: each epoch but the first is one without progress.
    expect(optimizer.lr).toBeCloseTo(0.3 / 8, 12);
  });
});

describe("weights", () => {
  const weights = Float64Array.from({ length: 50 }, (_, p) => p % 4);

  test("sampleWeight: the weighted mean of each mini-batch, in metrics and validation too", async () => {
    const weighted = await train({ sampleWeight: weights });
    expectClose(bits(weighted), byHand(8, { weight: tensor(weights) }));
    // A rate of 0: the training's figures are those of evaluate.
    const still = await train((model) => ({
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      sampleWeight: weights,
      metrics: ["accuracy"],
      epochs: 1,
    }));
    const found = await evaluate(still.model, {
      data: samples,
      cost: cost.crossEntropy,
      sampleWeight: weights,
      metrics: ["accuracy"],
    });
    expect(still.history[0]?.loss).toBeCloseTo(found.loss, 12);
    expect(still.history[0]?.metrics["accuracy"]).toBeCloseTo(found.accuracy, 12);
  });

  test("a mini-batch whose weights are all 0 has the loss 0 and moves nothing", async () => {
    const some = Float64Array.from({ length: 50 }, (_, p) => (p < 8 ? 0 : 1));
    const seen: number[] = [];
    const more = { sampleWeight: some, shuffle: false, epochs: 1 };
    const run = await train({
      ...more,
      onBatch: ({ loss }) => {
        seen.push(loss);
      },
    });
    expect(seen[0]).toBe(0);
    expect(seen[1]).toBeGreaterThan(0.1);
    expect(bits(run).every(Number.isFinite)).toBe(true);
  });

  test("classWeight is a weight of each sample, balanced as in scikit-learn", async () => {
    const labels = [...y.data];
    const counts = [0, 1, 2].map((label) => labels.filter((one) => one === label).length);
    const balanced = counts.map((count) => 50 / (3 * count));
    const asSamples = (by: readonly number[]): Float64Array =>
      Float64Array.from(labels, (label) => by[label] as number);
    const run = async (more: More): Promise<number[]> => bits(await train(more));
    expect(await run({ classWeight: "balanced" })).toEqual(await run({ sampleWeight: asSamples(balanced) }));
    expect(await run({ classWeight: { 0: 1, 1: 2, 2: 0.5 } })).toEqual(
      await run({ sampleWeight: asSamples([1, 2, 0.5]) }),
    );
    expect(await run({ classWeight: [1, 2, 3], sampleWeight: weights })).toEqual(
      await run({ sampleWeight: asSamples([1, 2, 3]).map((w, p) => w * (weights[p] as number)) }),
    );
  });

  test("validationSplit keeps each class's share, drawn by the seed", async () => {
    const { model, history } = await train({ validationSplit: 0.2, seed: 3 });
    const [rest, kept] = data.split(samples, [0.8, 0.2], { seed: 3, stratify: y });
    const found = await evaluate(model, { data: kept as typeof samples, cost: cost.crossEntropy });
    expect(history.at(-1)?.validation?.loss).toBeCloseTo(found.loss, 12);
    const whole = await train({ data: rest as typeof samples, validation: kept as typeof samples, seed: 3 });
    expect(losses({ model, history } as Trained)).toEqual(losses(whole));
    const weighted = await train({ validationSplit: 0.2, sampleWeight: weights, epochs: 1 });
    const [, part] = data.split({ ...samples, w: tensor(weights) }, [0.8, 0.2], { seed: 0, stratify: y });
    const { w, ...set } = part as typeof samples & { w: Tensor };
    const of = await evaluate(weighted.model, { data: set, cost: cost.crossEntropy, sampleWeight: w });
    expect(weighted.history[0]?.validation?.loss).toBeCloseTo(of.loss, 12);
  });
});

describe("after and around steps", () => {
  test("onStep is called after every few steps, and may stop", async () => {
    const seen: number[][] = [];
    const each: number[] = [];
    const plain = await train({
      onBatch: ({ loss }) => {
        each.push(loss);
      },
    });
    const run = await train({
      onStep: {
        every: 3,
        run: async ({ step, epoch, batch, batches, loss }) => {
          await null;
          seen.push([step, epoch, batch, batches]);
          expect(loss).toBe(each[step - 1]);
        },
      },
    });
    expect(bits(run)).toEqual(bits(plain));
    expect(seen.map(([step]) => step)).toEqual([3, 6, 9, 12, 15, 18, 21]);
    expect(seen[2]).toEqual([9, 2, 2, 7]);
    const stopped = await train({ onStep: { every: 9, run: () => "stop" } });
    expect(stopped.history).toHaveLength(2);
  });

  test("averageWeights is updated after each step", async () => {
    let average: optim.WeightAverage | undefined;
    const run = await train((model) => {
      average = new optim.WeightAverage(model.parameters(), { decay: 0.8 });
      return { averageWeights: average };
    });
    let own: optim.WeightAverage | undefined;
    const weights = byHand(8, {
      after: (model) => {
        own ??= new optim.WeightAverage(model.parameters(), { decay: 0.8 });
        own.update();
      },
    });
    const values = (one: optim.WeightAverage | undefined): number[] =>
      (one as optim.WeightAverage).averages.flatMap((each) => [...each.data]);
    expectClose(bits(run), weights);
    expectClose(values(average), values(own));
  });

  test("freeze keeps parameters as they are for this training", async () => {
    const start = makeModel()
      .parameters()
      .map((one) => [...one.data]);
    const moved = async (freeze: (string | RegExp)[]): Promise<boolean[]> => {
      const { model } = await train({ freeze, epochs: 1 });
      expect(model.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
      return model.parameters().map((one, i) => one.data.some((w, j) => w !== start[i]?.[j]));
    };
    const names = [...makeModel().namedParameters()].map(([name]) => name);
    const first = (names[0] as string).split(".")[0] as string;
    expect(await moved([first])).toEqual([false, false, true, true]);
    expect(await moved([names[0] as string])).toEqual([false, true, true, true]);
    expect(await moved([/bias$/])).toEqual([true, false, true, false]);
  });

  test("firstEpoch: the order of an epoch follows from the seed and its number", async () => {
    const whole = await train({ epochs: 5, seed: 4 });
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.3, momentum: 0.9 });
    const options = { data: samples, cost: cost.crossEntropy, optimizer, batchSize: 8, seed: 4 };
    const first = await fit(model, { ...options, epochs: 2 });
    const then = await fit(model, { ...options, firstEpoch: 3, epochs: 5 });
    const history = [...first, ...then];
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(losses({ model, optimizer, history })).toEqual(losses(whole));
    expect(bits({ model, optimizer, history })).toEqual(bits(whole));
    await expect(train({ epochs: 2, firstEpoch: 3 })).rejects.toThrow(/firstEpoch/);
  });

  test("a sampler gives the samples of each epoch by its number", async () => {
    const { sampler, order } = noting();
    await train({ sampler });
    expect(order).toEqual([0, 1, 2]);
    await expect(train({ sampler, shuffle: true })).rejects.toThrow(/either shuffle or a sampler/);
    await expect(train({ sampler, validationSplit: 0.2 })).rejects.toThrow(
      /either a sampler or validationSplit/,
    );
    await expect(train({ sampler: () => Int32Array.of(50) })).rejects.toThrow(/the sample 50/);
    await expect(train({ sampler: () => Int32Array.of() })).rejects.toThrow(/at least one sample, got none/);
    await expect(train({ sampler: 5 as never })).rejects.toThrow(/sampler to be a function/);
    const whole = { sampler: () => Int32Array.from({ length: 50 }, (_, i) => i) };
    expect(bits(await train(whole))).toEqual(bits(await train({ shuffle: false })));
  });

  test("what a callback changes holds from the next step: batch size by epoch, dropout", async () => {
    let size = 10;
    const told: number[] = [];
    await train({
      batchSize: () => size,
      onBatch: ({ batch, batches }) => void (batch === 1 && told.push(batches)),
      onEpoch: () => {
        size *= 2;
      },
    });
    expect(told).toEqual([5, 3, 2]);

    manualSeed(0);
    const dropout = new nn.Dropout(0.9);
    const model = new nn.Sequential(dropout, new nn.Linear(3, 3, { dtype }));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const options = { data: samples, cost: cost.crossEntropy };
    const [first, second] = await fit(model, {
      ...options,
      optimizer,
      epochs: 2,
      batchSize: 50,
      onBatch: () => void Object.assign(dropout, { p: 0 }),
    });
    const { loss } = await evaluate(model, options);
    expect(first?.loss).not.toBeCloseTo(loss, 6);
    expect(second?.loss).toBeCloseTo(loss, 12);
  });

  test("the batch size of an epoch may be a function of its number", async () => {
    const told: number[][] = [];
    const sizes = [8, 25, 1000];
    await train({
      batchSize: (epoch) => sizes[epoch - 1] as number,
      onBatch: ({ epoch, batches }) => void told.push([epoch, batches]),
    });
    expect(told).toEqual([...Array(7).fill([1, 7]), ...Array(2).fill([2, 2]), [3, 1]]);
    const first = await train({ epochs: 1, batchSize: 8, shuffle: false });
    const own = await train({ epochs: 1, batchSize: () => 8, shuffle: false });
    expect(bits(own)).toEqual(bits(first));
    await expect(train({ batchSize: (epoch) => 2 - epoch })).rejects.toThrow(/batchSize of epoch 2/);
    const accumulated = { accumulate: 2, batchSize: (epoch: number) => 4 * epoch, shuffle: false };
    const big = { batchSize: (epoch: number) => 8 * epoch, shuffle: false };
    expectClose(bits(await train(accumulated)), bits(await train(big)));
  });

  test("a batch size above the set is the set, in evaluate and predict too", async () => {
    expect(bits(await train({ batchSize: 1000 }))).toEqual(bits(await train({ batchSize: 50 })));
    const model = makeModel();
    const found = await evaluate(model, { data: samples, cost: cost.crossEntropy, batchSize: 999 });
    const { loss } = await evaluate(model, { data: samples, cost: cost.crossEntropy, batchSize: 50 });
    expect(found.loss).toBe(loss);
    expect((await predict(model, x, { batchSize: 99 })).shape).toEqual([50, 3]);
  });
});

describe("a training that goes on from a checkpoint has the same bits", () => {
  test.each<[string, (model: nn.Sequential, optimizer: optim.SGD) => More]>([
    ["schedule per epoch", (_, own) => ({ schedule: new optim.StepLR(own, { stepSize: 1 }) })],
    [
      "schedule per step",
      (_, own) => ({ schedule: { schedule: new optim.ExponentialLR(own, { gamma: 0.9 }), per: "step" } }),
    ],
    ["accumulate", () => ({ accumulate: 2, batchSize: 4 })],
    ["accumulate and dropLast", () => ({ accumulate: 2, batchSize: 4, dropLast: true })],
    [
      "weights, clipping, a kept part, a frozen layer",
      () => ({
        classWeight: "balanced",
        clipGradNorm: 0.5,
        validationSplit: 0.2,
        freeze: [/^m?0\.bias/],
        batchSize: 5,
      }),
    ],
    [
      "averageWeights",
      (model) => ({ averageWeights: new optim.WeightAverage(model.parameters(), { decay: 0.5 }) }),
    ],
    ["earlyStopping", () => ({ earlyStopping: { restoreBest: true, patience: 1 } })],
  ])("%s", async (_, more) => {
    const whole = await train(more);
    for (const steps of [3, 10]) {
      const resumed = await interrupted(more, steps);
      expect(bits(resumed)).toEqual(bits(whole));
      expect(losses(resumed)).toEqual(losses(whole));
      expect(resumed.optimizer.lr).toBe(whole.optimizer.lr);
    }
  });

  test("or refuses options that are others", async () => {
    const path = join(folder, "others");
    const broken = train({
      checkpoint: { path, every: { steps: 3 } },
      onCheckpoint: () => {
        throw new Error("broken off");
      },
    });
    await expect(broken).rejects.toThrow("broken off");
    const goOn = (more: More | ((_: unknown, own: optim.SGD) => More)): Promise<Trained> =>
      train(
        typeof more === "function" ? (a, b) => ({ ...more(a, b), resume: path }) : { ...more, resume: path },
      );
    await expect(goOn({ accumulate: 2, batchSize: 4 })).rejects.toThrow("accumulate 2; the checkpoint has 1");
    await expect(goOn({ dropLast: true })).rejects.toThrow("dropLast true; the checkpoint has false");
    await expect(goOn((_, own) => ({ schedule: new optim.StepLR(own, { stepSize: 1 }) }))).rejects.toThrow(
      "the checkpoint has no schedules",
    );
  });
});

describe("wrong options are refused before any work", () => {
  const other = new optim.SGD(makeModel().parameters(), { lr: 1 });
  test.each<[string, unknown, unknown, RegExp]>([
    ["clipGradNorm", 0, ArgumentError, /clipGradNorm/],
    ["clipGradValue", Number.NaN, ArgumentError, /clipGradValue/],
    ["accumulate", 1.5, ArgumentError, /accumulate/],
    ["dropLast", 1, ArgumentError, /dropLast/],
    ["schedule", 3, ArgumentError, /expected schedule to be a schedule of optim/],
    ["schedule", new optim.StepLR(other, { stepSize: 1 }), ArgumentError, /one of the optimizer/],
    ["schedule", { schedule: null }, ArgumentError, /expected schedule/],
    ["schedule", { schedule: null, when: 1 }, OptionError, /when/],
    ["onStep", { every: 0, run: () => {} }, ArgumentError, /every/],
    ["onStep", { every: 1, run: 1 }, ArgumentError, /run/],
    ["averageWeights", { decay: 0.9 }, ArgumentError, /WeightAverage/],
    ["freeze", "0", ArgumentError, /a list of names/],
    ["freeze", ["nothing"], ArgumentError, /no parameter is named "nothing"; there are/],
    ["freeze", [1], ArgumentError, /names and regular expressions/],
    ["sampleWeight", [1, 2], Error, /sampleWeight to be \[50\]/],
    ["sampleWeight", Array.from({ length: 50 }, () => -1), DataError, /≥ 0/],
    ["classWeight", [1, 1], DataError, /no number for the class 2/],
    ["classWeight", { 0: 1, 1: -1, 2: 1 }, ArgumentError, /classWeight of the class 1/],
    ["classWeight", "even", ArgumentError, /"balanced" or numbers/],
    ["validationSplit", 1, ArgumentError, /validationSplit/],
    ["batchSize", 0, ArgumentError, /batchSize/],
  ])("%s, case %#", async (name, value, kind, message) => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const before = model.parameters().map((one) => [...one.data]);
    const run = fit(model, {
      data: samples,
      cost: cost.crossEntropy,
      optimizer,
      [name]: value,
    } as FitOptions);
    const error: unknown = await run.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect(model.parameters().map((one) => [...one.data])).toEqual(before);
    expect(model.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
  });
});
