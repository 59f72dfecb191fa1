import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  type cost as Costs,
  cost,
  DataError,
  data,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  IndexError,
  manualSeed,
  nn,
  optim,
  predict,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

const COUNT = 53;
const points = new Generator(3).normal([COUNT, 4], { dtype: "float64" });
const labels = Array.from({ length: COUNT }, (_, i) => i % 3);
const weights = labels.map((_, i) => (i % 4) / 2);
const samples = { x: points, y: tensor(labels, { dtype: "int32" }) };
const rows = labels.map((y, i) => ({ x: points.data.slice(4 * i, 4 * i + 4), y }));
const weighted = rows.map((row, i) => ({ ...row, w: weights[i] as number }));
const dtypes = { y: "int32" } as const;
const set = (source: readonly data.StreamRow[] = rows) => data.stream(() => source, { batchSize: 8, dtypes });

const make = () => {
  manualSeed(0);
  const dtype = "float64";
  const model = new nn.Sequential(
    new nn.Linear(4, 8, { dtype }),
    new nn.Tanh(),
    new nn.Linear(8, 3, { dtype }),
  );
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.2, momentum: 0.9 }) };
};
const { model } = make();
const smoothed: typeof Costs.crossEntropy = Object.assign(
  (y: Tensor, target: Tensor) => cost.crossEntropy(y, target, { labelSmoothing: 0.1 }),
  { checkTargets: cost.crossEntropy.checkTargets, outputs: "logits" as const },
) as never;

describe("evaluate over a stream", () => {
  const metrics = ["accuracy", "balancedAccuracy", "logLoss"] as const;
  test.each([
    ["a mean over samples", cost.crossEntropy],
    ["a function of one's own", smoothed],
  ])("is that over the same set in memory, with %s", async (_, own) => {
    const wanted = await evaluate(model, { data: samples, cost: own, metrics });
    const found = await evaluate(model, { data: set(), cost: own, metrics });
    for (const [name, value] of Object.entries(wanted)) expect(found[name as "loss"]).toBeCloseTo(value, 12);
  });

  test("counts the weights of its rows", async () => {
    const options = { cost: cost.crossEntropy, metrics };
    const wanted = await evaluate(model, { ...options, data: samples, sampleWeight: weights });
    for (const own of [
      set(weighted),
      { ...samples, w: weights },
      new data.Dataset({ ...samples, w: weights }),
    ]) {
      const found = await evaluate(model, { ...options, data: own });
      for (const [name, value] of Object.entries(wanted))
        expect(found[name as "loss"]).toBeCloseTo(value, 12);
    }
  });

  const bad = rows.map((row, i) => (i === 20 ? { ...row, y: 7 } : row));
  const options = { cost: cost.crossEntropy };
  testErrors([
    [() => evaluate(model, { ...options, data: set(bad) }), IndexError, /row 20 of epoch 0/],
    [() => evaluate(model, { ...options, data: set(), sampleWeight: [1] }), ArgumentError, /\{ x, y, w \}/],
    [
      () => evaluate(model, { ...options, data: set(), batchSize: 9 }),
      ArgumentError,
      /that of the stream, 8/,
    ],
    [() => evaluate(model, { cost: smoothed, data: set(weighted) }), ArgumentError, /defineCost/],
  ]);
});

describe("predict over a stream", () => {
  test("is that over the same set, and its rows need no targets", async () => {
    const wanted = (await predict(model, points)).toArray();
    expect((await predict(model, set())).toArray()).toEqual(wanted);
    const inputs = rows.map(({ x }) => ({ x }));
    expect((await predict(model, set(inputs))).toArray()).toEqual(wanted);
  });

  test("a schema encodes rows without their target", async () => {
    const table = rows.map(({ x: [a, b], y }) => ({ a, b, y: `class ${y}` }));
    const schema = data.Schema.learn(table, { target: "y" });
    const net = new nn.Linear(schema.size, schema.outputs);
    const asked = table.map(({ a, b }) => ({ a, b }));
    const found = await predict(
      net,
      data.stream(() => asked, { schema, batchSize: 10 }),
    );
    expect(found.toArray()).toEqual((await predict(net, schema.encode(asked))).toArray());
  });

  testErrors([
    [() => predict(model, set([{ y: 1 }])), DataError, /expected rows \{ x, y \}/],
    [() => predict(model, set([{ x: [1, 2, 3, Number.NaN] }])), DataError, /NaN/],
    [() => predict(model, set(), { batchSize: 3 }), ArgumentError, /that of the stream/],
  ]);
});

describe("validation over a stream", () => {
  test("is that over the same set in memory after each epoch, and opens it as epoch 0", async () => {
    const opened: number[] = [];
    const open = (epoch: number) => {
      opened.push(epoch);
      return rows;
    };
    const train = async (validation: NonNullable<FitOptions["validation"]>) => {
      const { model, optimizer } = make();
      const options = { data: samples, cost: cost.crossEntropy, optimizer, epochs: 3, seed: 1 };
      return (await fit(model, { ...options, validation })).map((report) => report.validation?.loss ?? 0);
    };
    const wanted = await train(samples);
    const found = await train(data.stream(open, { batchSize: 8, dtypes }));
    found.forEach((loss, i) => void expect(loss).toBeCloseTo(wanted[i] as number, 12));
    expect(opened).toEqual([0, 0, 0, 0]);
  });
});

