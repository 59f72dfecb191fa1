import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  averageLoss,
  cost,
  crossValidate,
  DataError,
  data,
  deserialize,
  evaluate,
  fit,
  manualSeed,
  metrics,
  nn,
  OptionError,
  ops,
  optim,
  perSampleLoss,
  predict,
  ShapeError,
  serialize,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import {
  both,
  COSTS,
  inLists,
  listed,
  Named,
  named,
  newOptimizer,
  type Outputs,
  SAMPLES,
  samples,
  trainedByHand,
  valuesOf,
  WEIGHTS,
} from "./two-headed.js";

const closeTo = (found: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i] as number, digits);
};

const settings = { epochs: 3, batchSize: 8, shuffle: false } as const;

/** A trained model with all that `fit` is given besides the usual. */
async function trained(others: Partial<Parameters<typeof fitNamed>[1]> = {}) {
  const model = named();
  const history = await fitNamed(model, others);
  return { model, history };
}

const fitNamed = (model: Named, others: object) =>
  fit(model, {
    data: samples(),
    cost: COSTS,
    costWeights: WEIGHTS,
    optimizer: newOptimizer(model),
    ...settings,
    ...others,
  });

describe("training", () => {
  test("a model of two inputs and two targets by name learns as steps written by hand", async () => {
    const { model, history } = await trained();
    closeTo(valuesOf(model), valuesOf(trainedByHand(named(), 3, 8)));
    expect(history).toHaveLength(3);
    for (const { loss, metrics: figures } of history) {
      const { "kind.loss": kind = 0, "size.loss": size = 0 } = figures;
      expect(kind).toBeGreaterThan(0);
      expect(loss).toBeCloseTo(0.5 * kind + 2 * size, 5);
    }
  });

  test("a model of lists learns the same", async () => {
    const model = listed();
    const history = await fit(model, {
      data: inLists(samples()),
      cost: [cost.crossEntropy, cost.mse],
      costWeights: [0.5, 2],
      metrics: [["accuracy"], []],
      optimizer: newOptimizer(model),
      ...settings,
    });
    closeTo(valuesOf(model), valuesOf(trainedByHand(named(), 3, 8)));
    expect(Object.keys(history[0]?.metrics ?? {})).toEqual(["0.loss", "1.loss", "0.accuracy"]);
  });

  test("one function of all outputs and targets learns the same", async () => {
    const model = named();
    const history = await fit(model, {
      data: samples(),
      cost: both,
      optimizer: newOptimizer(model),
      ...settings,
    });
    closeTo(valuesOf(model), valuesOf(trainedByHand(named(), 3, 8)));
    expect(history[0]?.metrics).toEqual({});
  });

  test("inputs by name go with one target, and one input with targets in a list", async () => {
    const { x, y } = samples();
    class One extends nn.Module<[inputs: typeof x]> {
      readonly named = named();
      forward(inputs: typeof x): Tensor {
        return this.named.forward(inputs).size;
      }
    }
    const one = new One();
    const history = await fit(one, {
      data: { x, y: y.size },
      cost: (found, target) => cost.mse(found, target),
      metrics: { error: metrics.meanAbsoluteError },
      optimizer: newOptimizer(one),
      epochs: 2,
    });
    expect(Object.keys(history[1]?.metrics ?? {})).toEqual(["error"]);
    class Heads extends nn.Module<[x: Tensor], Tensor[]> {
      readonly kind = new nn.Linear(4, 3);
      readonly size = new nn.Linear(4, 1);
      forward(image: Tensor): Tensor[] {
        return [this.kind.forward(image), this.size.forward(image)];
      }
    }
    const heads = new Heads();
    const [first, last] = await fit(heads, {
      data: { x: x.image, y: [y.kind, y.size] },
      cost: [cost.crossEntropy, cost.mse],
      optimizer: new optim.SGD(heads.parameters(), { lr: 0.01 }),
      epochs: 2,
    });
    expect(last?.loss).toBeLessThan(first?.loss as number);
  });

  test("a cost of weight 0 is only reported, also where it is infinite", async () => {
    const { x, y } = samples();
    const huge = { x, y: { ...y, size: ops.mul(y.size, 1e30) } };
    const weights = { costWeights: { size: 0 } };
    for (const more of [{}, { sampleWeight: Array.from({ length: SAMPLES }, (_, p) => 1 + (p % 2)) }]) {
      const { history, model } = await trained({ data: huge, ...weights, ...more });
      const without = named();
      const expected = await fit(without, {
        data: { x, y: { kind: y.kind } },
        cost: { kind: cost.crossEntropy },
        optimizer: newOptimizer(without),
        ...settings,
        ...more,
      });
      closeTo(valuesOf(model), valuesOf(without));
      closeTo(
        history.map(({ loss }) => loss),
        expected.map(({ loss }) => loss),
      );
      expect(history[0]?.metrics["size.loss"]).toBe(Number.POSITIVE_INFINITY);
    }
    const { loss, "size.loss": size } = await evaluate(named(), { data: huge, cost: COSTS, ...weights });
    expect(loss).toBeLessThan(10);
    expect(size).toBe(Number.POSITIVE_INFINITY);
  });

  test("outputs without a target are left alone", async () => {
    const { x, y } = samples();
    const history = await fit(named(), {
      data: { x, y: { size: y.size } },
      cost: { size: cost.mse },
      optimizer: new optim.SGD(named().parameters(), { lr: 0.1 }),
    }).catch((error: unknown) => error);
    // The optimizer is another model's.
    expect(history).toBeInstanceOf(ArgumentError);
    const model = named();
    const [report] = await fit(model, {
      data: { x, y: { size: y.size } },
      cost: { size: cost.mse },
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    });
    expect(report?.metrics["size.loss"]).toBe(report?.loss);
  });

  test("images as bytes are parts like others, also as targets", async () => {
    manualSeed(5);
    const pixels = Uint8Array.from({ length: 40 * 6 }, (_, i) => (i * 37) % 256);
    const bytes = new data.Bytes(pixels, [40, 6], { scale: 1 / 255 });
    class Coder extends nn.Module<[inputs: { picture: Tensor }], { picture: Tensor }> {
      readonly code = new nn.Linear(6, 6);
      forward({ picture }: { picture: Tensor }) {
        return { picture: this.code.forward(picture) };
      }
    }
    const learn = async (picture: data.Part) => {
      manualSeed(6);
      const model = new Coder();
      const set = { x: { picture }, y: { picture } };
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      await fit(model, { data: set, cost: { picture: cost.mse }, optimizer, epochs: 2 });
      const found = await evaluate(model, { data: set, cost: { picture: (y, t) => cost.mse(y, t) } });
      return [...valuesOf(model), found.loss];
    };
    closeTo(await learn(bytes), await learn(bytes.toTensor()), 6);
  });

  test("accumulated mini-batches make the step of one", async () => {
    const big = await trained({ batchSize: 8, metrics: { kind: ["accuracy"] } });
    const parts = await trained({ batchSize: 4, accumulate: 2, metrics: { kind: ["accuracy"] } });
    closeTo(valuesOf(parts.model), valuesOf(big.model));
    big.history.forEach((report, i) => {
      const found = parts.history[i]?.metrics as Record<string, number>;
      closeTo(Object.values(found), Object.values(report.metrics));
    });
  });

  test("dropLast leaves the last mini-batch out", async () => {
    const { model } = await trained({ dropLast: true });
    const whole = samples();
    const model16 = named();
    const take = <T extends Record<string, Tensor>>(parts: T) =>
      Object.fromEntries(
        Object.entries(parts).map(([name, one]) => [name, ops.slice(one, 0, { end: 16 })]),
      ) as T;
    await fitNamed(model16, { data: { x: take(whole.x), y: take(whole.y) } });
    expect(valuesOf(model)).toEqual(valuesOf(model16));
  });

  test("samples with weights count in the loss and in that of each target", async () => {
    const weights = Array.from({ length: SAMPLES }, (_, p) => (p < 8 ? 1 : 0));
    const { x, y } = samples();
    const model = named();
    const whole = await evaluate(model, {
      data: { x, y },
      cost: COSTS,
      costWeights: WEIGHTS,
      metrics: { kind: ["accuracy"] },
      sampleWeight: weights,
      batchSize: 5,
    });
    const first = <T extends Record<string, Tensor>>(parts: T) =>
      Object.fromEntries(
        Object.entries(parts).map(([name, one]) => [name, ops.slice(one, 0, { end: 8 })]),
      ) as T;
    const part = await evaluate(model, {
      data: { x: first(x), y: first(y) },
      cost: COSTS,
      costWeights: WEIGHTS,
      metrics: { kind: ["accuracy"] },
    });
    closeTo(Object.values(whole), Object.values(part));
    const [step] = await fitNamed(model, { sampleWeight: weights, batchSize: SAMPLES, epochs: 1 });
    expect(step?.loss).toBeCloseTo(part.loss, 5);
    expect(step?.metrics["kind.loss"]).toBeCloseTo(part["kind.loss"] as number, 5);
  });

  test("a cost of both by defineCost takes weights of samples", async () => {
    const perSample = cost.defineCost("both", {
      perSample: (y: Outputs, target: Outputs) =>
        ops.add(
          ops.mul(cost.crossEntropy(y.kind, target.kind, { reduction: "none" }), WEIGHTS.kind),
          ops.mul(ops.mean(cost.mse(y.size, target.size, { reduction: "none" }), { dim: 1 }), WEIGHTS.size),
        ),
    });
    const sampleWeight = Array.from({ length: SAMPLES }, (_, p) => p % 4);
    const options = { data: samples(), sampleWeight, batchSize: 7 };
    const found = await evaluate(named(), { ...options, cost: perSample });
    const expected = await evaluate(named(), { ...options, cost: COSTS, costWeights: WEIGHTS });
    expect(found.loss).toBeCloseTo(expected.loss, 6);
  });

  test("a training goes on from a checkpoint to the same bits", async () => {
    const folder = mkdtempSync(join(tmpdir(), "several-"));
    try {
      const path = join(folder, "training.safetensors");
      const others = { shuffle: true, metrics: { kind: ["accuracy"], size: ["r2"] }, epochs: 4 };
      const whole = await trained(others);
      const broken = named();
      const stop = { every: { steps: 4 }, path };
      const breakOff = () => {
        throw new Error("broken off");
      };
      const breaking = fitNamed(broken, {
        ...others,
        checkpoint: stop,
        onStep: { every: 5, run: breakOff },
      });
      await expect(breaking).rejects.toThrow("broken off");
      const model = named();
      const history = await fitNamed(model, { ...others, checkpoint: stop, resume: true });
      expect(valuesOf(model)).toEqual(valuesOf(whole.model));
      expect(history.map(({ loss, metrics: figures }) => [loss, figures])).toEqual(
        whole.history.map(({ loss, metrics: figures }) => [loss, figures]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the validation set has its figures, and the loss of a target can end the training", async () => {
    const { history } = await trained({
      validation: samples(11),
      metrics: { size: ["r2"] },
      epochs: 50,
      earlyStopping: { monitor: "validation.kind.loss", patience: 2, minDelta: 10 },
    });
    expect(history).toHaveLength(3);
    expect(Object.keys(history[0]?.validation ?? {})).toEqual(["loss", "kind.loss", "size.loss", "size.r2"]);
  });

  test("a part is kept for validation", async () => {
    const { history } = await trained({ validationSplit: 0.25, epochs: 1 });
    expect(history[0]?.validation?.["size.loss"]).toBeGreaterThan(0);
  });

  test("a loss that is not finite ends the training before its step", async () => {
    const { x, y } = samples();
    const size = tensor(y.size.data.map((value, p) => (p === 9 ? 3e38 : value)));
    const model = named();
    const byHand = named();
    const broken = fitNamed(model, { data: { x, y: { ...y, size: size.reshape([SAMPLES, 1]) } } });
    await expect(broken).rejects.toThrow(AnomalyError);
    await expect(broken).rejects.toThrow("epoch 1, batch 2 of 3");
    const one = { x, y };
    const firstBatch = new data.DataLoader(one, { batchSize: 8 })[Symbol.iterator]().next()
      .value as typeof one;
    await fitNamed(byHand, { data: firstBatch, epochs: 1 });
    expect(valuesOf(model)).toEqual(valuesOf(byHand));
  });
});

describe("evaluation", () => {
  test("the figures of a target are those of the target alone, for any batch size", async () => {
    const model = named();
    const set = samples();
    const found = await evaluate(model, {
      data: set,
      cost: COSTS,
      costWeights: WEIGHTS,
      metrics: { kind: ["accuracy", "logLoss"], size: { error: metrics.meanAbsoluteError } },
      batchSize: 5,
    });
    const { kind, size } = await predict(model, set.x);
    expectTypeOf(kind).toEqualTypeOf<Tensor>();
    expectTypeOf(found["kind.accuracy"]).toEqualTypeOf<number>();
    expect(Object.keys(found)).toEqual([
      "loss",
      "kind.loss",
      "size.loss",
      "kind.accuracy",
      "kind.logLoss",
      "size.error",
    ]);
    expect(found["kind.loss"]).toBeCloseTo(cost.crossEntropy(kind, set.y.kind).item(), 5);
    expect(found["size.loss"]).toBeCloseTo(cost.mse(size, set.y.size).item(), 5);
    expect(found["kind.accuracy"]).toBeCloseTo(metrics.accuracy(ops.softmax(kind), set.y.kind), 12);
    expect(found["kind.logLoss"]).toBeCloseTo(found["kind.loss"] as number, 5);
    expect(found["size.error"]).toBeCloseTo(metrics.meanAbsoluteError(size, set.y.size), 6);
    expect(String(found)).toContain("kind.accuracy");
  });

  test("costs that are no means over samples are those of the whole set", async () => {
    const set = samples();
    const weighted: typeof cost.crossEntropy = (y, target, options) =>
      cost.crossEntropy(y, target, { ...options, weight: tensor([1, 2, 5]) });
    const found = await evaluate(named(), {
      data: set,
      cost: { kind: weighted, size: cost.mse },
      metrics: { kind: ["accuracy"] },
      batchSize: 4,
    });
    const { kind, size } = named().forward(set.x);
    expect(found["kind.loss"]).toBeCloseTo(weighted(kind, set.y.kind).item(), 5);
    expect(found.loss).toBeCloseTo(weighted(kind, set.y.kind).item() + cost.mse(size, set.y.size).item(), 5);
    const joint = await evaluate(named(), { data: set, cost: both, batchSize: 4 });
    expect(joint.loss).toBeCloseTo(both(named().forward(set.x), set.y).item(), 5);
  });

  test("the loss of each sample is the sum of its costs", async () => {
    const set = samples();
    const losses = await perSampleLoss(named(), COSTS, set, { costWeights: WEIGHTS, batchSize: 6 });
    expect(losses.shape).toEqual([SAMPLES]);
    const { kind, size } = named().forward(set.x);
    const ofKinds = cost.crossEntropy(kind, set.y.kind, { reduction: "none" }).data;
    const ofSizes = cost.mse(size, set.y.size, { reduction: "none" }).data;
    closeTo(
      losses.data,
      Array.from(ofKinds, (one, p) => 0.5 * one + 2 * (ofSizes[p] as number)),
    );
    const average = await averageLoss(named(), COSTS, set, { costWeights: WEIGHTS });
    expect(average).toBeCloseTo(ops.mean(losses).item(), 5);
  });

  test("predict gives the outputs in the model's form", async () => {
    const set = samples();
    const all = named().forward(set.x);
    const byName = await predict(named(), set.x, { batchSize: 4 });
    expect(Object.keys(byName)).toEqual(["kind", "size"]);
    const inList = await predict(listed(), [set.x.image, set.x.price], { batchSize: 4 });
    expect(inList).toHaveLength(2);
    for (const [at, name] of (["kind", "size"] as const).entries()) {
      closeTo(byName[name].data, all[name].data);
      closeTo((inList[at] as Tensor).data, all[name].data);
    }
  });

  test("crossValidate has the figures of each target", async () => {
    const make = () => {
      const model = new Named();
      return { model, optimizer: newOptimizer(model) };
    };
    const set = samples(24);
    const found = await crossValidate(make, set, {
      folds: 3,
      cost: COSTS,
      costWeights: WEIGHTS,
      metrics: { kind: ["accuracy"] },
      stratify: set.y.kind,
    });
    expect(Object.keys(found.mean)).toEqual(["loss", "kind.loss", "size.loss", "kind.accuracy"]);
    const [first] = found.folds;
    expect(first?.loss).toBeCloseTo(
      0.5 * (first?.["kind.loss"] as number) + 2 * (first?.["size.loss"] as number),
      5,
    );
    const list = inLists(set);
    const lists = await crossValidate(
      () => {
        const model = listed();
        return { model, optimizer: newOptimizer(model) };
      },
      list,
      { folds: 2, cost: [cost.crossEntropy, cost.mse] },
    );
    expect(Object.keys(lists.mean)).toEqual(["loss", "0.loss", "1.loss"]);
  });

  test("a network for tables takes what a schema with embeddings gives", async () => {
    const rows = Array.from({ length: 30 }, (_, p) => ({
      age: (p * 7) % 30,
      town: ["Bern", "Biel", "Chur"][p % 3],
      answer: p % 2 === 0,
    }));
    const schema = data.Schema.learn(rows, { target: "answer", embed: ["town"] });
    const set = schema.transform(rows);
    manualSeed(2);
    const model = new nn.Tabular(schema, { width: 8, blocks: 1, dropout: 0 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const [first, last] = await fit(model, { data: set, cost: cost.crossEntropy, optimizer, epochs: 2 });
    expect(last?.loss).toBeLessThan(first?.loss as number);
    const { accuracy } = await evaluate(model, { data: set, cost: cost.crossEntropy, metrics: ["accuracy"] });
    const scores = await predict(model, set.x);
    expect(scores.shape).toEqual([30, 2]);
    expect(accuracy).toBe(metrics.accuracy(ops.softmax(scores), set.y));
    const joined = await predict(model, nn.Tabular.join(set.x));
    expect(joined.toArray()).toEqual(scores.toArray());
  });
});

test("hooks see the list or the object that a model gives, and may give another", () => {
  const { x } = samples();
  const model = named();
  const { kind, size } = model.forward(x);
  const remove = model.registerForwardHook((_, [inputs], found) => {
    expect(inputs).toBe(x);
    const given: unknown = found;
    const { kind: first, size: second } = given as Outputs;
    return { kind: ops.mul(first, 2), size: second } as never;
  });
  expect(model.forward(x).kind.toArray()).toEqual(ops.mul(kind, 2).toArray());
  expect(model.forward(x).size.toArray()).toEqual(size.toArray());
  remove();
  const removeBackward = model.registerBackwardHook(() => undefined);
  expect(() => model.forward(x)).toThrow(
    "registerBackwardHook: expected the module's output to be a tensor, got an object",
  );
  removeBackward();
  expect(model.forward(x).kind.toArray()).toEqual(kind.toArray());
});

test("a model of several inputs and outputs is saved and loaded", async () => {
  const model = named();
  const other = new Named();
  deserialize(serialize(model), other);
  expect(valuesOf(other)).toEqual(valuesOf(model));
});

describe("mistakes", () => {
  const set = samples();
  const nan = (part: Tensor) => tensor(part.data.map((one, i) => (i === 5 ? Number.NaN : one)));

  test.each<[string, object, new (message: string) => Error, string]>([
    [
      "a part of another length",
      { data: { x: { ...set.x, price: zeros([9, 1]) }, y: set.y } },
      ShapeError,
      "fit: data: expected as many samples in each part, got x.image [23, 4] and x.price [9, 1]",
    ],
    [
      "a target of another length",
      { data: { x: set.x, y: { ...set.y, size: zeros([9, 1]) } } },
      ShapeError,
      "fit: data: expected as many samples in each part, got x.image [23, 4] and y.size [9, 1]",
    ],
    [
      "NaN in a part",
      { data: { x: { ...set.x, price: nan(set.x.price).reshape([23, 1]) }, y: set.y } },
      DataError,
      "fit: data.x.price has NaN in sample 5, element 0",
    ],
    [
      "a part that is no tensor",
      { data: { x: { ...set.x, price: [1, 2] }, y: set.y } },
      ArgumentError,
      "fit: data: expected x.price to be a tensor or Bytes, got an array of 2",
    ],
    [
      "no parts",
      { data: { x: {}, y: set.y } },
      ArgumentError,
      "fit: data: expected x to have parts, got none",
    ],
    [
      "a target that has no cost",
      { cost: { kind: cost.crossEntropy } },
      ArgumentError,
      "fit: expected cost.size to be a function such as cost.crossEntropy, got undefined",
    ],
    [
      "a cost of an unknown target",
      { cost: { ...COSTS, weight: cost.mse } },
      ArgumentError,
      'fit: cost: there is no target "weight"; the targets are kind, size',
    ],
    [
      "a list of costs for targets by name",
      { cost: [cost.crossEntropy, cost.mse] },
      ArgumentError,
      "fit: expected cost to have a value for each target, an object by their names, got an array of 2",
    ],
    [
      "a negative weight",
      { costWeights: { kind: -1 } },
      ArgumentError,
      "fit: expected costWeights.kind to be a number ≥ 0, got -1",
    ],
    [
      "a weight of an unknown target",
      { costWeights: { weight: 1 } },
      ArgumentError,
      'fit: costWeights: there is no target "weight"; the targets are kind, size',
    ],
    [
      "weights of one function",
      { cost: both },
      ArgumentError,
      "fit: expected costWeights only with a cost for each of several targets",
    ],
    [
      "metrics that are not by target",
      { metrics: ["accuracy"] },
      ArgumentError,
      "fit: expected metrics to have a value for each target, an object by their names, got an array of 1",
    ],
    [
      "a metric of an unknown target",
      { metrics: { accuracy: metrics.accuracy } },
      ArgumentError,
      'fit: metrics: there is no target "accuracy"; the targets are kind, size',
    ],
    [
      "an unknown metric of a target",
      { metrics: { kind: ["acuracy"] } },
      ArgumentError,
      "expected the name of a metric to be one of",
    ],
    [
      "a metric of a target that is no number",
      { metrics: { kind: ["confusionMatrix"] } },
      ArgumentError,
      "fit: expected metric kind.confusionMatrix to give a number",
    ],
    [
      "weights of classes",
      { classWeight: "balanced" },
      ArgumentError,
      "fit: expected classWeight with one target of classes, int32 [samples], got an object",
    ],
    [
      "a class that does not exist",
      { data: { x: set.x, y: { ...set.y, kind: tensor(new Array(23).fill(3), { dtype: "int32" }) } } },
      Error,
      "y.kind",
    ],
    [
      "targets that the model has no output for",
      {
        data: { x: set.x, y: { kind: set.y.kind, weight: set.y.size } },
        cost: { kind: cost.crossEntropy, weight: cost.mse },
        costWeights: undefined,
      },
      ArgumentError,
      "fit: expected the model to give an output for each target, y.kind, y.weight, got y.kind, y.size",
    ],
    [
      "a target called validation",
      {
        data: { x: set.x, y: { validation: set.y.size } },
        cost: { validation: cost.mse },
        costWeights: undefined,
        earlyStopping: { monitor: "validation.loss" },
      },
      ArgumentError,
      "fit: earlyStopping: monitor: validation.loss would be of a target and of the validation set",
    ],
    ["a misspelt option", { costWeight: WEIGHTS }, OptionError, 'did you mean "costWeights"?'],
  ])("%s is told, and changes nothing", async (_, wrong, kind, message) => {
    const model = named();
    const before = valuesOf(model);
    const broken = fitNamed(model, wrong);
    await expect(broken).rejects.toThrow(message);
    await expect(broken).rejects.toBeInstanceOf(kind);
    expect(valuesOf(model)).toEqual(before);
  });

  test("two figures of one name are refused", async () => {
    const model = named();
    const y = { a: set.y.size, "a.b": set.y.size };
    await expect(
      fit(model as never, {
        data: { x: set.x, y },
        cost: { a: cost.mse, "a.b": cost.mse },
        metrics: { a: { "b.loss": metrics.r2 } },
        optimizer: newOptimizer(model),
      }),
    ).rejects.toThrow("fit: two figures would be called a.b.loss; give one another name");
  });

  test("a cost for each target needs several targets", async () => {
    const model = new nn.Linear(4, 1);
    const options = { data: { x: set.x.image, y: set.y.size }, optimizer: newOptimizer(model) };
    await expect(fit(model, { ...options, cost: { a: cost.mse } as never })).rejects.toThrow(
      "fit: expected cost to be a function such as cost.crossEntropy, got an object",
    );
    await expect(fit(model, { ...options, cost: cost.mse, costWeights: { a: 1 } as never })).rejects.toThrow(
      "fit: expected costWeights only with a cost for each of several targets",
    );
  });

  test("a metric of one tensor does not go with several outputs of one target", async () => {
    const model = named();
    const ofKinds = (found: Outputs, target: Tensor) => cost.crossEntropy(found.kind, target);
    const options = { data: { x: set.x, y: set.y.kind }, cost: ofKinds };
    await expect(evaluate(model, { ...options, metrics: ["accuracy"] })).rejects.toThrow(
      "evaluate: metric accuracy takes outputs and targets that are one tensor each, got an object of them",
    );
    const { loss } = await evaluate(model, options);
    expect(loss).toBeCloseTo(cost.crossEntropy(model.forward(set.x).kind, set.y.kind).item(), 5);
  });

  test("an output for each sample is asked for in every part", async () => {
    class Short extends nn.Module<[x: Tensor], Outputs> {
      readonly kind = new nn.Linear(4, 3);
      forward(x: Tensor): Outputs {
        const kind = this.kind.forward(x);
        return { kind, size: ops.mean(kind) };
      }
    }
    const model = new Short();
    const wrong = predict(model, set.x.image);
    await expect(wrong).rejects.toThrow(
      "predict: expected the model to give an output for each of 23 samples in y.size, got []",
    );
    class Odd extends nn.Module<[x: Tensor], { a: number }> {
      forward(): { a: number } {
        return { a: 1 };
      }
    }
    await expect(predict(new Odd(), set.x.image)).rejects.toThrow(
      "predict: expected the model's output.a to be a tensor, got 1",
    );
  });

  test("an index out of range names the part and the sample", async () => {
    const users = tensor([0, 1, 7, 1], { dtype: "int32" });
    class Rated extends nn.Module<[inputs: { user: Tensor; item: Tensor }]> {
      readonly user = new nn.Embedding(3, 2);
      readonly item = new nn.Embedding(3, 2);
      forward({ user, item }: { user: Tensor; item: Tensor }): Tensor {
        return ops.sum(ops.mul(this.user.forward(user), this.item.forward(item)), { dim: 1 });
      }
    }
    const model = new Rated();
    await expect(
      fit(model, {
        data: { x: { item: zeros([4], { dtype: "int32" }), user: users }, y: zeros([4]) },
        cost: cost.mse,
        optimizer: newOptimizer(model),
        shuffle: false,
      }),
    ).rejects.toThrow("data.x.user of sample 2");
  });

  test("predict tells which part has another length", async () => {
    const x = { ...set.x, price: zeros([9, 1]) };
    await expect(predict(named(), x)).rejects.toThrow(
      "predict: expected parts of one length, got x.image [23, 4] and x.price [9, 1]",
    );
  });
});
