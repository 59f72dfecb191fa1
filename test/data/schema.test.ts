import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, OptionError, ShapeError, ThalwegError } from "../../lib/errors.js";
import { data, type Tensor, tensor } from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";
import { askPython, pythonWith } from "../python.js";

const { Schema, Table } = data;
const people = new Table(
  [
    { age: 22, sex: "male", ok: true, at: new Date("2024-01-01"), name: "a", paid: 10, survived: "no" },
    { age: 38, sex: "female", ok: false, at: new Date("2024-01-03"), name: "b", paid: 20, survived: "yes" },
    { age: null, sex: "female", ok: true, at: new Date("2024-01-05"), name: "c", paid: 60, survived: "yes" },
    { age: 30, sex: null, ok: true, at: new Date("2024-01-07"), name: "d", paid: 30, survived: "no" },
  ],
  { types: { name: "text" } },
);
const schema = Schema.learn(people, { target: "survived", dtype: "float64" });
const dense = (x: data.SchemaInputs) => x as Tensor;
const one = { age: 30, sex: "male", ok: true, at: "2024-01-04", paid: 30 };

describe("learns columns", () => {
  test("numbers have mean 0 and deviation 1, and the median stands for what is missing, with an input that says so", () => {
    const { x } = schema.transform(people);
    expect(schema.names).toEqual([
      "age",
      "age is missing",
      "sex=female",
      "sex=male",
      "sex is missing",
      "ok",
      "at",
      "paid",
    ]);
    expect(dense(x).shape).toEqual([4, schema.size]);
    const rows = dense(x).toArray() as number[][];
    expect(rows.map((row) => row[1])).toEqual([0, 0, 1, 0]);
    expect(rows.map((row) => row.slice(2, 6))).toEqual([
      [0, 1, 0, 1],
      [1, 0, 0, 0],
      [1, 0, 0, 1],
      [0, 0, 1, 1],
    ]);
    const mean = (22 + 38 + 30) / 3;
    const deviation = Math.sqrt(((22 - mean) ** 2 + (38 - mean) ** 2 + (30 - mean) ** 2) / 3);
    [22, 38, 30, 30].forEach((age, row) => {
      expect(rows[row]?.[0]).toBeCloseTo((age - mean) / deviation, 12);
    });
    const times = rows.map((row) => row[6] as number);
    expect(times[0]).toBeCloseTo(-1.3416407864998738, 12);
    expect(times.reduce((sum, t) => sum + t, 0)).toBeCloseTo(0, 12);
  });

  test("the target's classes are sorted, and y are their positions", () => {
    expect(schema.classes).toEqual(["no", "yes"]);
    expect(schema.transform(people).y.toArray()).toEqual([0, 1, 1, 0]);
    expect(schema.transform(people).y.dtype).toBe("int32");
  });

  test("text is left out, and said so", () => {
    expect(schema.skipped).toEqual(["name"]);
    expect(inspect(schema)).toContain('left out: "name"');
  });

  test("objects as a service receives them are encoded as rows of the table", () => {
    const fromObject = dense(schema.encode([one])).toArray() as number[][];
    const fromTable = dense(schema.encode(new Table([{ ...one, at: new Date("2024-01-04") }]))).toArray();
    expect(fromObject).toEqual(fromTable);
    expect(fromObject[0]?.[6]).toBeCloseTo(0, 12);
  });

  test("rows may come one by one, and are read once", () => {
    const schema = data.Schema.learn(
      [
        { a: 1, y: 0.5 },
        { a: 3, y: 1.5 },
      ],
      { target: "y" },
    );
    const rows = [{ a: 2, y: 1 }];
    const given = schema.transform(rows);
    const drawn = schema.transform(rows.values());
    expect([drawn.x.toArray(), drawn.y.toArray()]).toEqual([given.x.toArray(), given.y.toArray()]);
  });

  test("a category of numbers is asked for by types", () => {
    const of = Schema.learn(
      [
        { c: 1, y: 0.5 },
        { c: 3, y: 1.5 },
      ],
      { target: "y", types: { c: "category" } },
    );
    expect(of.names).toEqual(["c=1", "c=3"]);
    expect(dense(of.encode([{ c: 3 }])).toArray()).toEqual([[0, 1]]);
    expect(dense(of.encode([{ c: "3" }])).toArray()).toEqual([[0, 1]]);
  });

  test("dates give parts as sine and cosine", () => {
    const of = Schema.learn([{ at: new Date("2024-04-07T06:00:00Z") }], {
      dates: ["month", "weekday", "hour"],
      dtype: "float64",
    });
    const [row] = dense(of.encode([{ at: "2024-04-07T06:00:00Z" }])).toArray() as [number[]];
    [1, 0, 0, 1, 1, 0].forEach((value, i) => {
      expect(row[i]).toBeCloseTo(value, 12);
    });
  });

  test("range, none and quantile scale as they say", () => {
    const rows = [
      { a: 1, b: 5, c: 1 },
      { a: 3, b: 7, c: 2 },
      { a: 2, b: 7, c: 9 },
    ];
    const of = Schema.learn(rows, { scale: { a: "range", b: "none", c: "quantile" }, dtype: "float64" });
    const x = dense(of.encode(rows)).toArray() as number[][];
    expect(x.map((row) => row.slice(0, 2))).toEqual([
      [0, 5],
      [1, 7],
      [0.5, 7],
    ]);
    expect(x[1]?.[2]).toBeCloseTo(0, 12);
    expect(x[2]?.[2]).toBeCloseTo(5.199337582605575, 6);
  });

  test("embedded categories are int32 columns, with 0 for unknown ones and the last for missing ones", () => {
    const rows = [
      { u: "a", v: "p", n: 1 },
      { u: "b", v: null, n: 2 },
      { u: "c", v: "q", n: 3 },
    ];
    const of = Schema.learn(rows, { embed: 1, unknown: "stand-in" });
    expect(of.embeddings).toEqual([
      { name: "u", count: 4 },
      { name: "v", count: 4 },
    ]);
    const x = of.encode([...rows, { u: "z", v: "p", n: 2 }]) as { numbers: Tensor; categories: Tensor };
    expect(x.numbers.shape).toEqual([4, 1]);
    expect(x.categories.dtype).toBe("int32");
    expect(x.categories.toArray()).toEqual([
      [1, 1],
      [2, 3],
      [3, 2],
      [0, 1],
    ]);
  });

  test("with embed, the inputs are an object also if no category is embedded", () => {
    const of = Schema.learn(
      [
        { n: 1, c: "a" },
        { n: 2, c: "b" },
      ],
      { embed: 50 },
    );
    const { numbers, categories } = of.encode([{ n: 1, c: "b" }]);
    expect([numbers.shape, categories.shape]).toEqual([
      [1, 3],
      [1, 0],
    ]);
  });

  test("a stand-in takes unknown categories, missing values and missing columns where it is asked for", () => {
    const rows = [
      { c: "a", n: 1 },
      { c: "b", n: 3 },
    ];
    const of = Schema.learn(rows, { unknown: "stand-in", missing: "mean" });
    expect(dense(of.encode([{ c: "z", n: null }, {}])).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test("without indicators, what is missing is filled alone", () => {
    const rows = [{ n: 1 }, { n: null }, { n: 3 }];
    const of = Schema.learn(rows, { indicators: false });
    expect(of.names).toEqual(["n"]);
    expect(dense(of.encode(rows)).toArray()).toEqual([[-1], [0], [1]]);
  });

  test("is learnt from the training part alone", () => {
    const part = Schema.learn(people.slice(0, 2), { target: "survived", unknown: "stand-in" });
    expect(part.names).not.toContain("age is missing");
    expect(part.transform(people).y.toArray()).toEqual([0, 1, 1, 0]);
  });
});

describe("targets", () => {
  const numbers = Schema.learn(
    [
      { a: 1, y: 100.5 },
      { a: 2, y: 300.5 },
    ],
    { target: "y", dtype: "float64" },
  );

  test("a number is scaled, and predictions come back in its own units", () => {
    const { y } = numbers.transform([
      { a: 1, y: 100.5 },
      { a: 2, y: 300.5 },
    ]);
    expect(y.toArray()).toEqual([[-1], [1]]);
    expect(numbers.inverse(y)).toEqual([100.5, 300.5]);
    expect(numbers.inverse(y.flatten())).toEqual([100.5, 300.5]);
  });

  test("several numbers come back by name", () => {
    const rows = [
      { a: 1, u: 0.5, v: 10 },
      { a: 2, u: 1.5, v: 30 },
    ];
    const of = Schema.learn(rows, { target: ["u", "v"], scaleTarget: false });
    expect(of.inverse(of.transform(rows).y)).toEqual([
      { u: 0.5, v: 10 },
      { u: 1.5, v: 30 },
    ]);
  });

  test("classes come back with their names and probabilities", () => {
    const [first, second] = schema.inverse(
      tensor([
        [0, 0],
        [-1, 2],
      ]),
    ) as data.ClassPrediction[];
    expect(first).toEqual({ class: "no", probability: 0.5, probabilities: { no: 0.5, yes: 0.5 } });
    expect(second?.class).toBe("yes");
    expect(second?.probability).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
  });

  test("two classes may have one output, as a logit or a probability", () => {
    const logit = schema.inverse(tensor([[1], [-1]], { dtype: "float64" }));
    expect(logit[0]).toMatchObject({ class: "yes", probability: 1 / (1 + Math.exp(-1)) });
    const [p] = schema.inverse(tensor([0.25]), { outputs: "probabilities" });
    expect(p).toEqual({ class: "no", probability: 0.75, probabilities: { no: 0.75, yes: 0.25 } });
  });

  test("classes that are numbers or booleans come back as such", () => {
    const rows = [
      { a: 1, y: 7 },
      { a: 2, y: 10 },
      { a: 3, y: 9 },
    ];
    const of = Schema.learn(rows, { target: "y", task: "classification" });
    expect(of.classes).toEqual([7, 9, 10]);
    expect(of.transform(rows).y.toArray()).toEqual([0, 2, 1]);
    expect(of.inverse(tensor([[0, 0, 9]]))[0]?.class).toBe(10);
  });

  test("0 and 1 are neither classes nor numbers until it is said", () => {
    const rows = [
      { a: 1, y: 0 },
      { a: 2, y: 1 },
    ];
    expect(() => Schema.learn(rows, { target: "y" })).toThrow(
      /say task: "classification" or task: "regression"/,
    );
    expect(Schema.learn(rows, { target: "y", task: "regression" }).outputs).toBe(1);
    expect(Schema.learn(rows, { target: "y", task: "classification" }).outputs).toBe(2);
  });
});

describe("is kept with the model", () => {
  const cell = fc.record({
    n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 })),
    c: fc.option(fc.constantFrom("a", "b", "__proto__", "ä", "")),
    b: fc.option(fc.boolean()),
    q: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  });

  test("of −0 is the same through JSON", () => {
    const rows = [
      { q: -0, r: -0 },
      { q: 0, r: 0 },
      { q: 1, r: 1 },
    ];
    const of = Schema.learn(rows, { scale: { q: "quantile", r: "range" } });
    expect(JSON.parse(JSON.stringify(of))).toEqual(of.toJSON());
  });

  test("through JSON it gives the same bits", () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 3, maxLength: 30 }), (rows) => {
        const table = new Table([{ n: 1, c: "a", b: true, q: 1 }, ...rows]);
        const of = Schema.learn(table, { scale: { q: "quantile" }, embed: ["c"], dtype: "float64" });
        const again = Schema.fromJSON(JSON.parse(JSON.stringify(of)));
        const [x, y] = [of.encode(table), again.encode(table)] as { numbers: Tensor; categories: Tensor }[];
        expect(y?.numbers.data).toEqual(x?.numbers.data);
        expect(y?.categories.data).toEqual(x?.categories.data);
        expect(again.toJSON()).toEqual(of.toJSON());
      }),
      { numRuns: 50 },
    );
  });

  test("what is not a schema is refused, wherever it is changed", () => {
    const json = JSON.parse(
      JSON.stringify(
        Schema.learn(people, { target: "survived", scale: { paid: "quantile" }, embed: ["sex"] }),
      ),
    );
    const values: unknown[] = [null, -1, 1e308, "x", [], {}, [null], true, undefined];
    let refused = 0;
    const change = (object: Record<string, unknown>) => {
      for (const key of Object.keys(object)) {
        const before = object[key];
        for (const value of values) {
          object[key] = value;
          try {
            const of = Schema.fromJSON(json);
            of.transform(people);
          } catch (error) {
            expect(error).toBeInstanceOf(ThalwegError);
            refused++;
          }
        }
        object[key] = before;
        if (typeof before === "object" && before !== null) change(before as Record<string, unknown>);
      }
    };
    change(json);
    expect(refused).toBeGreaterThan(300);
    expect(Schema.fromJSON(json).toJSON()).toEqual(json);
  });
});