describe("sets in memory are copied before fit returns its promise", () => {
  const run = async (isChanged: boolean, of: (own: typeof samples) => Partial<FitOptions>) => {
    const { model, optimizer } = make();
    const own = { x: tensor(points.toArray(), { dtype: "float64" }), y: samples.y };
    const promise = fit(model, { data: own, cost: cost.crossEntropy, optimizer, epochs: 2, ...of(own) });
    if (isChanged) {
      own.x.data.fill(1000);
      manualSeed(77);
    }
    const history = await promise;
    return [
      history.map(({ loss, validation }) => [loss, validation?.loss]),
      [...(model.parameters()[0]?.data ?? [])],
    ];
  };
  test.each<[string, (own: typeof samples) => Partial<FitOptions>]>([
    ["with a stream for validation", () => ({ validation: set() })],
    ["for validation of a stream", (own) => ({ data: set(), validation: own })],
  ])("%s, and so is the seed", async (_, of) => {
    expect(await run(true, of)).toEqual(await run(false, of));
  });
});

describe("a stream that shuffles and drops the last mini-batch gives all rows in their order", () => {
  const mixed = (source: readonly data.StreamRow[] = rows) =>
    data.stream(() => source, { batchSize: 8, dtypes, shuffleBuffer: 100, dropLast: true });
  const options = { cost: cost.crossEntropy };

  test("to predict", async () => {
    const wanted = (await predict(model, points)).toArray() as number[][];
    expect((await predict(model, mixed())).toArray()).toEqual(wanted);
    expect((await predict(model, mixed(rows.slice(0, 5)))).toArray()).toEqual(wanted.slice(0, 5));
  });

  test.each([cost.crossEntropy, smoothed])("to evaluate and for validation", async (own) => {
    const { loss } = await evaluate(model, { data: samples, cost: own });
    expect((await evaluate(model, { data: mixed(), cost: own })).loss).toBeCloseTo(loss, 12);
    const trained = make();
    const optimizer = new optim.SGD(trained.model.parameters(), { lr: 0 });
    const [report] = await fit(trained.model, { data: samples, validation: mixed(), cost: own, optimizer });
    expect(report?.validation?.loss).toBeCloseTo(loss, 12);
  });

  testErrors([
    [() => predict(model, mixed([])), DataError, "stream: epoch 0: the source gave no rows"],
    [
      () => evaluate(model, { ...options, data: mixed([]) }),
      DataError,
      "stream: epoch 0: the source gave no rows",
    ],
  ]);
});

describe("weights in the set", () => {
  const train = async (options: Omit<FitOptions, "cost" | "optimizer">, own = make()) => {
    const history = await fit(own.model, {
      cost: cost.crossEntropy,
      optimizer: own.optimizer,
      epochs: 2,
      ...options,
    });
    return [
      history.map(({ loss, validation }) => [loss, validation?.loss]),
      own.model.parameters().map((one) => [...one.data]),
    ];
  };
  const common = { batchSize: 8, shuffle: false };

  test("count as sampleWeight, of a stream too", async () => {
    const wanted = await train({ ...common, data: samples, sampleWeight: weights });
    expect(await train({ ...common, data: { ...samples, w: weights } })).toEqual(wanted);
    expect(await train({ ...common, data: { ...samples, w: Float32Array.from(weights) } })).toEqual(wanted);
    expect(await train({ data: set(weighted) })).toEqual(wanted);
  });

  test("are 1 for the rows of a stream that have none", async () => {
    const none = (i: number) => i % 3 === 1 || (i >= 16 && i < 32);
    const some = rows.map((row, i) => (none(i) ? row : { ...row, w: weights[i] as number }));
    const whole = weights.map((weight, i) => (none(i) ? 1 : weight));
    const wanted = await train({ ...common, data: { ...samples, w: whole } });
    expect(await train({ data: set(some) })).toEqual(wanted);
  });

  test("classWeight counts on top of them, of a stream too", async () => {
    const more = { classWeight: [1, 2, 0.5] };
    const wanted = await train({ ...common, ...more, data: samples, sampleWeight: weights });
    expect(await train({ ...common, ...more, data: { ...samples, w: weights } })).toEqual(wanted);
    expect(await train({ ...more, data: set(weighted) })).toEqual(wanted);
  });

  test("count in validation", async () => {
    const { model } = make();
    const [report] = await fit(model, {
      data: samples,
      validation: { ...samples, w: weights },
      cost: cost.crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
    });
    const { loss } = await evaluate(model, { data: samples, cost: cost.crossEntropy, sampleWeight: weights });
    expect(report?.validation?.loss).toBeCloseTo(loss, 12);
  });

  test("go along in split, kFold and DataLoader", () => {
    const whole = new data.Dataset({ ...samples, w: labels });
    const [part] = data.split(whole, [0.5, 0.5]);
    expect([...(part?.w?.data ?? [])]).toEqual([...(part?.y.data ?? [])]);
    for (const { train } of data.kFold({ ...samples, w: labels }, 3))
      expect([...train.w]).toEqual([...train.y.data]);
    for (const { y, w } of new data.DataLoader(whole, { batchSize: 8, shuffle: true })) {
      expect([...((w as Tensor).data ?? [])]).toEqual([...y.data]);
    }
  });

  testErrors([
    [
      () => new data.Dataset({ ...samples, w: [1] }),
      ShapeError,
      /w to have a number for each of 53 samples, got 1/,
    ],
    [
      () => new data.Dataset({ ...samples, w: labels.map(() => -1) }),
      DataError,
      /numbers ≥ 0, got -1 for sample 0/,
    ],
    [() => new data.Dataset({ ...samples, w: 5 as never }), ArgumentError, /a number for each sample, got 5/],
    [
      () => train({ data: { ...samples, w: weights }, sampleWeight: weights }),
      ArgumentError,
      /either sampleWeight or the weights w/,
    ],
    [
      () => train({ data: set([...rows.slice(0, 8), ...weighted.slice(8)]) }),
      DataError,
      /expected all rows of data to have w, since some have, got none in the first mini-batch \(/,
    ],
  ]);
});
