import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  DataError,
  DTypeError,
  FileError,
  IndexError,
  OptionError,
  ShapeError,
} from "../../lib/errors.js";
import { encodeNpy } from "../../lib/formats/npy.js";
import type { StoredDType } from "../../lib/formats/stored-array.js";
import { cost, data, type FitOptions, fit, nn, ops, optim, predict, type Tensor } from "../../lib/index.js";
import { readsMutatedFiles } from "../formats/hostile.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
let files = 0;
const fileOf = (bytes: Uint8Array, name = `file-${files++}`): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const bytesOf = (array: NodeJS.TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const npyOf = (dtype: StoredDType, shape: number[], array: NodeJS.TypedArray): Uint8Array =>
  Buffer.concat(encodeNpy("test", "x", { dtype, shape, bytes: bytesOf(array) }));

/** Rows of three floats and a label, after a header and with a byte that belongs to no part. */
const ROWS = 1000;
const mixed = (rows = ROWS): Uint8Array => {
  const bytes = Buffer.alloc(16 + 14 * rows);
  for (let i = 0; i < rows; i++) {
    bytes[16 + 14 * i] = i % 10;
    for (const j of range(3)) bytes.writeFloatLE(i + j / 4, 16 + 14 * i + 1 + 4 * j);
  }
  return bytes;
};
const PARTS = { y: { dtype: "uint8" }, x: { dtype: "float32", shape: [3] } } as const;
const LAYOUT = { header: 16, rowBytes: 14 } as const;
const openMixed = (path = fileOf(mixed())) => data.openRows(path, PARTS, LAYOUT);
const expected = (rows: readonly number[]): number[][] => rows.map((i) => [i, i + 0.25, i + 0.5]);

describe("rows of a file", () => {
  test("are read in the order in which they are asked for, near or far, once or often", async () => {
    const file = await openMixed();
    expect(file.length).toBe(ROWS);
    expect(file.parts).toEqual({ y: { dtype: "uint8", shape: [] }, x: { dtype: "float32", shape: [3] } });
    const lists = [
      range(ROWS),
      [0, ROWS - 1],
      [5, 3, 3, 999, 4, 5],
      range(ROWS).map((i) => (i * 617) % ROWS),
      [...range(200), ...range(200).reverse()],
      [],
    ];
    for (const rows of lists) {
      for (const given of [rows, Int32Array.from(rows)]) {
        const { x, y } = await file.read(given);
        expect(x.dtype).toBe("float32");
        expect(x.shape).toEqual([rows.length, 3]);
        if (rows.length > 0) expect(x.toArray()).toEqual(expected(rows));
        expect([...y.data]).toEqual(rows.map((i) => i % 10));
      }
    }
    await file.close();
  });

  test("may be larger than what is read at once, and further apart than what is read together", async () => {
    const wide = 70_000;
    const bytes = new Uint8Array(40 * wide).map((_, i) => (Math.floor(i / wide) * 7 + i) % 251);
    const file = await data.openRows(fileOf(bytes), { x: { dtype: "uint8", shape: [wide] } });
    const rows = [39, 0, 1, 2, 17, 3, ...range(40)];
    const { x } = await file.read(rows);
    for (const [i, row] of rows.entries()) {
      for (const j of [0, 1, wide - 1]) {
        expect(x.data[i * wide + j]).toBe((row * 7 + row * wide + j) % 251);
      }
    }
    await file.close();
  });

  test("of many reads at the same time are right", async () => {
    const file = await openMixed();
    const lists = range(50).map((k) => range(30).map((i) => (i * 37 + k * 101) % ROWS));
    const found = await Promise.all(lists.map((rows) => file.read(rows)));
    found.forEach(({ x }, k) => {
      expect(x.toArray()).toEqual(expected(lists[k] as number[]));
    });
    await file.close();
  });

  test("become the tensors that are asked for", async () => {
    const path = fileOf(Uint8Array.of(0, 51, 255, 1));
    const file = await data.openRows(path, {
      x: { dtype: "uint8", shape: [1], scale: 1 / 255, as: "float64" },
      w: { dtype: "uint8", shape: [], offset: 0, as: "float32" },
      y: { dtype: "uint8", offset: 1 },
    });
    const { x, w, y } = await file.read([0, 1]);
    expect([x.dtype, w.dtype, y.dtype]).toEqual(["float64", "float32", "int32"]);
    expect(x.toArray()).toEqual([[0], [1]]);
    expect([...w.data]).toEqual([0, 255]);
    expect([...y.data]).toEqual([51, 1]);
    await file.close();
  });

  test("of NPY and IDX files need no more than the paths", async () => {
    const numbers = Float32Array.from(range(60), (i) => i / 8);
    const x = fileOf(npyOf("float32", [10, 2, 3], numbers), "x.npy");
    const one = await data.openRows(pathToFileURL(x));
    expect([one.length, one.parts]).toEqual([10, { x: { dtype: "float32", shape: [2, 3] } }]);
    expect([...(await one.read([9])).x.data]).toEqual([...numbers.subarray(54)]);
    const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 10, ...range(10));
    const both = await data.openRows({ x, y: fileOf(idx, "y.idx") });
    const read = await both.read([4, 2]);
    expect(read.x.shape).toEqual([2, 2, 3]);
    expect([...read.y.data]).toEqual([4, 2]);
    const scaled = await data.openRows({ z: join(folder, "y.idx") }, { z: { scale: 0.5 } });
    expect([...(await scaled.read([3])).z.data]).toEqual([1.5]);
    for (const file of [one, both, scaled]) await file.close();
  });

  test("may begin as the header of a file of another kind does, where the user says so", async () => {
    const starts = [
      [fileOf(Uint8Array.of(0x1f, 0x8b, 8, 0)), 4],
      [fileOf(npyOf("uint8", [3], Uint8Array.of(1, 2, 3))), 131],
    ] as const;
    for (const [path, length] of starts) {
      const file = await data.openRows(path, { x: { dtype: "uint8" } }, { header: 0 });
      expect(file.length).toBe(length);
      await file.close();
    }
    // It begins as an IDX file of bytes, but is longer.
    const file = await data.openRows(fileOf(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9, 9)), {
      x: { dtype: "uint8" },
    });
    expect(file.length).toBe(10);
    await file.close();
  });

  test("of a slice or a selection are rows of the same file", async () => {
    const file = await openMixed();
    const part = file.slice(100, 200);
    expect([part.length, file.slice(990).length]).toEqual([100, 10]);
    expect((await part.read([0, 99])).x.toArray()).toEqual(expected([100, 199]));
    const some = part.select([7, 7, 3]).slice(1);
    expect((await some.read([0, 1])).x.toArray()).toEqual(expected([107, 103]));
    await expect(part.read([100])).rejects.toThrow(IndexError);
    await part.close();
    await expect(file.read([0])).rejects.toThrow(FileError);
  });
});

