import { describe, expect, expectTypeOf, test } from "vitest";
import { ArgumentError, DataError, data, ShapeError, type Tensor, tensor } from "../../lib/index.js";

const bytes = new data.Bytes(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), [5, 2], { scale: 0.5 });
const numbers = tensor([10, 11, 12, 13, 14]);
const classes = tensor([0, 1, 0, 1, 0], { dtype: "int32" });
const named = { x: { bytes, numbers }, y: { classes, twice: numbers } };
const listed = { x: [bytes, numbers], y: [classes] };

describe("a DataLoader of several parts", () => {
  test("gives mini-batches in the form of the set", () => {
    const loader = new data.DataLoader(named, { batchSize: 2 });
    const batches = Array.from(loader);
    expect(batches).toHaveLength(3);
    const [first, , last] = batches;
    expectTypeOf<(typeof batches)[number]["x"]["numbers"]>().toEqualTypeOf<Tensor>();
    expect(first?.x.bytes.toArray()).toEqual([
      [0, 0.5],
      [1, 1.5],
    ]);
    expect(first?.y.twice.toArray()).toEqual([10, 11]);
    expect(last?.x.bytes.toArray()).toEqual([[4, 4.5]]);
    expect(last?.y.classes.toArray()).toEqual([0]);
    const [list] = new data.DataLoader(listed, { batchSize: 2 });
    expect(list?.x.map((part) => part.shape)).toEqual([[2, 2], [2]]);
    expect(list?.y.map((part) => part.toArray())).toEqual([[0, 1]]);
  });

  test("shuffles all parts alike", () => {
    for (const { x, y } of new data.DataLoader(named, { batchSize: 2, shuffle: true })) {
      expect(x.numbers.toArray()).toEqual(y.twice.toArray());
      const rows = x.bytes.toArray() as number[][];
      expect(rows.map(([value = 0]) => value + 10)).toEqual(x.numbers.toArray());
    }
  });

  test("draws from all parts by a sampler", () => {
    const [batch] = new data.DataLoader(named, { sampler: () => Int32Array.of(4, 4, 1) });
    expect(batch?.x.numbers.toArray()).toEqual([14, 14, 11]);
    expect(batch?.x.bytes.toArray()).toEqual([
      [4, 4.5],
      [4, 4.5],
      [1, 1.5],
    ]);
  });
});

describe("a Dataset of several parts", () => {
  test("has their length, and keeps its parts when the object that it was made of changes", () => {
    const x: { a: Tensor; b?: Tensor } = { a: numbers };
    const set = new data.Dataset({ x: x as { a: Tensor }, y: classes });
    x.b = numbers;
    expect(set.length).toBe(5);
    expect(Object.keys(set.x)).toEqual(["a"]);
  });

  test.each<[string, unknown, new (message: string) => Error, string]>([
    [
      "parts of other lengths",
      { x: { a: numbers, b: tensor([1]) }, y: classes },
      ShapeError,
      "Dataset: expected as many samples in each part, got x.a [5] and x.b [1]",
    ],
    [
      "a target in a list of another length",
      { x: numbers, y: [classes, tensor([1])] },
      ShapeError,
      "Dataset: expected as many samples in each part, got x [5] and y[1] [1]",
    ],
    [
      "a part without samples",
      { x: { a: tensor(1), b: numbers }, y: classes },
      ShapeError,
      "Dataset: expected as many samples in each part, got x.a [] and x.b [5]",
    ],
    [
      "empty parts",
      { x: { a: tensor([]) }, y: [tensor([])] },
      DataError,
      "Dataset: expected at least one sample, got an empty set",
    ],
    ["no parts", { x: numbers, y: [] }, ArgumentError, "Dataset: expected y to have parts, got none"],
    [
      "parts in parts",
      { x: { a: { b: numbers } }, y: classes },
      ArgumentError,
      "Dataset: expected x.a to be a tensor or Bytes, got an object",
    ],
    [
      "a proxy",
      { x: new Proxy({ a: numbers }, {}), y: classes },
      ArgumentError,
      "Dataset: expected x to be a tensor or Bytes, or a list or an object of them, got a proxy",
    ],
  ])("refuses %s", (_, set, kind, message) => {
    expect(() => new data.Dataset(set as data.Samples)).toThrow(kind);
    expect(() => new data.Dataset(set as data.Samples)).toThrow(message);
  });
});

describe("splits of several parts", () => {
  test("keep the form, the order of samples and bytes as they are", () => {
    const [train, rest] = data.split(named, [0.6, 0.4], { shuffle: false });
    expect(train?.x.bytes).toBeInstanceOf(data.Bytes);
    expect(rest?.x.bytes.values).toEqual(Uint8Array.of(6, 7, 8, 9));
    expect(rest?.y.twice.toArray()).toEqual([13, 14]);
    const [, lists] = data.split(listed, [0.6, 0.4], { shuffle: false });
    expect(lists?.x.map(({ shape }) => shape)).toEqual([[2, 2], [2]]);
    expect(lists?.y.map((part) => part.toArray())).toEqual([[1, 0]]);
    const set = new data.Dataset(named);
    for (const { test: part } of data.kFold(set, 2, { shuffle: false })) {
      expect(part.x.numbers.toArray()).toEqual(part.y.twice.toArray());
    }
  });

  test("tell which parts differ in length", () => {
    expect(() => data.split({ x: [numbers, tensor([1])], y: classes }, [0.5, 0.5])).toThrow(ShapeError);
    expect(() => data.split({ x: [numbers, 3 as never], y: classes }, [0.5, 0.5])).toThrow(ArgumentError);
    const within: unknown[] = [numbers];
    within.push(within);
    expect(() => data.split({ x: within }, [0.5, 0.5])).toThrow(ArgumentError);
  });
});

describe("a stream of rows of several parts", () => {
  const rows = Array.from({ length: 5 }, (_, p) => ({
    x: { user: p, words: [p, p + 1] },
    y: { kind: BigInt(p % 2), size: p / 2 },
  }));

  test("gives mini-batches in their form", async () => {
    const batches: unknown[] = [];
    for await (const batch of data.stream(() => rows, { batchSize: 3 })) batches.push(batch);
    const [, last] = batches as { x: Record<string, Tensor>; y: Record<string, Tensor> }[];
    expect(last?.x["user"]?.toArray()).toEqual([3, 4]);
    expect(last?.x["words"]?.toArray()).toEqual([
      [3, 4],
      [4, 5],
    ]);
    expect(last?.y["kind"]?.dtype).toBe("int32");
    expect(last?.y["size"]?.toArray()).toEqual([1.5, 2]);
  });

  test("names the row whose parts are others", async () => {
    const wrong = rows.with(4, { x: { user: 1 }, y: { kind: 0n, size: 1 } } as never);
    const read = async () => {
      for await (const _ of data.stream(() => wrong, { batchSize: 5 }));
    };
    await expect(read()).rejects.toThrow(DataError);
    await expect(read()).rejects.toThrow(
      "x: expected the names user, words in sample 4, as in sample 0, got user",
    );
  });
});
