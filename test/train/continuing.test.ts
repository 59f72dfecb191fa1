import { describe, expect, test } from "vitest";
import {
  cost,
  data,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  optim,
  predict,
  randn,
  tensor,
} from "../../lib/index.js";

const dtype = "float64";
const x = new Generator(5).normal([50, 3], { dtype });
const y = tensor(
  Array.from({ length: 50 }, (_, i) => i % 3),
  { dtype: "int32" },
);
const samples = { x, y };
const rows = Array.from(y.data, (label, i) => ({ x: x.data.slice(3 * i, 3 * i + 3), y: label }));

function begin() {
  manualSeed(3);
  const model = new nn.Sequential(
    new nn.Linear(3, 8, { dtype }),
    new nn.Dropout(0.3),
    new nn.BatchNorm1d(8, { dtype }),
    new nn.Linear(8, 3, { dtype }),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.3, momentum: 0.9 });
  const schedule = new optim.ExponentialLR(optimizer, { gamma: 0.9 });
  return { model, options: { data: samples, cost: cost.crossEntropy, optimizer, batchSize: 8, schedule } };
}

/** Trains a model by one call after the other. @returns all that it has come to */
async function run(calls: readonly Partial<FitOptions>[], between: (model: nn.Module) => unknown = () => {}) {
  const { model, options } = begin();
  const losses: number[] = [];
  for (const call of calls) {
    for (const { loss, validation } of await fit(model, { ...options, ...call })) {
      losses.push(loss, validation?.loss ?? 0);
    }
    await between(model);
  }
  return {
    losses,
    weights: Object.values(model.stateDict()).map((one) => [...one.data]),
    rates: options.optimizer.groups.map(({ lr }) => lr),
  };
}

const five = { epochs: 5 };

describe("five epochs and five are ten, to the bit", () => {
  test.each<[string, () => Partial<FitOptions>]>([
    ["with no seed", () => ({})],
    ["with a seed", () => ({ seed: 4 })],
    ["with validation", () => ({ validation: samples })],
    ["by a sampler", () => ({ sampler: data.sampler({ balance: y, count: 40 }) })],
    [
      "of a stream",
      () => ({ data: data.stream(() => rows, { batchSize: 8, shuffleBuffer: 9, dtypes: { y: "int32" } }) }),
    ],
  ])("%s", async (_, make) => {
    const whole = await run([{ ...make(), epochs: 10 }]);
    const more = make();
    expect(
      await run([
        { ...more, ...five },
        { ...more, ...five },
      ]),
    ).toEqual(whole);
    const last = make();
    expect(
      await run([
        { ...last, epochs: 9 },
        { ...last, firstEpoch: 10, epochs: 10 },
      ]),
    ).toEqual(whole);
  });

  test("a look at the weights and a prediction between them change nothing", async () => {
    const whole = await run([{ epochs: 10 }]);
    const look = async (model: nn.Module) => [model.parameters()[0]?.data, await predict(model, x)];
    expect(await run([five, five], look)).toEqual(whole);
  });

  test("also where the first training has ended early", async () => {
    const whole = await run([{ epochs: 6 }]);
    const stop = {
      epochs: 9,
      onEpoch: ({ epoch }: { epoch: number }) => (epoch === 2 ? "stop" : undefined) as "stop",
    };
    expect(await run([stop, { epochs: 4 }])).toEqual(whole);
  });
});

describe("a training begins anew", () => {
  /** The numbers of the epochs that a sampler is asked for, by a fit and another one. */
  async function asked(between: (model: nn.Module) => unknown, more: Partial<FitOptions> = {}) {
    const { model, options } = begin();
    const numbers: number[] = [];
    const sampler = (epoch: number) => {
      numbers.push(epoch);
      return Int32Array.from({ length: 50 }, (_, i) => i);
    };
    await fit(model, { ...options, sampler, epochs: 2 });
    await between(model);
    await fit(model, { ...options, sampler, epochs: 2, ...more });
    return numbers;
  }

  test("unless nothing has happened in between", async () => {
    expect(await asked(() => {})).toEqual([0, 1, 2, 3]);
  });

  test.each<[string, (model: nn.Module) => unknown, Partial<FitOptions>]>([
    ["where the weights were loaded", (model) => model.loadStateDict(model.stateDict()), {}],
    ["after manualSeed", () => manualSeed(3), {}],
    [
      "after manualSeed and draws",
      () => {
        manualSeed(3);
        randn([1000]);
      },
      {},
    ],
    ["with other data", () => {}, { data: { x: tensor(x.data, { shape: [50, 3] }), y } }],
    ["with firstEpoch: 1", () => {}, { firstEpoch: 1 }],
    ["with another seed", () => {}, { seed: 1 }],
  ])("%s", async (_, between, more) => {
    expect(await asked(between, more)).toEqual([0, 1, 0, 1]);
  });
});
