import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, IndexError, OptionError, ShapeError } from "../../lib/errors.js";
import { data, tensor } from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

const { Table } = data;
const day = new Date("2024-01-05");
const people = new Table([
  { age: 22, sex: "male", ok: true, when: day },
  { age: null, sex: "female", ok: false },
  { age: 38, sex: undefined, ok: null, when: new Date("2023-06-01T12:00:00Z") },
  { age: Number.NaN, sex: "male" },
]);
const kindOf = (values: unknown, options = {}) => new Table({ a: values } as never, options).column("a").kind;

describe("the kind of a column follows from all of its values", () => {
  test("numbers, booleans, dates, categories and text keep their values", () => {
    expect(people.names.map((name) => people.column(name).kind)).toEqual([
      "number",
      "category",
      "boolean",
      "date",
    ]);
    expect(people.column("age").toArray()).toEqual([22, null, 38, null]);
    expect(people.column("ok").toArray()).toEqual([true, false, null, null]);
    expect(people.column("when").at(0)).toEqual(day);
    expect(people.column("sex").categories).toEqual(["female", "male"]);
    expect(people.column("sex").missing).toBe(1);
  });

  test("0 and 1 are numbers, and texts of digits are texts", () => {
    expect(kindOf([0, 1, 0])).toBe("number");
    expect(kindOf(["0", "1"])).toBe("category");
    expect(kindOf(["0", "1"], { types: { a: "number" } })).toBe("number");
  });

  test("texts are a category up to 20 different ones or if half come up again", () => {
    const texts = (different: number, all: number) =>
      Array.from({ length: all }, (_, i) => `t${i % different}`);
    expect(kindOf(texts(20, 20))).toBe("category");
    expect(kindOf(texts(21, 21))).toBe("text");
    expect(kindOf(texts(50, 100))).toBe("category");
    expect(kindOf(texts(51, 100))).toBe("text");
  });

  test("bigints are numbers as long as a number holds them, and categories otherwise", () => {
    expect(kindOf([1n, 2n])).toBe("number");
    expect(new Table({ a: [1n, 2n ** 60n] }).column("a").toArray()).toEqual(["1", `${2n ** 60n}`]);
    expect(kindOf(BigInt64Array.of(1n))).toBe("number");
  });

  test("typed arrays and tensors are columns", () => {
    expect(new Table({ a: Uint8Array.of(1, 200) }).column("a").toArray()).toEqual([1, 200]);
    const mask = tensor([true, false]);
    expect(new Table({ a: mask }).column("a").toArray()).toEqual([true, false]);
    const x = new Table(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      { columns: ["a", "b"] },
    );
    expect(x.rows()).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
  });

  test("names that look like numbers keep their order", () => {
    const years = new Table([["b", 1, 2]], { columns: ["name", "2020", "1999"] });
    expect(years.drop(["name"]).names).toEqual(["2020", "1999"]);
    expect(years.with({ more: [1] }).names).toEqual(["name", "2020", "1999", "more"]);
  });

  test("a column named __proto__ is a column", () => {
    const table = new Table([[1, 2]], { columns: ["__proto__", "b"] });
    expect(Object.entries(table.row(0))).toEqual([
      ["__proto__", 1],
      ["b", 2],
    ]);
  });
});

