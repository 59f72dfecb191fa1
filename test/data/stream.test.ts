import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, IndexError, OptionError } from "../../lib/errors.js";
import { data, randn, type Tensor, tensor } from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

const { stream } = data;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const rows = range(100).map((i) => ({ x: [i], y: i }));
const valuesOf = async (set: AsyncIterable<data.StreamBatch<unknown, Tensor>>) => {
  const seen: number[][] = [];
  for await (const { y } of set) seen.push([...y.data]);
  return seen;
};

describe("stream", () => {
  test("gives mini-batches in the order of the source, the last one smaller or left out", async () => {
    const set = stream(() => rows, { batchSize: 30 });
    expect(await valuesOf(set)).toEqual([
      range(30),
      range(30).map((i) => 30 + i),
      range(30).map((i) => 60 + i),
      range(10).map((i) => 90 + i),
    ]);
    expect((await valuesOf(stream(() => rows, { batchSize: 30, dropLast: true }))).length).toBe(3);
    for await (const { x, y } of stream(() => rows, { dtypes: { y: "int32" } })) {
      expect([x as Tensor, y].map(({ shape, dtype }) => [...shape, dtype])).toEqual([
        [y.size, 1, "float32"],
        [y.size, "int32"],
      ]);
    }
  });

  test("takes Uint32Arrays whose values the dtype holds", async () => {
    const source = [{ x: Uint32Array.of(1, 16_777_217), y: Uint32Array.of(7) }];
    for await (const { x, y } of stream(() => source, { dtypes: { x: "int32" } })) {
      expect([(x as Tensor).toArray(), y.dtype, y.toArray()]).toEqual([[[1, 16_777_217]], "float32", [[7]]]);
    }
  });

  test.each([
    ["an array", () => rows],
    ["batches", () => [rows.slice(0, 37), rows.slice(37)]],
    [
      "an async generator",
      async function* () {
        yield* rows;
      },
    ],
    ["a Node.js stream", () => Readable.from(rows)],
    ["a web stream", () => Readable.toWeb(Readable.from(rows)) as AsyncIterable<data.StreamItem>],
    ["a promise of rows", async () => rows],
  ])("takes %s", async (_, open) => {
    const set = stream(open as () => data.StreamSource, { batchSize: 25 });
    expect((await valuesOf(set)).flat()).toEqual(range(100));
    expect((await valuesOf(set)).flat()).toEqual(range(100));
  });

  test("takes sets, of several inputs too", async () => {
    const whole = {
      x: { a: randn([10, 2, 3]), b: tensor(range(10), { dtype: "int32" }) },
      y: randn([10]),
      w: range(10),
    };
    const [first, second] = data.split(whole, [0.4, 0.6], { shuffle: false });
    const sets = [first, second].map((part) => new data.Dataset(part as typeof whole));
    const seen: unknown[] = [];
    for await (const { x, y, w } of stream(() => sets, { batchSize: 10 })) {
      const { a, b } = x as unknown as Record<"a" | "b", Tensor>;
      seen.push([a.toArray(), b.dtype, b.toArray(), y.toArray(), w]);
    }
    expect(seen).toEqual([[whole.x.a.toArray(), "int32", range(10), whole.y.toArray(), range(10)]]);
    const bytes = new data.Dataset({
      x: new data.Bytes(Uint8Array.of(0, 255), [2, 1], { scale: 1 / 255 }),
      y: randn([2]),
    });
    for await (const { x } of stream(() => [bytes])) expect((x as Tensor).toArray()).toEqual([[0], [1]]);
  });

  test("the buffer shuffles: each row once, in the order of seed and epoch alone", async () => {
    const of = (seed: number, shuffleBuffer = 20) => stream(() => rows, { shuffleBuffer, seed });
    const first = (await valuesOf(of(1))).flat();
    expect([...first].sort((a, b) => a - b)).toEqual(range(100));
    expect(first).not.toEqual(range(100));
    expect((await valuesOf(of(1))).flat()).toEqual(first);
    expect((await valuesOf(of(2))).flat()).not.toEqual(first);
    const set = of(1);
    await valuesOf(set);
    const second = (await valuesOf(set)).flat();
    expect(second).not.toEqual(first);
    expect((await valuesOf(of(1).epoch(1))).flat()).toEqual(second);
    // A row is at most the buffer's length late or, of the first ones, early.
    first.forEach((row, at) => {
      expect(row - at).toBeLessThanOrEqual(20);
    });
  });

  test("a buffer of the whole set gives every order about equally often", async () => {
    const counts = new Map<string, number>();
    const set = stream(() => rows.slice(0, 3), { shuffleBuffer: 3 });
    for (const epoch of range(600)) {
      const key = (await valuesOf(set.epoch(epoch))).flat().join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(45);
  });

  test("reads ahead, but not further than it may", async () => {
    let read = 0;
    const source = function* () {
      for (const row of rows) {
        read++;
        yield row;
      }
    };
    const batches = stream(source, { batchSize: 5, readAhead: 3 })[Symbol.asyncIterator]();
    await batches.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(read).toBeGreaterThanOrEqual(20);
    expect(read).toBeLessThanOrEqual(21);
  });

  test("closes the source where an epoch is left early", async () => {
    let closed = 0;
    const source = async function* () {
      try {
        yield* rows;
      } finally {
        closed++;
      }
    };
    for await (const _ of stream(source, { batchSize: 5 })) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).toBe(1);
  });

  test("a database cursor is opened for each epoch, and closed at its end, where one leaves, and by an error", async () => {
    const events: string[] = [];
    /** As `statement.iterate()` of better-sqlite3: an iterator that locks the database until it is done or returns. */
    const iterate = (fails = false): IterableIterator<{ a: number; c: string }> => {
      if (events.at(-1) === "open") throw new Error("the database is locked");
      events.push("open");
      let row = 0;
      const close = () => {
        events.push("closed");
        return { value: undefined, done: true as const };
      };
      return {
        next: () => {
          if (fails && row === 7) {
            close();
            throw new Error("the disk is gone");
          }
          if (row === 30) return close();
          // The rows of node:sqlite have no prototype.
          return { value: Object.assign(Object.create(null), { a: row, c: `c${row++ % 2}` }), done: false };
        },
        return: close,
        [Symbol.iterator]() {
          return this;
        },
      };
    };
    const schema = data.Schema.learn([...iterate()], { target: "c" });
    const set = stream(() => iterate(), { schema, batchSize: 8, shuffleBuffer: 10, seed: 1 });
    for (let epoch = 0; epoch < 2; epoch++) {
      let samples = 0;
      for await (const { y } of set) samples += y.size;
      expect(samples).toBe(30);
    }
    for await (const _ of set) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const failing = async () => {
      for await (const _ of stream(() => iterate(true), { schema, batchSize: 2 }));
    };
    await expect(failing()).rejects.toThrow(/row 7: .*the disk is gone/);
    expect(events).toEqual(Array.from({ length: 5 }, () => ["open", "closed"]).flat());
  });

  test("a schema turns rows of tables into tensors", async () => {
    const table = new data.Table({ a: range(10), c: range(10).map((i) => `c${i % 2}`) });
    const schema = data.Schema.learn(table, { target: "c" });
    const seen: number[] = [];
    for await (const { x, y } of stream(() => [table, table], { schema, batchSize: 8 })) {
      expect((x as Tensor).shape).toEqual([y.size, 1]);
      seen.push(...y.data);
    }
    expect(seen).toEqual(range(20).map((i) => i % 2));
  });

  test("an error of the source rejects with epoch and row, and is the cause", async () => {
    const gone = new RangeError("the disk is gone");
    const source = async function* () {
      yield* rows.slice(0, 42);
      throw gone;
    };
    const set = stream(source, { batchSize: 10 });
    const failed = valuesOf(set);
    await expect(failed).rejects.toThrow(DataError);
    await expect(failed).rejects.toMatchObject({
      message: "stream: epoch 0, row 42: the source failed: the disk is gone",
      cause: gone,
    });
  });

  test("a row that does not fit is named by its place in the source", async () => {
    const good = range(50).map((i) => ({ a: i, c: i % 2 === 0 }));
    const schema = data.Schema.learn(good, { target: "c" });
    const bad = good.map((row, i) => (i === 33 ? { ...row, a: "x" } : row));
    const set = stream(() => bad, { schema, batchSize: 10, shuffleBuffer: 50 });
    await expect(valuesOf(set)).rejects.toThrow(
      /^stream: epoch 0, row 33: .*column "a": expected a finite number, got "x"/,
    );
  });

  const once = rows.values();
  testErrors([
    [() => valuesOf(stream(() => [])), DataError, "stream: epoch 0: the source gave no rows"],
    [() => valuesOf(stream(() => 5 as never)), DataError, /rows one after the other, got 5/],
    [() => valuesOf(stream(() => [5] as never)), DataError, /row 0 to be an object/],
    [
      () => {
        const schema = data.Schema.learn(
          [
            { a: 1, b: true },
            { a: 2, b: false },
          ],
          { target: "b" },
        );
        return valuesOf(
          stream(
            () => [
              { a: 1, b: true },
              { a: "x", b: true },
            ],
            { schema },
          ),
        );
      },
      DataError,
      'stream: epoch 0, row 1: transform: column "a": expected a finite number, got "x"',
    ],
    [
      () => {
        const schema = data.Schema.learn(
          [
            { a: 1, b: true },
            { a: 2, b: false },
          ],
          { target: "b" },
        );
        return valuesOf(
          stream(
            () => [
              { a: 1, b: true },
              { a: 1, b: null },
            ],
            { schema },
          ),
        );
      },
      DataError,
      'stream: epoch 0, row 1: transform: the row has no target "b"',
    ],
    [() => valuesOf(stream(() => [{ a: 1 }])), DataError, /row 0: expected rows \{ x, y \}/],
    [
      () => valuesOf(stream(() => [Int32Array.of(1), Float32Array.of(1.5)].map((x) => ({ x, y: 0 })))),
      DataError,
      /x: expected a Int32Array in sample 1, as in sample 0, got a Float32Array/,
    ],
    [
      () => valuesOf(stream(() => [Float32Array.of(1), BigInt64Array.of(1n)].map((x) => ({ x, y: 0 })))),
      DataError,
      /row 1: .*got a BigInt64Array/,
    ],
    [
      () => valuesOf(stream(() => [{ x: Uint32Array.of(1, 16_777_217), y: 0 }])),
      DataError,
      /sample 0 has 16777217, which float32 does not hold; say another dtype/,
    ],
    [
      async () => {
        const set = stream(() => once as never);
        await valuesOf(set);
        await valuesOf(set);
      },
      DataError,
      /epoch 1: the source gave no rows; open has to open the source anew/,
    ],
    [() => stream(rows as never), ArgumentError, /open to be a function/],
    [() => stream(() => rows, { batch: 5 } as never), OptionError, /unknown option "batch"/],
    [() => stream(() => rows, { batchSize: 0 }), ArgumentError, /batchSize/],
    [() => stream(() => rows, { schema: {} as never }), ArgumentError, /a Schema/],
    [
      () =>
        valuesOf(
          stream(() => [
            { x: [1], y: 1 },
            { x: [1, 2], y: 1 },
          ]),
        ),
      DataError,
      /nested|entries/,
    ],
  ]);
});