const y = tensor([[0]]);
describe("errors name row and column", () => {
  test("takes a number for the class that it names", () => {
    const rows = [0, 1, 1].map((y, i) => ({ x: i, y }));
    const named = Schema.learn(rows, { target: "y", types: { y: "category" } });
    expect(named.classes).toEqual(["0", "1"]);
    expect(named.transform(rows).y.toArray()).toEqual([0, 1, 1]);
  });

  testErrors([
    [
      () => schema.encode([one, { ...one, sex: "other" }]),
      DataError,
      'encode: row 1, column "sex": "other" is none of the categories in training: "female", "male" (unknown: "stand-in" takes it)',
    ],
    [
      () => schema.encode([{ ...one, age: "30" }]),
      DataError,
      'encode: row 0, column "age": expected a finite number, got "30"',
    ],
    [() => schema.encode([{ ...one, age: Infinity }]), DataError, /row 0, column "age"/],
    [
      () => schema.encode([{ ...one, ok: 1 }]),
      DataError,
      /row 0, column "ok": expected true or false, got 1/,
    ],
    [() => schema.encode([{ ...one, at: "soon" }]), DataError, /row 0, column "at": expected a date/],
    [() => schema.encode([{ ...one, sex: {} }]), DataError, /row 0, column "sex": expected a category/],
    [() => schema.encode([one, { age: 1 }]), DataError, /row 1 has no column "sex"/],
    [() => schema.encode(people.drop(["paid"])), DataError, /row 0 has no column "paid"/],
    [() => schema.encode([{ ...one, paid: null }]), DataError, /row 0, column "paid": the value is missing/],
    [() => schema.encode([]), DataError, /at least one row/],
    [() => schema.encode(one as never), ArgumentError, /a Table or a list of objects/],
    [() => schema.encode([5] as never), ArgumentError, /row 0 to be an object/],
    [() => schema.transform([one]), DataError, /there is no target "survived"/],
    [() => schema.transform([{ ...one, survived: null }]), DataError, /row 0 has no target "survived"/],
    [
      () => schema.transform([{ ...one, survived: "maybe" }]),
      DataError,
      /one of the classes "no", "yes", got "maybe"/,
    ],
    [
      () => schema.inverse(tensor([1, 2, Number.NaN, 1]).reshape([2, 2])),
      DataError,
      /inverse: row 1: the outputs NaN, 1 give no probabilities/,
    ],
    [
      () => Schema.learn([{ a: 1 }, { a: 2 }]).encode([{ a: 3 }, { a: 1e300 }]),
      DataError,
      'encode: row 1, column "a": the number is too large for float32 when it is scaled',
    ],
    [
      () =>
        Schema.learn(
          [
            { a: 1, y: 0.5 },
            { a: 2, y: 1 },
          ],
          { target: "y" },
        ).transform([{ a: 1, y: 1e300 }]),
      DataError,
      /transform: row 0, column "y": the number is too large for float32/,
    ],
    [() => schema.inverse(tensor([[1, 2, 3]])), ShapeError, /\[P, 2\], got \[1, 3\]/],
    [() => schema.inverse(y, { output: "logits" } as never), OptionError, /did you mean "outputs"/],
    [() => Schema.learn(people, { target: "name" }), ArgumentError, /column "name" is a text/],
    [
      () => Schema.learn(people, { target: ["paid", "survived"], task: "classification" }),
      ArgumentError,
      "Schema.learn: expected one target for classification",
    ],
    [() => Schema.learn(people, { target: "none" }), ArgumentError, /there is no column "none"/],
    [() => Schema.learn(people, { target: "age" }), DataError, /row 2 has no target "age"/],
    [() => Schema.learn(people, { features: ["name"] }), ArgumentError, /types: \{ "name": "category" \}/],
    [
      () => Schema.learn(people, { features: ["age"], target: "age" }),
      ArgumentError,
      /and the target|no target/,
    ],
    [() => Schema.learn(people, { embed: ["age"] }), ArgumentError, /"age" is no feature that is a category/],
    [
      () => Schema.learn(people, { scale: { sex: "range" } }),
      ArgumentError,
      /"sex" is no feature that is a number/,
    ],
    [() => Schema.learn(people, { targets: "age" } as never), OptionError, /did you mean "target"/],
    [() => Schema.learn([{ a: 1, y: "u" }], { target: "y" }), DataError, /at least two classes/],
    [
      () =>
        Schema.learn([
          { a: 1, "a is missing": 1 },
          { a: null, "a is missing": 0 },
        ]),
      DataError,
      'Schema.learn: two inputs have the name "a is missing"; give a column another name',
    ],
    [() => Schema.learn([{ a: Infinity }]), DataError, /row 0, column "a": expected a finite number/],
    [
      () => Schema.learn([{ a: 1e300 }, { a: -1e300 }]),
      DataError,
      /column "a": the numbers are too large to scale/,
    ],
    [() => Schema.learn([]), DataError, /at least one row/],
    [() => Schema.learn(people).transform(people), ArgumentError, /without a target/],
  ]);
});

