// Networks for tables: what the tests over all modules do not say of them.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DTypeError,
  data,
  evaluate,
  fit,
  IndexError,
  manualSeed,
  nn,
  OptionError,
  ones,
  optim,
  predict,
  ShapeError,
  tensor,
} from "../../lib/index.js";
import { bad, testErrors } from "../errors/expect-error.js";

const colours = ["red", "green", "blue"] as const;

/** y is 1 where the number is above a threshold that depends on the colour. */
const rows = Array.from({ length: 240 }, (_, i) => {
  const colour = colours[i % 3] as (typeof colours)[number];
  const value = ((i * 37) % 101) / 50 - 1;
  return { colour, value, y: value > { red: -0.5, green: 0, blue: 0.5 }[colour] ? "yes" : "no" };
});

describe("Mlp", () => {
  test("prints its layers and tells its parts from one another", () => {
    const model = new nn.Mlp({ in: 3, hidden: [4, 4], out: 1, norm: "batch", dropout: 0.2 });
    expect(String(model.layers.at(1))).toBe(
      String(
        new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.ReLU(), new nn.Dropout(0.2)),
      ),
    );
    expect(String(model)).toContain('Mlp(\n  in=3, hidden=[4, 4], out=1, activation="relu", norm="batch"');
  });

  test("begins as PyTorch's layers do, with the same numbers for the same seed", () => {
    const make = (): nn.Mlp => new nn.Mlp({ in: 100, hidden: [400], out: 3 });
    manualSeed(5);
    const model = make();
    for (const [name, k] of [
      ["layers.0.0", 0.1],
      ["head", 0.05],
    ] as const) {
      for (const part of ["weight", "bias"]) {
        const { data: values } = model.stateDict()[`${name}.${part}`] as { data: Float32Array };
        expect(values.every((value) => Math.abs(value) <= k)).toBe(true);
        if (part === "weight") expect(Math.max(...values)).toBeGreaterThan(0.99 * k);
      }
    }
    manualSeed(5);
    expect(make().head.bias?.toArray()).toEqual(model.head.bias?.toArray());
  });

  const options = { in: 3, hidden: [4], out: 2 };
  testErrors(
    [
      [() => new nn.Mlp(bad(undefined)), ArgumentError, "Mlp: expected an object of options, got undefined"],
      [
        () => new nn.Mlp({ ...options, hidden: [] }),
        ArgumentError,
        /^Mlp: expected at least one hidden layer/,
      ],
      [
        () => new nn.Mlp({ ...options, hidden: [4, 0] }),
        ArgumentError,
        "Mlp: expected hidden[1] to be a whole number ≥ 1, got 0",
      ],
      [
        () => new nn.Mlp({ ...options, activation: bad("ReLU") }),
        ArgumentError,
        /^Mlp: expected activation to be one of "elu", "gelu", /,
      ],
      [
        () => new nn.Mlp({ ...options, norm: bad("group") }),
        ArgumentError,
        'Mlp: expected norm to be one of "batch", "layer", "none", got "group"',
      ],
      [
        () => new nn.Mlp({ ...options, residual: true }),
        ArgumentError,
        "Mlp: residual: expected a hidden layer that is as wide as its input, got in 3 and hidden [4]",
      ],
      [
        () => new nn.Mlp({ ...options, ...bad({ hiden: 3 }) }),
        OptionError,
        'Mlp: unknown option "hiden"; did you mean "hidden"?',
      ],
      [() => new nn.Mlp(options).forward(ones([2, 4])), ShapeError, "Mlp: expected x [..., 3], got [2, 4]"],
    ],
    () => [],
  );
});

describe("PeriodicEmbedding", () => {
  test("begins with frequencies within three deviations", () => {
    const { frequency } = new nn.PeriodicEmbedding(20, { frequencies: 50, scale: 0.5 });
    const values = [...frequency.data];
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1.5);
    expect(deviation).toBeGreaterThan(0.44);
    expect(deviation).toBeLessThan(0.55);
  });

  testErrors(
    [
      [
        () => new nn.PeriodicEmbedding(2, { scale: 0 }),
        ArgumentError,
        "PeriodicEmbedding: expected scale to be a number > 0, got 0",
      ],
      [
        () => new nn.PeriodicEmbedding(2).forward(ones([3])),
        ShapeError,
        "PeriodicEmbedding: expected x [..., 2], got [3]",
      ],
    ],
    () => [],
  );
});