describe("pad", () => {
  test("fills ragged samples on either side, and cuts them", () => {
    const samples = [[1, 2, 3], Float32Array.of(4), []];
    const { values, lengths, mask } = data.pad(samples, { value: -1 });
    expect(values.toArray()).toEqual([
      [1, 2, 3],
      [4, -1, -1],
      [-1, -1, -1],
    ]);
    expect(lengths.toArray()).toEqual([3, 1, 0]);
    expect(mask.toArray()).toEqual([
      [true, true, true],
      [true, false, false],
      [false, false, false],
    ]);
    expect(data.pad(samples, { side: "left", length: 2 }).values.toArray()).toEqual([
      [1, 2],
      [0, 4],
      [0, 0],
    ]);
    expect(data.pad([[1], [2, 3]], { integers: true }).values.dtype).toBe("int32");
    expect(data.pad([[1], [2, 3]], { multipleOf: 4 }).values.shape).toEqual([2, 4]);
    expect(data.pad([[1, 2, 3, 4]], { multipleOf: 4 }).values.shape).toEqual([1, 4]);
  });

  test("padded is the collate of a stream of ragged rows", async () => {
    const ragged = range(5).map((i) => ({ x: range(i + 1), y: i % 2, w: i }));
    const collate = data.padded({ integers: true, multipleOf: 2, dtypes: { y: "int32" } });
    const seen: unknown[] = [];
    for await (const { x, y, w } of stream(() => ragged, { collate, batchSize: 3 })) {
      seen.push([x.values.shape, x.lengths.toArray(), y.toArray(), w]);
    }
    expect(seen).toEqual([
      [
        [3, 4],
        [1, 2, 3],
        [0, 1, 0],
        [0, 1, 2],
      ],
      [
        [2, 6],
        [4, 5],
        [1, 0],
        [3, 4],
      ],
    ]);
    const bad = stream(
      () => [
        { x: [1], y: 0 },
        { x: 5, y: 0 },
      ],
      { collate },
    );
    await expect(valuesOf(bad)).rejects.toThrow(/row 1: pad: expected sample 0 to be a list/);
  });

  testErrors([
    [() => data.pad([[1], 5] as never), ArgumentError, /sample 1 to be a list of numbers/],
    [() => data.pad([[1.5]], { integers: true }), ArgumentError, /whole numbers/],
    [() => data.pad([]), DataError, /at least one/],
    [() => data.pad([[1]], { multipleOf: 0 }), ArgumentError, /multipleOf/],
    [() => data.padded({ side: "up" as never }), ArgumentError, /side/],
    [() => data.padded({ sides: "left" } as never), OptionError, /did you mean "side"/],
    [() => data.padded()([{ x: [1] }]), DataError, /rows \{ x, y \}/],
  ]);
});