const python = pythonWith("sklearn");
test.skipIf(python === undefined)(
  "scales as scikit-learn's StandardScaler, MinMaxScaler and QuantileTransformer",
  () => {
    const values = Array.from({ length: 200 }, (_, i) => 100 * Math.sin(i * i) + i);
    const others = Array.from({ length: 50 }, (_, i) => 4 * i - 110.25);
    const answers = askPython(
      python as string,
      `
import json, sys, numpy as np
from sklearn.preprocessing import StandardScaler, MinMaxScaler, QuantileTransformer
v, o = [np.array(a)[:, None] for a in json.loads(sys.argv[1])]
kinds = [StandardScaler(), MinMaxScaler(), QuantileTransformer(n_quantiles=200, output_distribution="normal")]
print(json.dumps([k.fit(v).transform(np.concatenate([v, o])).ravel().tolist() for k in kinds]))`,
      JSON.stringify([values, others]),
    ) as number[][];
    for (const [i, scale] of (["standard", "range", "quantile"] as const).entries()) {
      const of = Schema.learn(
        values.map((v) => ({ v })),
        { scale, dtype: "float64" },
      );
      const x = dense(of.encode([...values, ...others].map((v) => ({ v }))))
        .flatten()
        .toArray() as number[];
      x.forEach((value, at) => {
        expect(value).toBeCloseTo(answers[i]?.[at] as number, 9);
      });
    }
  },
);