describe("Tabular", () => {
  const small = { width: 16, dropout: 0 };

  test.each([false, { scale: 0.3 }])("learns a table by its schema alone, periodic %o", async (periodic) => {
    manualSeed(1);
    const schema = data.Schema.learn(rows, { target: "y", embed: ["colour"] });
    const { x, y } = schema.transform(rows);
    const model = new nn.Tabular(schema, { ...small, periodic });
    const joined = nn.Tabular.join(x);
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    await fit(model, { data: { x: joined, y }, cost: cost.crossEntropy, optimizer, epochs: 30 });
    const found = await evaluate(model, {
      data: { x: joined, y },
      cost: cost.crossEntropy,
      metrics: ["accuracy"],
    });
    expect(found.accuracy).toBeGreaterThan(0.93);
    const asked = [
      { colour: "red", value: -0.2 },
      { colour: "blue", value: 0.2 },
    ];
    const answers = schema.inverse(await predict(model, nn.Tabular.join(schema.encode(asked))));
    expect(answers.map((answer) => answer.class)).toEqual(["yes", "no"]);
  });

  test("takes numbers and indices apart or side by side, to the same outputs", () => {
    const schema = data.Schema.learn(rows, { target: "y", embed: ["colour"] });
    const x = schema.encode(rows.slice(0, 7));
    const model = new nn.Tabular(schema, { ...small, periodic: true }).eval();
    expect(model.forward(nn.Tabular.join(x)).toArray()).toEqual(
      model.forward(x.numbers, x.categories).toArray(),
    );
  });

  test("takes a schema without embeddings, and one without numbers", () => {
    const dense = data.Schema.learn(rows, { target: "y" });
    const encoded = dense.encode(rows);
    expect(nn.Tabular.join(encoded)).toBe(encoded);
    expect(new nn.Tabular(dense, small).eval().forward(encoded).shape).toEqual([240, 2]);
    const indices = data.Schema.learn(rows, { target: "y", features: ["colour"], embed: ["colour"] });
    const model = new nn.Tabular(indices, { ...small, periodic: true }).eval();
    const x = indices.encode(rows);
    expect(model.forward(nn.Tabular.join(x)).toArray()).toEqual(
      model.forward(x.numbers, x.categories).toArray(),
    );
  });

  test("gives categories vectors of a size by their number, or the one asked for", () => {
    const sizes = { size: 0, embeddings: [{ count: 2 }, { count: 1000 }, { count: 100_000 }], outputs: 1 };
    const dims = ({ embeddings }: nn.Tabular) => embeddings?.modules.map((one) => one.embeddingDim);
    expect(dims(new nn.Tabular(sizes, small))).toEqual([2, 77, 600]);
    const model = new nn.Tabular(sizes, { ...small, embeddingDim: 4 });
    expect(dims(model)).toEqual([4, 4, 4]);
    const values = [...(model.embeddings?.at(1)?.weight.data ?? [])];
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(Math.max(...values)).toBeGreaterThan(0.49);
  });

  const sizes = { size: 1, embeddings: [{ count: 3 }], outputs: 2 };
  const x = tensor([[0.5, 3]]);
  const integers = tensor([[1]], { dtype: "int32" });
  testErrors(
    [
      [() => new nn.Tabular(sizes).forward(x), IndexError, /index 3 at position 0 is outside \[0, 3\)/],
      [
        () => new nn.Tabular(sizes).forward(tensor([[1, 2, 3]])),
        ShapeError,
        "Tabular: expected x [B, 2], 1 numbers and 1 indices, got [1, 3]",
      ],
      [
        () => new nn.Tabular(sizes).forward(x, integers),
        ShapeError,
        "Tabular: expected numbers [B, 1] and categories [B, 1], got [1, 2] and [1, 1]",
      ],
      [
        () => new nn.Tabular(sizes).forward(tensor([[1]]), tensor([[1]])),
        DTypeError,
        /expected index to be int32/,
      ],
      [
        () => new nn.Tabular({ size: 0, outputs: 1 }),
        ArgumentError,
        "Tabular: expected at least one column of numbers or categories, got none",
      ],
      [
        () => new nn.Tabular({ ...sizes, embeddings: [{ count: 0 }] }),
        ArgumentError,
        /^Tabular: expected embeddings\[0\].count to be a whole number ≥ 1 and ≤ 16777216, got 0/,
      ],
      [
        () => new nn.Tabular(data.Schema.learn(rows)),
        ArgumentError,
        "Tabular: expected outputs to be a whole number ≥ 1, got 0",
      ],
      [
        () => new nn.Tabular(sizes, { periodic: { sigma: 1, ...bad({}) } }),
        OptionError,
        /^Tabular: periodic: unknown option "sigma"/,
      ],
      [
        () => nn.Tabular.join(bad([1])),
        ArgumentError,
        /^Tabular.join: expected a tensor or { numbers, categories }, got /,
      ],
      [
        () => nn.Tabular.join({ numbers: integers, categories: integers }),
        DTypeError,
        /^Tabular.join: expected numbers/,
      ],
    ],
    () => [x, integers],
  );
});