describe("toClasses", () => {
  test.each([
    ["texts", ["b", "a", "b"], ["a", "b"], [1, 0, 1]],
    ["booleans", [true, false, true], [false, true], [1, 0, 1]],
    ["numbers from 1 on", [3, 1, 2], [1, 2, 3], [2, 0, 1]],
    ["a Uint8Array", Uint8Array.of(9, 200), [9, 200], [0, 1]],
    ["an Int8Array", Int8Array.of(1, -1), [-1, 1], [1, 0]],
    ["a BigInt64Array", BigInt64Array.of(7n, 2n), [2, 7], [1, 0]],
    ["a Float32Array", Float32Array.of(1, 0), [0, 1], [1, 0]],
    ["a tensor", tensor([2, 0, 1], { dtype: "int32" }), [0, 1, 2], [2, 0, 1]],
    ["a tensor of truths", tensor([true, false]), [false, true], [1, 0]],
    ["an Int16Array", Int16Array.of(-300, 5), [-300, 5], [0, 1]],
    ["a BigUint64Array", BigUint64Array.of(7n, 2n), [2, 7], [1, 0]],
    ["a column", new data.Table({ c: ["x", "y"] }).column("c"), ["x", "y"], [0, 1]],
  ])("takes %s", (_, labels, classes, y) => {
    const of = data.toClasses(labels);
    expect(of.classes).toEqual(classes);
    expect(of.y.toArray()).toEqual(y);
    expect(of.y.dtype).toBe("int32");
  });

  test("keeps the order of given classes", () => {
    expect(data.toClasses(["b", "a"], { classes: ["b", "c", "a"] }).y.toArray()).toEqual([0, 2]);
  });

  testErrors([
    [() => data.toClasses(["a", 1]), DataError, /of one kind/],
    [() => data.toClasses(["a", null] as never), DataError, /sample 1, got null/],
    [() => data.toClasses(["a", "z"], { classes: ["a"] }), DataError, /"z" is none of the classes/],
    [() => data.toClasses("cat" as never), ArgumentError, /a list of labels/],
    [() => data.toClasses([]), DataError, /at least one/],
    [() => data.toClasses(BigInt64Array.of(2n ** 53n + 1n, 2n ** 53n, 5n)), DataError, /is beyond 2\^53/],
    [() => data.toClasses(Object.create(Float32Array.prototype)), ArgumentError, /a value for each sample/],
  ]);
});