describe("mini-batches", () => {
  const epochOf = async (set: AsyncIterable<data.StreamBatch>): Promise<number[][]> => {
    const seen: number[][] = [];
    for await (const { x } of set)
      seen.push(((x as Tensor).toArray() as number[][]).map(([first]) => first as number));
    return seen;
  };

  test("come in the file's order, the last one smaller or left out", async () => {
    const file = await openMixed();
    const batches = await epochOf(file.batches({ batchSize: 300 }));
    expect(batches.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
    expect(batches.flat()).toEqual(range(ROWS));
    expect((await epochOf(file.batches({ batchSize: 300, dropLast: true }))).length).toBe(3);
    await file.close();
  });

  test("come shuffled: each row once, by the seed and the epoch's number alone", async () => {
    const file = await openMixed();
    const set = file.batches({ batchSize: 64, shuffle: true, seed: 5 });
    const [first, second] = [await epochOf(set), await epochOf(set)];
    for (const epoch of [first, second]) expect(epoch.flat().sort((a, b) => a - b)).toEqual(range(ROWS));
    expect(first).not.toEqual(second);
    const again = file.batches({ batchSize: 64, shuffle: true, seed: 5 });
    expect(await epochOf(again.epoch(1))).toEqual(second);
    expect(await epochOf(file.batches({ batchSize: 64, shuffle: true, seed: 6 }))).not.toEqual(first);
    // Not only near rows are exchanged.
    const moved = first.flat().reduce((sum, row, i) => sum + Math.abs(row - i), 0) / ROWS;
    expect(moved / ROWS).toBeGreaterThan(0.25);
    await file.close();
  });

  test("are made of other parts by collate, and of a slice", async () => {
    const bytes = Uint8Array.from(range(40));
    const file = await data.openRows(fileOf(bytes), {
      image: { dtype: "uint8", shape: [3] },
      label: { dtype: "uint8" },
    });
    const set = file
      .slice(2, 9)
      .batches({ batchSize: 4, collate: ({ image, label }) => ({ x: image, y: label }) });
    const labels: unknown[] = [];
    for await (const { y } of set) labels.push((y as Tensor).toArray());
    expect(labels).toEqual([
      [11, 15, 19, 23],
      [27, 31, 35],
    ]);
    expect(() => file.batches()).toThrow(
      "RowsFile.batches: expected a part x among image, label, or collate",
    );
    await file.close();
  });

  test("train a model as the same set in memory does", async () => {
    const file = await openMixed();
    const { x, y } = await file.read(range(ROWS));
    const scaled = (all: Tensor): Tensor => ops.div(all, ROWS);
    const run = async (set: FitOptions["data"]): Promise<number[]> => {
      const model = new nn.Linear(3, 1, { bias: false });
      nn.init.constant(model.weight, 0.1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const options = { cost: cost.mse, optimizer, epochs: 2 };
      const own = set instanceof data.StreamDataset ? {} : { batchSize: 100, shuffle: false };
      await fit(model, { ...options, ...own, data: set });
      return [...model.weight.data] as number[];
    };
    const target = (labels: Tensor): Tensor => ops.reshape(ops.to(labels, "float32"), [labels.size, 1]);
    const streamed = await run(
      file.batches({ batchSize: 100, collate: ({ x, y }) => ({ x: scaled(x), y: target(y) }) }),
    );
    const inMemory = await run({ x: scaled(x), y: target(y) });
    streamed.forEach((value, i) => {
      expect(value).toBeCloseTo(inMemory[i] as number, 5);
    });
    expect(streamed[0]).not.toBeCloseTo(0.1, 3);
    await file.close();
  });

  test("that are shuffled, without the last one, give predict all rows in their order", async () => {
    const file = await openMixed();
    const all = { batchSize: 300 };
    const model = new nn.Linear(3, 1);
    const found = await predict(model, file.batches({ ...all, shuffle: true, dropLast: true }));
    expect(found.toArray()).toEqual((await predict(model, file.batches(all))).toArray());
    expect(found.shape).toEqual([ROWS, 1]);
    await file.close();
  });

  test("whose values do not fit name the row in the order of the epoch", async () => {
    const labels = BigInt64Array.of(1n, 2n, 2n ** 40n, 4n);
    const file = await data.openRows(fileOf(bytesOf(labels)), {
      x: { dtype: "int64" },
      y: { dtype: "int64", offset: 0 },
    });
    await expect(epochOf(file.batches({ batchSize: 4 }))).rejects.toThrow(
      /stream: epoch 0, row 2: .*does not fit int32/,
    );
    await file.close();
  });
});

describe("a file that goes wrong", () => {
  test("later, being cut off, is an error with the row; the rows before are still read", async () => {
    const path = fileOf(mixed());
    const file = await openMixed(path);
    truncateSync(path, 16 + 14 * 500 + 3);
    await expect(file.read([2, 500])).rejects.toThrow(DataError);
    await expect(file.read([2, 500])).rejects.toThrow(
      /ends at byte 7019, before the end of row 500: it was longer/,
    );
    expect((await file.read([499])).x.toArray()).toEqual(expected([499]));
    const batches = file.batches({ batchSize: 100 });
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const { y } of batches) count += (y as Tensor).size;
      return count;
    };
    await expect(read()).rejects.toThrow(/before the end of row 500/);
    await file.close();
  });

  test("by being closed, is an error, and reads that have begun end well", async () => {
    // Each row is a read of its own.
    const wide = 10_000;
    const bytes = new Uint8Array(200 * wide).map((_, i) => Math.floor(i / wide));
    const file = await data.openRows(fileOf(bytes), { x: { dtype: "uint8", shape: [wide] } });
    const rows = range(100).map((i) => 2 * i);
    const reads = range(5).map(() => file.read(rows));
    const closed = file.close();
    for (const read of reads) {
      const { x } = await read;
      expect(rows.map((_, i) => x.data[(i + 1) * wide - 1])).toEqual(rows);
    }
    await closed;
    await file.close();
    await expect(file.read([0])).rejects.toThrow(/is closed/);
  });

  test("leaves no file open", async () => {
    if (process.platform !== "linux") return;
    const open = () => readdirSync("/proc/self/fd").length;
    const path = fileOf(mixed());
    const own = openSync(path, "r");
    const before = open();
    closeSync(own);
    for (let i = 0; i < 20; i++) {
      await (await openMixed(path)).close();
      await data.openRows(path, PARTS, { ...LAYOUT, header: 15 }).catch(() => undefined);
      await data.openRows({ y: path, x: join(folder, "nowhere") }, PARTS).catch(() => undefined);
    }
    expect(open()).toBeLessThanOrEqual(before);
  });

  const path = fileOf(mixed());
  const open = data.openRows as (...all: unknown[]) => Promise<unknown>;
  const npy = (descr: string, order = "False", shape = "(2, 2)"): string => {
    const dict = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
    return fileOf(
      Buffer.concat([
        Buffer.from("\x93NUMPY\x01\x00", "latin1"),
        Buffer.of(dict.length, 0),
        Buffer.from(dict),
        Buffer.alloc(16),
      ]),
    );
  };
  test.each([
    ["no path", [3], ArgumentError, "expected the path of a file, got 3"],
    ["a folder", [folder, PARTS], FileError, "folder"],
    ["a file that is not there", [join(folder, "none"), PARTS], FileError, "there is no such file"],
    [
      "rows that are not whole",
      [path, PARTS, { header: 15, rowBytes: 14 }],
      DataError,
      "expected a header of 15 bytes and whole rows",
    ],
    ["less than a row", [path, { x: { dtype: "uint8", shape: [99_999] } }], DataError, "at least one row"],
    ["a header longer than the file", [path, PARTS, { header: 1e9 }], DataError, "at least one row"],
    ["no parts", [path], DataError, "expected an NPY or IDX file, or parts that say the dtype"],
    [
      "parts without end",
      [path, { x: { dtype: "uint8", shape: [1e9, 1e9] } }],
      ShapeError,
      "more than 2^53 elements",
    ],
    ["parts without values", [path, { x: { dtype: "uint8", shape: [0] } }], ShapeError, "values that fit"],
    [
      "parts beyond the row",
      [path, { x: { dtype: "float64", shape: [4] } }, { rowBytes: 31 }],
      ShapeError,
      "expected rowBytes to hold the parts, 32 bytes, got 31",
    ],
    [
      "another dtype",
      [path, { x: { dtype: "complex" } }],
      ArgumentError,
      'x: expected dtype to be one of "bool"',
    ],
    ["one part without dtype", [path, { x: { dtype: "uint8" }, y: {} }], DTypeError, "y: expected the dtype"],
    [
      "a scale of floats",
      [path, { x: { dtype: "float32", scale: 2 } }],
      DTypeError,
      "expected uint8 for a scale",
    ],
    [
      "a scale of 0",
      [path, { x: { dtype: "uint8", scale: 0 } }],
      ArgumentError,
      "x: expected scale to be a number other than 0, got 0",
    ],
    [
      "a misspelt option",
      [path, { x: { dtype: "uint8", shapes: [2] } }],
      OptionError,
      'did you mean "shape"',
    ],
    ["big-endian numbers", [npy(">f4")], DataError, "expected little-endian numbers, got float32"],
    ["Fortran's order", [npy("<f4", "True")], DataError, "got Fortran's order"],
    ["one number", [npy("<f8", "False", "()")], DataError, "expected rows, got one number"],
    ["an NPY file that is cut off", [npy("<f8")], DataError, "expected a header of"],
    ["what the header says already", [npy("<f4"), { x: { shape: [2] } }], DataError, "expected no shape"],
    [
      "big-endian IDX",
      [fileOf(Uint8Array.of(0, 0, 12, 1, 0, 0, 0, 1, 0, 0, 0, 1))],
      DataError,
      "got int32 in big-endian order",
    ],
    [
      "an NPY file with a dtype",
      [npy("<f4"), { x: { dtype: "float32", shape: [4] } }],
      DataError,
      "the file is an NPY file, which says its dtype itself",
    ],
    [
      "an IDX file with a dtype",
      [fileOf(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9)), { x: { dtype: "uint8" } }],
      DataError,
      "the file is an IDX file, which says its dtype itself",
    ],
    [
      "a gzipped file with a dtype",
      [fileOf(Uint8Array.of(0x1f, 0x8b, 8, 0)), { x: { dtype: "uint8" } }],
      DataError,
      "unzip it first",
    ],
    ["a gzipped file", [fileOf(Uint8Array.of(0x1f, 0x8b, 8, 0))], DataError, "unzip it first"],
    [
      "files of different lengths",
      [{ x: npy("<f4"), y: fileOf(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9)) }],
      DataError,
      "expected as many rows in each file, got 2 in",
    ],
    [
      "a part without a path",
      [{ x: path }, { y: { dtype: "uint8" } }],
      ArgumentError,
      "expected the path of part",
    ],
  ] as const)("or is wrong from the start: %s", async (_, given, kind, message) => {
    const failure = await open(...given).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toContain(message);
  });

  test("is told of rows that it does not have", async () => {
    const file = await openMixed();
    for (const wrong of [-1, ROWS, 0.5, Number.NaN, "1"]) {
      await expect(file.read([0, wrong as number])).rejects.toThrow(IndexError);
      expect(() => file.select([wrong as number])).toThrow(IndexError);
    }
    const nothing: unknown = null;
    await expect(file.read(nothing as number[])).rejects.toThrow(ArgumentError);
    expect(() => file.slice(3, 2)).toThrow(ArgumentError);
    expect(() => file.batches({ batchSize: 0 })).toThrow(ArgumentError);
    expect(() => new data.RowsFile({})).toThrow("RowsFile: expected what openRows makes");
    await file.close();
  });
});

readsMutatedFiles({
  name: "rows",
  files: {
    npy: npyOf("float64", [6, 2], Float64Array.from(range(12))),
    bool: npyOf("bool", [5], Uint8Array.of(0, 1, 1, 0, 1)),
    idx: Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6),
  },
  marks: ["descr", "shape"],
  read: async (bytes) => {
    const file = await data.openRows(fileOf(bytes, "mutated"));
    try {
      return await file.read(range(Math.min(file.length, 1000)));
    } finally {
      await file.close();
    }
  },
});
