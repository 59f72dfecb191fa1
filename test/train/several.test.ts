import { describe, expect, expectTypeOf, test } from "vitest";
import {
  cost,
  data,
  evaluate,
  fit,
  manualSeed,
  metrics,
  nn,
  ops,
  optim,
  predict,
  randn,
  type Tensor,
  tensor,
} from "../../lib/index.js";

type Inputs = { readonly image: Tensor; readonly price: Tensor };
type Outputs = { readonly kind: Tensor; readonly size: Tensor };

/** Two inputs by name, two outputs by name. */
class Named extends nn.Module<[inputs: Inputs], Outputs> {
  readonly image = new nn.Linear(4, 5);
  readonly price = new nn.Linear(1, 5);
  readonly kind = new nn.Linear(5, 3);
  readonly size = new nn.Linear(5, 1);

  forward({ image, price }: Inputs): Outputs {
    const z = ops.tanh(ops.add(this.image.forward(image), this.price.forward(price)));
    return { kind: this.kind.forward(z), size: this.size.forward(z) };
  }
}

/** The same with lists. */
class Listed extends nn.Module<[image: Tensor, price: Tensor], readonly [kind: Tensor, size: Tensor]> {
  readonly named = new Named();

  forward(image: Tensor, price: Tensor): readonly [Tensor, Tensor] {
    const { kind, size } = this.named.forward({ image, price });
    return [kind, size];
  }
}

const SAMPLES = 23;

function samples() {
  manualSeed(3);
  const kind = tensor(
    Array.from({ length: SAMPLES }, (_, p) => p % 3),
    { dtype: "int32" },
  );
  return {
    x: { image: randn([SAMPLES, 4]), price: randn([SAMPLES, 1]) },
    y: { kind, size: randn([SAMPLES, 1]) },
  };
}

const inLists = ({ x, y }: ReturnType<typeof samples>) => ({
  x: [x.image, x.price] as const,
  y: [y.kind, y.size] as const,
});

function named(): Named {
  manualSeed(1);
  return new Named();
}

function listed(): Listed {
  manualSeed(1);
  return new Listed();
}

const valuesOf = (model: { parameters(): Tensor[] }) => model.parameters().map((one) => Array.from(one.data));

const COSTS = { kind: cost.crossEntropy, size: cost.mse };
const WEIGHTS = { kind: 0.5, size: 2 };

/** The steps of `fit` without shuffling, written by hand. */
function trainedByHand(model: Named, epochs: number): void {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const loader = new data.DataLoader(samples(), { batchSize: 8 });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of loader) {
      const found = model.forward(x);
      const loss = ops.add(
        ops.mul(cost.crossEntropy(found.kind, y.kind), WEIGHTS.kind),
        ops.mul(cost.mse(found.size, y.size), WEIGHTS.size),
      );
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
  }
}

const closeTo = (found: readonly number[][], expected: readonly number[][]) => {
  expect(found.length).toBe(expected.length);
  found.forEach((values, i) => {
    values.forEach((value, j) => {
      expect(value).toBeCloseTo((expected[i] as number[])[j] as number, 5);
    });
  });
};

const settings = { epochs: 3, batchSize: 8, shuffle: false } as const;
const newOptimizer = (model: { parameters(): nn.Parameter[] }) =>
  new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

describe("several inputs and targets", () => {
  test("a model of two inputs and two targets by name learns as steps written by hand", async () => {
    const [model, byHand] = [named(), named()];
    const history = await fit(model, {
      data: samples(),
      cost: COSTS,
      costWeights: WEIGHTS,
      optimizer: newOptimizer(model),
      ...settings,
    });
    trainedByHand(byHand, 3);
    closeTo(valuesOf(model), valuesOf(byHand));
    for (const { loss, metrics: figures } of history) {
      const { "kind.loss": kind = 0, "size.loss": size = 0 } = figures;
      expect(kind).toBeGreaterThan(0);
      expect(loss).toBeCloseTo(0.5 * kind + 2 * size, 5);
    }
  });

  test("a model of lists learns the same", async () => {
    const [model, byHand] = [listed(), named()];
    const history = await fit(model, {
      data: inLists(samples()),
      cost: [cost.crossEntropy, cost.mse],
      costWeights: [0.5, 2],
      optimizer: newOptimizer(model),
      ...settings,
    });
    trainedByHand(byHand, 3);
    closeTo(valuesOf(model), valuesOf(byHand));
    expect(Object.keys(history[0]?.metrics ?? {})).toEqual(["0.loss", "1.loss"]);
  });

  test("one function of all outputs and targets learns the same", async () => {
    const [model, byHand] = [named(), named()];
    const both = (y: Outputs, target: Outputs): Tensor =>
      ops.add(
        ops.mul(cost.crossEntropy(y.kind, target.kind), 0.5),
        ops.mul(cost.mse(y.size, target.size), 2),
      );
    const history = await fit(model, {
      data: samples(),
      cost: both,
      optimizer: newOptimizer(model),
      ...settings,
    });
    trainedByHand(byHand, 3);
    closeTo(valuesOf(model), valuesOf(byHand));
    expect(history[0]?.metrics).toEqual({});
    // Its value over the set, computed at once.
    const { loss } = await evaluate(model, { data: samples(), cost: both, batchSize: 7 });
    const parts = await evaluate(model, { data: samples(), cost: COSTS, costWeights: WEIGHTS });
    expect(loss).toBeCloseTo(parts.loss, 5);
  });

  test("figures of each target are those of the target alone", async () => {
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

  test("predict gives the outputs in the model's form", async () => {
    const set = samples();
    const all = named().forward(set.x);
    const byName = await predict(named(), set.x, { batchSize: 4 });
    expect(Object.keys(byName)).toEqual(["kind", "size"]);
    const inList = await predict(listed(), [set.x.image, set.x.price], { batchSize: 4 });
    expect(inList).toHaveLength(2);
    for (const [at, name] of (["kind", "size"] as const).entries()) {
      closeTo([[...byName[name].data]], [[...all[name].data]]);
      closeTo([[...(inList[at] as Tensor).data]], [[...all[name].data]]);
    }
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