test("images keep bytes and put channels first", () => {
  const rgba = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255);
  const of = data.images([rgba, rgba], { width: 1, height: 2, channels: 4, dropAlpha: true, scale: 2 });
  expect(of.shape).toEqual([2, 3, 2, 1]);
  expect([...of.values]).toEqual([1, 4, 2, 5, 3, 6, 1, 4, 2, 5, 3, 6]);
  expect(of.scale).toBe(2);
  expect(() => data.images([rgba, rgba.subarray(1)], { width: 1, height: 2, channels: 4 })).toThrow(
    "images: expected 8 bytes for image 1, got 7",
  );
});

describe("sampler", () => {
  test("draws by weights, never a sample of weight 0, from seed and epoch", () => {
    const draw = data.sampler({ weights: [1, 0, 3, 0], count: 8000, seed: 5 });
    const counts = new Array(4).fill(0);
    for (const sample of draw(0)) counts[sample]++;
    expect(counts[1] + counts[3]).toBe(0);
    expect(Math.abs(counts[0] / 8000 - 0.25)).toBeLessThan(0.03);
    expect(draw(0)).toEqual(data.sampler({ weights: [1, 0, 3, 0], count: 8000, seed: 5 })(0));
    expect(draw(1)).not.toEqual(draw(0));
  });

  test("balance draws classes equally often, through a DataLoader", () => {
    const labels = range(100).map((i) => Number(i < 5));
    const y = tensor(labels, { dtype: "int32" });
    const loader = new data.DataLoader(
      { x: randn([100, 2]), y },
      { sampler: data.sampler({ balance: y, count: 1000 }), batchSize: 250, dropLast: true },
    );
    expect(loader.length).toBe(4);
    let ones = 0;
    for (const batch of loader) ones += batch.y.sum().item() as number;
    expect(Math.abs(ones / 1000 - 0.5)).toBeLessThan(0.08);
  });

  const set = { x: randn([4, 1]), y: randn([4]) };
  testErrors([
    [() => data.sampler({ weights: [1, -1] }), DataError, /sample 1, got -1/],
    [() => data.sampler({ weights: [0, 0] }), DataError, /a sum above 0/],
    [() => data.sampler({}), ArgumentError, /either weights or balance/],
    [() => new data.DataLoader(set, { sampler: () => Int32Array.of(4) }), IndexError, /the sample 4/],
    [() => new data.DataLoader(set, { sampler: () => [0] as never }), ArgumentError, /an Int32Array/],
    [
      () => new data.DataLoader(set, { sampler: () => Int32Array.of(1), shuffle: true }),
      ArgumentError,
      /either shuffle/,
    ],
    [() => data.sampler({ weights: tensor([[1, 2]]) }), ArgumentError, /a value for each sample/],
  ]);
});
