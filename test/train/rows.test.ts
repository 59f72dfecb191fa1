import { describe, expect, expectTypeOf, test } from "vitest";
import {
  ArgumentError,
  cost,
  DataError,
  data,
  evaluate,
  fit,
  manualSeed,
  metrics,
  nn,
  ops,
  optim,
  predict,
  ShapeError,
  type Tensor,
} from "../../lib/index.js";
import { bad, expectError, type Wrong } from "../errors/expect-error.js";

const rows = Array.from({ length: 60 }, (_, i) => {
  const [a, b] = [i % 7, (i * 5) % 11];
  return { a, b, kind: a + b > 8 ? "large" : "small", price: 1000 + 90 * a - 40 * b };
});
const [train, rest] = data.split(rows, [0.75, 0.25], { stratify: rows.map(({ kind }) => kind) });
const kinds = data.Schema.learn(train, { target: "kind", features: ["a", "b"] });
const prices = data.Schema.learn(train, { target: "price", features: ["a", "b"] });

function make(schema: data.Schema): { model: nn.Mlp; optimizer: optim.Adam } {
  manualSeed(1);
  const model = new nn.Mlp({ in: schema.size, hidden: 8, out: schema.outputs });
  return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.02 }) };
}

describe("rows with a schema", () => {
  test.each([
    ["classes", kinds, cost.crossEntropy],
    ["numbers", prices, cost.mse],
  ] as const)(
    "%s: fit and evaluate do as with their tensors and the target's cost",
    async (_, schema, usual) => {
      const [ofRows, ofTensors] = [make(schema), make(schema)];
      const options = { schema, epochs: 4, seed: 3 };
      const history = await fit(ofRows.model, {
        ...options,
        data: new data.Table(train),
        validation: rest,
        optimizer: ofRows.optimizer,
      });
      const expected = await fit(ofTensors.model, {
        data: schema.transform(train),
        validation: schema.transform(rest),
        cost: usual,
        optimizer: ofTensors.optimizer,
        epochs: 4,
        seed: 3,
      });
      expect(history.map(({ loss, validation }) => [loss, validation])).toEqual(
        expected.map(({ loss, validation }) => [loss, validation]),
      );
      const found = await evaluate(ofRows.model, { data: rest, schema });
      expect(found).toEqual(await evaluate(ofTensors.model, { data: schema.transform(rest), cost: usual }));
    },
  );

  test("five epochs and five of the same rows are ten", async () => {
    const options = { data: new data.Table(train), schema: kinds };
    const once = make(kinds);
    await fit(once.model, { ...options, optimizer: once.optimizer, epochs: 10 });
    const twice = make(kinds);
    for (let i = 0; i < 2; i++) await fit(twice.model, { ...options, optimizer: twice.optimizer, epochs: 5 });
    expect(twice.model.head.weight.toArray()).toEqual(once.model.head.weight.toArray());
  });

  test("a schema with embeddings and a network for tables", async () => {
    const schema = data.Schema.learn(train, { target: "price", features: ["a", "kind"], embed: ["kind"] });
    const model = new nn.Tabular(schema, { width: 8, dropout: 0 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const history = await fit(model, { data: train, schema, optimizer, epochs: 30 });
    expect(history.at(-1)?.loss).toBeLessThan((history[0]?.loss ?? 0) / 2);
    const found = await evaluate(model, { data: rest, schema, metrics: ["meanAbsoluteError"] });
    expect(found.meanAbsoluteError).toBeGreaterThan(1);
  });

  test("a stream with its schema has the cost of the target", async () => {
    const set = data.stream(() => train, { schema: kinds, batchSize: 15 });
    const { model, optimizer } = make(kinds);
    const [first] = await fit(model, { data: set, schema: kinds, optimizer });
    const other = make(kinds);
    const again = data.stream(() => train, { schema: kinds, batchSize: 15 });
    const [second] = await fit(other.model, {
      data: again,
      cost: cost.crossEntropy,
      optimizer: other.optimizer,
    });
    expect(first?.loss).toBe(second?.loss);
  });

  test("metrics of numbers are in their own units, whatever the size of the batches", async () => {
    const { model, optimizer } = make(prices);
    const history = await fit(model, {
      data: train,
      schema: prices,
      optimizer,
      metrics: ["meanAbsoluteError"],
    });
    expect(history[0]?.metrics["meanAbsoluteError"]).toBeGreaterThan(20);
    const foretold = prices.inverse<number>(await predict(model, prices.encode(rest)));
    const real = rest.map(({ price }) => price);
    const largest = (y: Tensor, target: Tensor) => ops.amax(ops.abs(ops.sub(y, target)));
    for (const set of [rest, prices.transform(rest)]) {
      const found = await evaluate(model, {
        data: set,
        schema: prices,
        metrics: { mae: "meanAbsoluteError", r2: metrics.r2, largest },
      });
      expectTypeOf(found.mae).toEqualTypeOf<number>();
      expect(found.mae / metrics.meanAbsoluteError(foretold, real)).toBeCloseTo(1, 5);
      expect(found.r2).toBeCloseTo(metrics.r2(foretold, real), 5);
      const errors = real.map((price, i) => Math.abs(price - (foretold[i] as number)));
      expect(found.largest / Math.max(...errors)).toBeCloseTo(1, 4);
    }
    const whole = await evaluate(model, { data: rest, schema: prices, metrics: ["meanAbsoluteError"] });
    const inParts = { data: rest, schema: prices, metrics: ["meanAbsoluteError"], batchSize: 4 } as const;
    const parts = await evaluate(model, inParts);
    expect(parts.meanAbsoluteError / whole.meanAbsoluteError).toBeCloseTo(1, 6);
  });

  test("numbers whose target is not scaled stay as they are", async () => {
    const raw = data.Schema.learn(train, { target: "price", features: ["a", "b"], scaleTarget: false });
    const { model } = make(raw);
    const withSchema = await evaluate(model, { data: rest, schema: raw, metrics: ["meanAbsoluteError"] });
    const tensors = { data: raw.transform(rest), cost: cost.mse, metrics: ["meanAbsoluteError"] } as const;
    expect(withSchema).toEqual(await evaluate(model, tensors));
  });

  test("reports have the names of the classes, also of those that do not occur", async () => {
    const { model } = make(kinds);
    const found = await evaluate(model, {
      data: rest.filter(({ kind }) => kind === "small"),
      schema: kinds,
      metrics: {
        matrix: "confusionMatrix",
        report: "classificationReport",
        some: metrics.classificationReport.with({ labels: [1] }),
        own: metrics.confusionMatrix.with({ classNames: ["L", "S"] }),
      },
    });
    expect(String(found.matrix)).toMatch(/large +small\n/);
    expect(Object.keys(found.report.classes)).toEqual(["large", "small"]);
    expect(Object.keys(found.some.classes)).toEqual(["small"]);
    expect(String(found.own)).toMatch(/L +S\n/);
  });

  test("classWeight takes the names of the classes", async () => {
    const losses = [];
    for (const classWeight of [[3, 0.5], { large: 3, small: 0.5 }] as const) {
      const { model, optimizer } = make(kinds);
      losses.push((await fit(model, { data: train, schema: kinds, optimizer, classWeight }))[0]?.loss);
    }
    expect(losses[0]).toBe(losses[1]);
  });

  test("a cost that is given is the cost", async () => {
    const { model } = make(prices);
    const found = await evaluate(model, { data: rest, schema: prices, cost: cost.l1 });
    expect(found.loss).toBe((await evaluate(model, { data: prices.transform(rest), cost: cost.l1 })).loss);
  });

  test("what does not fit is refused before anything is learnt", async () => {
    const { model, optimizer } = make(kinds);
    const before = model.head.weight.toArray();
    const mistaken = [...train.slice(1), { ...(train[0] as (typeof train)[0]), a: "1" }];
    const goal = data.Schema.learn(train, { features: ["a"] });
    const wide = new nn.Mlp({ in: prices.size, hidden: 3, out: 2 });
    const sums = (y: Tensor) => ops.sum(y);
    for (const wrong of [
      [
        () => fit(model, { data: mistaken, schema: kinds, optimizer }),
        DataError,
        'fit: data: row 44, column "a": expected a finite number, got "1"',
      ],
      [
        () => fit(model, { data: train, validation: [{ a: 1 }], schema: kinds, optimizer }),
        DataError,
        /^fit: validation: /,
      ],
      [
        () => fit(model, bad({ data: train, optimizer, cost: cost.mse })),
        ArgumentError,
        /^fit: expected data to be .*; for rows, the option schema/,
      ],
      [
        () => evaluate(model, bad({ data: new data.Table(train), cost: cost.mse })),
        ArgumentError,
        /^evaluate: .*got a Table; for rows/,
      ],
      [() => fit(model, { data: train, schema: goal, optimizer }), ArgumentError, /without a target/],
      [
        () => fit(model, { data: train, schema: bad({}), optimizer }),
        ArgumentError,
        "fit: expected schema to be a Schema, got an object",
      ],
      [
        () => fit(model, { data: train, schema: kinds, optimizer, classWeight: { large: 1, medium: 2 } }),
        ArgumentError,
        'fit: classWeight: expected the classes "large", "small", got "medium"',
      ],
      [
        () => fit(model, { data: train, schema: kinds, optimizer, classWeight: { large: 1 } }),
        DataError,
        'fit: classWeight has no number for the class "small"',
      ],
      [
        () => evaluate(wide, { data: rest, schema: prices, cost: sums, metrics: ["r2"] }),
        ShapeError,
        /metric r2: expected outputs \[15, 1\]/,
      ],
    ] satisfies Wrong[]) {
      await expectError(wrong);
    }
    expect(model.head.weight.toArray()).toEqual(before);
  });
});
