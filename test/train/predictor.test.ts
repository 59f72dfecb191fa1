import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  ArgumentError,
  cost,
  DataError,
  data,
  deserialize,
  FileError,
  fit,
  load,
  loadTensors,
  manualSeed,
  metrics,
  nn,
  optim,
  Predictor,
  predict,
  ShapeError,
  save,
  saveSync,
  serialize,
  type Tensor,
  zeros,
} from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";
import { readsMutatedFiles } from "../formats/hostile.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-predictor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "model.safetensors");

const KINDS = ["a", "b", "__proto__"];
const rows = Array.from({ length: 64 }, (_, i) => ({
  size: i % 3 === 2 ? null : (i % 3) * 3 + ((i * 7) % 11) / 11,
  town: ["Ghent", "Namur", "Ostend"][(i * 5) % 3] as string,
  at: new Date(Date.UTC(2024, i % 12, 1)),
  kind: KINDS[i % 3] as string,
  rent: 100.5 + 13 * (i % 9),
}));
const asked = { size: 3.5, town: "Namur", at: "2024-02-01" };

const classes = data.Schema.learn(rows, { target: "kind", features: ["size", "town", "at"] });
const embedded = data.Schema.learn(rows, { target: "kind", features: ["size", "town", "at"], embed: 0 });
const numbers = data.Schema.learn(rows, { target: "rent", features: ["size", "town"], dtype: "float64" });
const filled = rows.map((row) => ({ ...row, size: row.size ?? 0 }));
const several = data.Schema.learn(filled, { target: ["rent", "size"], features: ["town", "at"] });
const quantiles = data.Schema.learn(rows, { target: "rent", features: ["size"], scale: "quantile" });

/** A model of each kind that a table is learnt with. */
const MODELS: [string, data.Schema<data.SchemaInputs>, () => nn.Module][] = [
  ["nn.Mlp", classes, () => new nn.Mlp({ in: classes.size, hidden: [8], out: 3, norm: "batch" })],
  [
    "nn.Sequential",
    classes,
    () => new nn.Sequential(new nn.Linear(classes.size, 5), new nn.Dropout(0.5), new nn.Linear(5, 3)),
  ],
  ["nn.Tabular", embedded, () => new nn.Tabular(embedded, { width: 8, periodic: true })],
  ["numbers", numbers, () => new nn.Mlp({ in: numbers.size, hidden: [4], out: 1, dtype: "float64" })],
];