describe("rows and columns", () => {
  const table = new Table({ n: [3, 1, null, 2], c: ["b", "a", "b", "c"], t: [true, false, true, false] });

  test("select, drop, with, filter, slice, take and head give other tables", () => {
    expect(table.select(["c", "n"]).names).toEqual(["c", "n"]);
    expect(table.drop(["c"]).names).toEqual(["n", "t"]);
    expect(
      table
        .filter(({ c }) => c === "b")
        .column("n")
        .toArray(),
    ).toEqual([3, null]);
    expect(table.slice(1, 3).column("n").toArray()).toEqual([1, null]);
    expect(table.take([3, 3, 0]).column("c").toArray()).toEqual(["c", "c", "b"]);
    expect(table.head(2).length).toBe(2);
    expect(
      table
        .with({ m: ({ n }) => (n === null ? null : Number(n) * 2) })
        .column("m")
        .toArray(),
    ).toEqual([6, 2, null, 4]);
    expect(table.length).toBe(4);
  });

  test("a part of the rows has the categories that occur in it", () => {
    expect(table.take([0, 3]).column("c").categories).toEqual(["b", "c"]);
    expect(table.take([0, 3]).column("c").toArray()).toEqual(["b", "c"]);
  });

  test("sort is stable, puts what is missing last, and goes both ways", () => {
    expect(table.sort("n").column("n").toArray()).toEqual([1, 2, 3, null]);
    expect(table.sort("n", { descending: true }).column("n").toArray()).toEqual([3, 2, 1, null]);
    expect(table.sort("c").column("n").toArray()).toEqual([1, 3, null, 2]);
    expect(table.sort("t", { descending: true }).column("n").toArray()).toEqual([3, null, 1, 2]);
  });

  test("describe counts and gives the figures of numbers", () => {
    const of = new Table({ x: [1, 2, null, 4, 10], c: ["a", "b", "b", null, "b"] }).describe();
    expect(of.row(0)).toMatchObject({
      column: "x",
      kind: "number",
      count: 4,
      missing: 1,
      distinct: 4,
      mean: 4.25,
      min: 1,
      "25%": 1.75,
      "50%": 3,
      "75%": 5.5,
      max: 10,
    });
    expect(of.row(0)["std"]).toBeCloseTo(4.031128874149275, 12);
    expect(of.row(1)).toMatchObject({ count: 4, missing: 1, distinct: 2, top: "b", mean: null });
  });

  test("is shown with kinds, with what is missing, and with how much is left out", () => {
    expect(inspect(table)).toBe(
      [
        "Table: 4 rows × 3 columns",
        "        n  c         t",
        "   number  category  boolean",
        "0       3  b         true",
        "1       1  a         false",
        "2       –  b         true",
        "3       2  c         false",
      ].join("\n"),
    );
    expect(String(new Table({ a: new Float64Array(50) }))).toMatch(/… 40 more rows$/);
  });
});

describe("errors name row and column", () => {
  testErrors([
    [
      () => new Table(Array.from({ length: 5000 }, (_, i) => ({ [`k${i}`]: 1 }))),
      DataError,
      /row 4096: 4097 rows with 4097 different fields/,
    ],
    [
      () => new Table([{ a: 1 }, { a: "x" }]),
      DataError,
      'Table: row 1, column "a": expected a number, as row 0 has 1, got "x"',
    ],
    [
      () => new Table([{ a: 1n }, { a: 2n ** 53n + 1n }], { types: { a: "number" } }),
      DataError,
      /row 1, column "a": expected a number, got .*which a number does not hold/,
    ],
    [() => new Table([{ a: [1] }]), DataError, /row 0, column "a": expected a number, a text, true/],
    [() => new Table([{ a: true }, { a: 1 }]), DataError, /row 1, column "a": expected a boolean/],
    [() => new Table({ a: [1, "x"] }, { types: { a: "number" } }), DataError, /row 1, column "a"/],
    [() => new Table({ a: ["1", "x"] }, { types: { a: "number" } }), DataError, /row 1, column "a".*got "x"/],
    [() => new Table({ a: [1] }, { types: { a: "date" } }), DataError, /expected a date, got 1/],
    [() => new Table({ a: [1] }, { types: { b: "date" } }), ArgumentError, /types: there is no column "b"/],
    [() => new Table({ a: [1] }, { types: { a: "int" } as never }), ArgumentError, /the type of "a"/],
    [
      () => new Table([[1, 2], [3]], { columns: ["a", "b"] }),
      DataError,
      "Table: row 1: expected 2 values, got 1",
    ],
    [() => new Table([[1, 2]]), ArgumentError, /names of the columns/],
    [() => new Table([[1, 2]], { columns: ["a", "a"] }), ArgumentError, /"a" twice/],
    [() => new Table({ a: [1], b: [1, 2] }), ShapeError, /column "b" has 2 values, "a" has 1/],
    [() => new Table(5 as never), ArgumentError, /rows or columns/],
    [() => new Table([{ a: 1 }], { column: ["a"] } as never), OptionError, /did you mean "columns"/],
    [() => people.column("agee"), ArgumentError, /there is no column "agee"/],
    [() => people.row(4), IndexError, /\[0, 4\), got 4/],
    [() => people.take([0, -1]), IndexError, /got -1/],
    [() => people.filter((() => 1) as never), ArgumentError, /true or false/],
    [() => people.slice(3, 2), ArgumentError, /end/],
  ]);
});