describe("a model is kept with its schema", () => {
  test.each(MODELS)("%s, the same in every bit", async (_, schema, make) => {
    manualSeed(1);
    const model = make();
    const { x, y } = schema.transform(rows);
    await fit(model, {
      data: { x, y },
      cost: schema.classes === null ? cost.mse : cost.crossEntropy,
      optimizer: new optim.Adam(model.parameters()),
    });
    await save(model, path, { schema, metadata: { by: "me" } });
    const [loaded, sync] = [await Predictor.load(path), Predictor.loadSync(path)];
    for (const one of [loaded, sync, Predictor.deserialize(serialize(model, { schema }))]) {
      expect(JSON.stringify(one.schema)).toBe(JSON.stringify(schema));
      expect(JSON.stringify(one.model.stateDict())).toBe(JSON.stringify(model.stateDict()));
      const direct = schema.inverse(await predict(model, schema.encode(rows)));
      expect(await one.predict(rows)).toEqual(direct);
      expect(await one.predict(new data.Table(rows))).toEqual(direct);
      const four = { ...rows[4] };
      expect(await one.predict(four)).toEqual((await one.predict([four]))[0]);
    }
    expect(String(await load(path))).toBe(String(model));
    expect((await loadTensors(path)).metadata["by"]).toBe("me");
  });

  test("a class of one's own is filled", async () => {
    class Own extends nn.Module {
      layer = new nn.Linear(classes.size, 3);
      forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const model = new Own();
    saveSync(model, path, { schema: classes });
    await expect(Predictor.load(path)).rejects.toThrow(/registerClass\("Own", Own\)/);
    const predictor = await Predictor.load(path, new Own());
    expect(await predictor.predict(asked)).toEqual(await new Predictor(model, classes).predict(asked));
  });

  test("a model of one's own takes the inputs as the schema gives them", async () => {
    class Own extends nn.Module<[data.EmbeddedInputs]> {
      town = new nn.Embedding(embedded.embeddings[0]?.count as number, 2);
      head = new nn.Linear(embedded.size, 3);
      forward({ numbers, categories }: data.EmbeddedInputs): Tensor {
        const town = this.town.forward(categories).flatten(1);
        return this.head.forward(numbers).add(town.sum({ dim: 1, keepdim: true }));
      }
    }
    const predictor = new Predictor(new Own(), embedded);
    saveSync(predictor.model, path, { schema: embedded });
    const loaded = Predictor.loadSync(path, new Own());
    expect(await loaded.predict(rows)).toEqual(await predictor.predict(rows));
  });

  test("what the model gives is kept, too", async () => {
    const model = new nn.Sequential(new nn.Linear(classes.size, 3), new nn.Softmax(1));
    await save(model, path, { schema: classes, outputs: "probabilities" });
    const predictor = await Predictor.load(path);
    expect(predictor.outputs).toBe("probabilities");
    const y = (await predict(model, classes.encode([asked]))).toArray() as number[][];
    expect(Object.values((await predictor.predict(asked)).probabilities)).toEqual(y[0]);
    expect(serialize(model, { schema: classes, outputs: "logits" })).toEqual(
      serialize(model, { schema: classes }),
    );
  });
});

describe("predict", () => {
  const model = new nn.Mlp({ in: classes.size, hidden: [4], out: 3 });
  const predictor = new Predictor(model, classes);

  test("gives classes with their probabilities, by names", async () => {
    const found = await predictor.predict(asked);
    expectTypeOf(found.probabilities).toEqualTypeOf<Readonly<Record<string, number>>>();
    expect(Object.keys(found.probabilities).sort()).toEqual([...KINDS].sort());
    expect(found.probability).toBe(found.probabilities[String(found.class)]);
    expect(Object.values(found.probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  test("gives numbers in their own units", async () => {
    const one = new nn.Linear(numbers.size, 1, { dtype: "float64" });
    one.loadStateDict({
      weight: zeros([1, numbers.size], { dtype: "float64" }),
      bias: zeros([1], { dtype: "float64" }),
    });
    const found = await new Predictor<number>(one, numbers).predict([{ size: 1, town: "Ghent" }]);
    const mean = rows.reduce((sum, { rent }) => sum + rent, 0) / rows.length;
    expect(found).toHaveLength(1);
    expect(found[0]).toBeCloseTo(mean, 9);
    const two = new Predictor<Record<string, number>>(new nn.Linear(several.size, 2), several);
    expect(Object.keys(await two.predict({ town: "Ghent", at: new Date(0) }))).toEqual(["rent", "size"]);
  });

  test.each([
    ["lists of any length give the same answers", undefined],
    ["and so does any batch size", 7],
  ])("%s", async (_, batchSize) => {
    const options = batchSize === undefined ? {} : { batchSize };
    const tabular = new Predictor(new nn.Tabular(embedded, { width: 4, blocks: 1 }), embedded);
    for (const one of [predictor, tabular]) {
      const all = await one.predict(rows);
      for (const length of [1, 2, 3, 31, 33, 64]) {
        const found = await one.predict(rows.slice(0, length), options);
        expect(found).toHaveLength(length);
        found.forEach(({ probability }, i) => {
          expect(probability).toBeCloseTo(all[i]?.probability as number, 5);
        });
      }
    }
    const many = Array.from({ length: 1100 }, (_, i) => rows[i % 64] as (typeof rows)[0]);
    const found = await predictor.predict(many, options);
    expect([found.length, found[1099]?.class]).toEqual([1100, found[1099 % 64]?.class]);
  });

  test("takes many calls at once, as a service gets them", async () => {
    const calls = rows.slice(0, 20).map((row) => predictor.predict(row));
    // A product of one row adds up its terms in another order than one of many.
    const close = (answer: object): unknown =>
      JSON.parse(JSON.stringify(answer), (_, value) =>
        typeof value === "number" ? (expect.closeTo(value, 6) as unknown) : (value as unknown),
      );
    const together = await predictor.predict(rows.slice(0, 20));
    expect(await Promise.all(calls)).toEqual(together.map(close));
  });

  test("leaves the model's mode and gradients as they are", async () => {
    model.train();
    await predictor.predict(asked);
    expect(model.training).toBe(true);
  });

  testErrors([
    [
      () => predictor.predict([asked, { ...asked, town: "Paris" }]),
      DataError,
      /^predict: row 1, column "town": "Paris" is none of the categories in training: "Ghent", "Namur", "Ostend"/,
    ],
    [
      () => predictor.predict({ size: 1, at: "2024-01-01" }),
      DataError,
      /^predict: row 0 has no column "town"/,
    ],
    [
      () => predictor.predict({ ...asked, size: "3" }),
      DataError,
      /^predict: row 0, column "size": expected a finite number, got "3"/,
    ],
    [() => predictor.predict([]), DataError, /^predict: expected at least one row/],
    [() => predictor.predict(7 as never), ArgumentError, /^predict: expected a Table or a list/],
    [
      () => new Predictor(new nn.Linear(classes.size, 2), classes).predict(asked),
      ShapeError,
      /^predict: expected outputs \[P, 3\], got \[1, 2\]/,
    ],
  ]);
});

describe("evaluate", () => {
  test("gives figures of classes, as evaluate does", async () => {
    const model = new nn.Mlp({ in: classes.size, hidden: [4], out: 3 });
    const found = await new Predictor(model, classes).evaluate(rows);
    const { x, y } = classes.transform(rows);
    const scores = await predict(model, x);
    expect(found.accuracy).toBe(metrics.accuracy(scores, y));
    expect(found.balancedAccuracy).toBe(metrics.balancedAccuracy(scores, y));
    expect(found.logLoss).toBeCloseTo(metrics.logLoss(scores, y, { outputs: "logits" }), 12);
    expect(found.confusionMatrix.values.flat().reduce((a, b) => a + b)).toBe(rows.length);
    expect(inspect(found)).toMatch(
      /^accuracy .*\nbalancedAccuracy .*\nlogLoss .*\n\nconfusionMatrix\n.*__proto__/,
    );
  });

  test("gives figures of numbers in their own units", async () => {
    const model = new nn.Linear(numbers.size, 1, { dtype: "float64" });
    const predictor = new Predictor<number>(model, numbers);
    const found = await predictor.evaluate(new data.Table(rows));
    const guesses = await predictor.predict(rows);
    const errors = rows.map(({ rent }, i) => Math.abs(rent - (guesses[i] as number)));
    expect(found.meanAbsoluteError).toBeCloseTo(errors.reduce((a, b) => a + b) / rows.length, 9);
    expect(found.rootMeanSquaredError).toBeCloseTo(
      Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / rows.length),
      9,
    );
    const sampleWeight = rows.map((_, i) => Number(i < 5));
    const few = await predictor.evaluate(rows, { sampleWeight });
    expect(few.meanAbsoluteError).toBeCloseTo(
      (await predictor.evaluate(rows.slice(0, 5))).meanAbsoluteError,
      9,
    );
  });

  test("takes other metrics, and rows that come one by one", async () => {
    const predictor = new Predictor(new nn.Linear(classes.size, 3), classes);
    const found = await predictor.evaluate(new Set(rows), {
      metrics: { top: metrics.accuracy.with({ topK: 2 }), ranks: "rocAuc" },
    });
    expect(Object.keys(found)).toEqual(["top", "ranks"]);
    const two = new Predictor<Record<string, number>>(new nn.Linear(several.size, 2), several);
    expect(Object.keys(await two.evaluate(filled))).toEqual([
      "meanAbsoluteError",
      "rootMeanSquaredError",
      "r2",
    ]);
  });

  testErrors([
    [
      () => new Predictor(new nn.Linear(classes.size, 3), classes).evaluate([asked]),
      DataError,
      /^evaluate: there is no target "kind"/,
    ],
    [
      () =>
        new Predictor(new nn.Linear(classes.size, 3), classes).evaluate(rows, {
          metrics: { own: (y: Tensor) => y.sum() },
          sampleWeight: rows.map(() => 1),
        }),
      ArgumentError,
      /^evaluate: metric own is a function, which knows no weights/,
    ],
  ]);
});

describe("what does not go", () => {
  const model = new nn.Linear(classes.size, 3);
  const goalless = data.Schema.learn(rows, { features: ["size"] });
  const withText = (name: string, text: string): Uint8Array =>
    serialize(model.stateDict(), { metadata: { [name]: text } });

  testErrors([
    [() => new Predictor({} as nn.Module, classes), ArgumentError, /^Predictor: expected a Module/],
    [
      () => new Predictor(model, classes.toJSON() as never),
      ArgumentError,
      /^Predictor: expected schema to be a Schema/,
    ],
    [
      () => serialize(model, { schema: goalless }),
      ArgumentError,
      /^serialize: the schema was learnt without a target/,
    ],
    [
      () => serialize(model, { outputs: "logits" }),
      ArgumentError,
      /^serialize: outputs is for a model with a schema/,
    ],
    [
      () => withText("thalweg.schema", "{}"),
      ArgumentError,
      /^serialize: metadata: the name "thalweg.schema" is taken/,
    ],
    [
      () => Predictor.deserialize(serialize(model)),
      DataError,
      /^Predictor.deserialize: the file has no schema; save\(model, path, \{ schema \}\)/,
    ],
  ]);

  /** The file with another text at the place of one, of the same length. */
  const mended = (from: string, to: string): Uint8Array => {
    const bytes = Buffer.from(serialize(model, { schema: classes, outputs: "probabilities" }));
    const at = bytes.indexOf(from);
    expect([at > 0, from.length]).toEqual([true, to.length]);
    bytes.write(to, at);
    return Uint8Array.from(bytes);
  };

  testErrors([
    [
      () =>
        Predictor.deserialize(mended('"{\\"format\\":\\"thalweg schema', '"[\\"format\\":\\"thalweg schema')),
      DataError,
      /^Predictor.deserialize: the schema is not JSON/,
    ],
    [
      () => Predictor.deserialize(mended('schema\\",\\"version\\":1', 'schema\\",\\"version\\":2')),
      DataError,
      /^Predictor.deserialize: the schema: expected version to be 1, got 2/,
    ],
    [
      () => Predictor.deserialize(mended('"probabilities"', '"probabilityes"')),
      DataError,
      /expected thalweg.outputs to be one of logits, probabilities/,
    ],
  ]);

  test("a path without a file", async () => {
    await expect(Predictor.load(join(folder, "no"))).rejects.toThrow(FileError);
    expect(() => Predictor.loadSync(join(folder, "no"))).toThrow(/^Predictor.loadSync: .*ENOENT/);
  });

  test("a file with a schema is a model for load", () => {
    expect(String(deserialize(serialize(model, { schema: classes })))).toBe(String(model));
  });
});

readsMutatedFiles({
  name: "models with a schema",
  files: {
    classes: serialize(new nn.Linear(classes.size, 3), { schema: classes, outputs: "probabilities" }),
    embedded: serialize(new nn.Tabular(embedded, { width: 2, blocks: 1 }), { schema: embedded }),
    numbers: serialize(new nn.Linear(quantiles.size, 1), { schema: quantiles }),
  },
  read: (bytes) => Predictor.deserialize(bytes).predict(rows),
});
