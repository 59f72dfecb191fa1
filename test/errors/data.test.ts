import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  DataError,
  DetachedError,
  DTypeError,
  data,
  IndexError,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, expectError, testErrors } from "./expect-error.js";

const x = ones([3, 2]);
const y = tensor([0, 1, 2], { dtype: "int32" });
const kept = (): Tensor[] => [x, y];

describe("Dataset", () => {
  testErrors(
    [
      [
        () => new data.Dataset(bad()),
        ArgumentError,
        "Dataset: expected x to be a tensor or Bytes, or a list or an object of them, got undefined",
      ],
      [() => new data.Dataset(bad(null)), ArgumentError, "Dataset: expected an object of options, got null"],
      [
        () => new data.Dataset(bad([x, y])),
        ArgumentError,
        "Dataset: expected an object of options, got an array of 2",
      ],
      [
        () => new data.Dataset(bad({ x })),
        ArgumentError,
        "Dataset: expected y to be a tensor or Bytes, or a list or an object of them, got undefined",
      ],
      [
        () => new data.Dataset({ x: bad([[1]]), y }),
        ArgumentError,
        "Dataset: expected x[0] to be a tensor or Bytes, got an array of 1",
      ],
      [
        () => new data.Dataset({ x, y: bad(["no", "yes", "no"]) }),
        ArgumentError,
        'Dataset: expected y[0] to be a tensor or Bytes, got "no"; tensor makes one of numbers, data.toClasses of labels',
      ],
      [
        () => new data.Dataset({ x, y: bad(BigInt64Array.of(0n, 1n, 2n)) }),
        ArgumentError,
        /^Dataset: expected y to be .* got a BigInt64Array; tensor makes one of numbers, data\.toClasses of labels$/,
      ],
      [
        () => new data.Dataset(bad({ x, y, z: 1 })),
        OptionError,
        'Dataset: unknown option "z"; known options: x, y, w',
      ],
      [
        () => new data.Dataset({ x, y: zeros([4]) }),
        ShapeError,
        "Dataset: expected as many targets as samples, got x [3, 2] and y [4]",
      ],
      [
        () => new data.Dataset({ x: ones([]), y }),
        ShapeError,
        "Dataset: expected as many targets as samples, got x [] and y [3]",
      ],
      [
        () => new data.Dataset({ x, y: ones([]) }),
        ShapeError,
        "Dataset: expected as many targets as samples, got x [3, 2] and y []; a single sample has an axis too: x [1, 3, 2] and y [1]",
      ],
      [
        () => new data.Dataset({ x: zeros([0, 2]), y: zeros([0]) }),
        DataError,
        "Dataset: expected at least one sample, got an empty set",
      ],
    ],
    kept,
  );
});

describe("DataLoader", () => {
  const size = "DataLoader: expected batchSize (the set has 3 samples) to be a whole number ≥ 1 and ≤ 3, got";
  testErrors(
    [
      [
        () => new data.DataLoader(bad()),
        ArgumentError,
        "DataLoader: expected data to be { x, y } or a Dataset, got undefined",
      ],
      [
        () => new data.DataLoader(bad(x)),
        ArgumentError,
        "DataLoader: expected data to be { x, y } or a Dataset, got a Tensor",
      ],
      [
        () => new data.DataLoader(bad("x")),
        ArgumentError,
        'DataLoader: expected data to be { x, y } or a Dataset, got "x"',
      ],
      [
        () => new data.DataLoader({ x, y: zeros([2]) }),
        ShapeError,
        "DataLoader: data: expected as many targets as samples, got x [3, 2] and y [2]",
      ],
      [
        () => new data.DataLoader({ x: zeros([0, 1]), y: zeros([0]) }),
        DataError,
        "DataLoader: data: expected at least one sample, got an empty set",
      ],
      [() => new data.DataLoader({ x, y }, { batchSize: 0 }), ArgumentError, `${size} 0`],
      [() => new data.DataLoader({ x, y }, { batchSize: 4 }), ArgumentError, `${size} 4`],
      [() => new data.DataLoader({ x, y }, { batchSize: 1.5 }), ArgumentError, `${size} 1.5`],
      [() => new data.DataLoader({ x, y }, { batchSize: bad("2") }), ArgumentError, `${size} "2"`],
      [() => new data.DataLoader({ x, y }, { batchSize: bad(null) }), ArgumentError, `${size} null`],
      [
        () => new data.DataLoader({ x, y }, { shuffle: bad(1) }),
        ArgumentError,
        "DataLoader: expected shuffle to be true or false, got 1",
      ],
      [
        () => new data.DataLoader({ x, y }, { dropLast: bad("no") }),
        ArgumentError,
        'DataLoader: expected dropLast to be true or false, got "no"',
      ],
      [
        () => new data.DataLoader({ x, y }, { seed: -1 }),
        ArgumentError,
        "DataLoader: expected seed to be a whole number ≥ 0, got -1",
      ],
      [
        () => new data.DataLoader({ x, y }, bad({ batch_size: 2 })),
        OptionError,
        'DataLoader: unknown option "batch_size"; did you mean "batchSize"?',
      ],
      [
        () => new data.DataLoader({ x, y }, bad({ drop_last: true })),
        OptionError,
        'DataLoader: unknown option "drop_last"; did you mean "dropLast"?',
      ],
      [
        () => new data.DataLoader({ x, y }, bad(32)),
        ArgumentError,
        "DataLoader: expected an object of options, got 32",
      ],
    ],
    kept,
  );
});

/** The bytes of an IDX file. */
function idx(type: number, sizes: readonly number[], values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + values.length);
  bytes.set([0, 0, type, sizes.length]);
  const view = new DataView(bytes.buffer);
  sizes.forEach((size, d) => {
    view.setUint32(4 + 4 * d, size);
  });
  bytes.set(values, 4 + 4 * sizes.length);
  return bytes;
}

describe("parseIdx", () => {
  const where = "parseIdx: IDX data:";
  const most = 2 ** 32 - 1;
  testErrors([
    [
      () => data.parseIdx(bad()),
      ArgumentError,
      "parseIdx: expected the bytes of a file as a Uint8Array, got undefined",
    ],
    [
      () => data.parseIdx(bad("file")),
      ArgumentError,
      'parseIdx: expected the bytes of a file as a Uint8Array, got "file"',
    ],
    [
      () => data.parseIdx(bad([0, 0, 8, 1])),
      ArgumentError,
      "parseIdx: expected the bytes of a file as a Uint8Array, got an array of 4",
    ],
    [
      () => data.parseIdx(new Uint8Array(0)),
      DataError,
      `${where} expected at least 4 bytes of header, got 0`,
    ],
    [
      () => data.parseIdx(new Uint8Array(3), "labels"),
      DataError,
      "parseIdx: labels: expected at least 4 bytes of header, got 3",
    ],
    [
      () => data.parseIdx(Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0)),
      DataError,
      `${where} the first two bytes are not zero: not an IDX file`,
    ],
    [
      () => data.parseIdx(Uint8Array.of(0, 7, 8, 1, 0, 0, 0, 0)),
      DataError,
      `${where} the first two bytes are not zero: not an IDX file`,
    ],
    [() => data.parseIdx(idx(0x0a, [1], [1])), DataError, `${where} unknown type 0x0a`],
    [() => data.parseIdx(idx(0xff, [1], [1])), DataError, `${where} unknown type 0xff`],
    [() => data.parseIdx(idx(8, [], [1])), DataError, `${where} expected 1 to 8 axes, got 0`],
    [
      () => data.parseIdx(idx(8, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1])),
      DataError,
      `${where} expected 1 to 8 axes, got 9`,
    ],
    [
      () => data.parseIdx(idx(8, [2, 2], []).subarray(0, 11)),
      DataError,
      `${where} expected 12 bytes of header for 2 axes, got 11`,
    ],
    [
      () => data.parseIdx(idx(8, [2, 2], [1, 2, 3])),
      DataError,
      `${where} the header promises 16 bytes for [2, 2], the file has 15`,
    ],
    [
      () => data.parseIdx(idx(8, [2, 2], [1, 2, 3, 4, 5])),
      DataError,
      `${where} the header promises 16 bytes for [2, 2], the file has 17`,
    ],
    [
      () => data.parseIdx(idx(14, [2], [1, 2])),
      DataError,
      `${where} the header promises 24 bytes for [2], the file has 10`,
    ],
    [
      () => data.parseIdx(idx(8, [most], [1])),
      DataError,
      `${where} the header promises 4294967303 bytes for [4294967295], the file has 9`,
    ],
    [
      () =>
        data.parseIdx(
          idx(
            14,
            Array.from({ length: 8 }, () => most),
            [1, 2, 3],
          ),
        ),
      DataError,
      /^parseIdx: IDX data: the header promises \S+e\+77 bytes for \[4294967295, .*\], the file has 39$/,
    ],
    // The product of the sizes is 2⁶⁴, which is 0 in 64-bit integers.
    [
      () => data.parseIdx(idx(8, [2 ** 31, 2 ** 31, 4], [])),
      DataError,
      /^parseIdx: IDX data: the header promises 18446744073709552000 bytes/,
    ],
  ]);
});

describe("readIdx", () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-idx-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const missing = join(folder, "missing");
  const short = file("short", idx(8, [2], [1]));
  const zipped = gzipSync(idx(8, [2], [1, 2]));
  const megabyte = gzipSync(new Uint8Array(1 << 20));

  testErrors([
    [() => data.readIdx(bad()), ArgumentError, "readIdx: expected the path of a file, got undefined"],
    [() => data.readIdx(bad(3)), ArgumentError, "readIdx: expected the path of a file, got 3"],
    [() => data.readIdx(""), ArgumentError, 'readIdx: expected the path of a file, got ""'],
  ]);
  const files = [
    ["a missing file", missing, /: ENOENT: no such file/],
    ["a folder", folder, /: EISDIR: /],
    ["an empty file", file("empty", new Uint8Array(0)), /: expected at least 4 bytes of header, got 0$/],
    ["a truncated file", short, /: the header promises 10 bytes for \[2\], the file has 9$/],
    [
      "a text",
      file("text", Buffer.from("label,pixel\n")),
      /: the first two bytes are not zero: not an IDX file$/,
    ],
    [
      "gzipped garbage",
      file("garbage.gz", gzipSync(Buffer.from("no IDX"))),
      /: the first two bytes are not zero/,
    ],
    ["half a gzip file", file("half.gz", zipped.subarray(0, zipped.length - 9)), /: unexpected end of file$/],
    ["what only begins like gzip", file("fake.gz", Uint8Array.of(0x1f, 0x8b, 1, 2, 3)), /: \w/],
    [
      "gzipped, but truncated data",
      file("short.gz", gzipSync(idx(8, [2], [1]))),
      /: the header promises 10 bytes/,
    ],
    [
      "gzipped data that go on for a gigabyte",
      file("bomb.gz", Buffer.concat([zipped, ...Array<Buffer>(1024).fill(megabyte)])),
      /: the header promises 10 bytes for \[2\], the file has more$/,
    ],
    [
      "a gzipped header that promises more than there is memory for",
      file("promise.gz", gzipSync(idx(8, [2 ** 31, 2 ** 31], [1, 2]))),
      /: the header promises 4611686018427388000 bytes for \[2147483648, 2147483648\], the file has less than \d+$/,
    ],
  ] as const;
  for (const [title, path, message] of files) {
    test(`refuses ${title} and names it`, async () => {
      await expectError([() => data.readIdx(path), DataError, message]);
      const error = await data.readIdx(path).catch((caught: unknown) => caught);
      expect((error as Error).message.startsWith(`readIdx: ${path}: `)).toBe(true);
    });
  }

  test("keeps the system's error as the cause", async () => {
    const error = await data.readIdx(missing).catch((caught: unknown) => caught);
    expect((error as Error).cause).toMatchObject({ code: "ENOENT" });
  });
});

describe("Bytes", () => {
  const values = new Uint8Array(6);
  const images = new data.Bytes(values, [3, 2]);
  const gone = new data.Bytes(new Uint8Array(2), [2]);
  structuredClone(gone.values.buffer, { transfer: [gone.values.buffer as ArrayBuffer] });
  testErrors([
    [() => images.select([0, 3]), IndexError, "Bytes: expected samples in [0, 3), got 3"],
    [() => images.select(Int32Array.of(-1)), IndexError, "Bytes: expected samples in [0, 3), got -1"],
    [
      () => images.select(bad()),
      ArgumentError,
      "Bytes: expected samples as a list or an Int32Array, got undefined",
    ],
    [
      () => images.slice(-1, 2),
      ArgumentError,
      "Bytes: expected begin to be a whole number ≥ 0 and ≤ 3, got -1",
    ],
    [() => images.slice(2, 1), ArgumentError, "Bytes: expected end to be a whole number ≥ 2 and ≤ 3, got 1"],
    [
      () => gone.toTensor(),
      DetachedError,
      "Bytes: the values' buffer was transferred or detached; copy it before",
    ],
    [
      () => data.parseIdx(values, bad(Symbol("s"))),
      ArgumentError,
      "parseIdx: expected source to be a text, got Symbol(s)",
    ],
    [
      () => new data.Bytes(bad([1, 2]), [2]),
      ArgumentError,
      "Bytes: expected the values as a Uint8Array, got an array of 2",
    ],
    [() => new data.Bytes(values, [2, 4]), ShapeError, "Bytes: expected a shape for 6 values, got [2, 4]"],
    [() => new data.Bytes(new Uint8Array(1), []), ShapeError, "Bytes: expected a shape for 1 values, got []"],
    [
      () => new data.Bytes(values, [6], { scale: 0 }),
      ArgumentError,
      "Bytes: expected scale to be a number other than 0, got 0",
    ],
    [
      () => new data.Bytes(values, [6], { scale: Number.NaN }),
      ArgumentError,
      "Bytes: expected scale to be a number, got NaN",
    ],
    [
      () => new data.Bytes(values, [6], { zeroPoint: bad("0") }),
      ArgumentError,
      'Bytes: expected zeroPoint to be a number, got "0"',
    ],
    [
      () => new data.Bytes(values, [6], { dtype: "int32" }),
      DTypeError,
      "Bytes: expected dtype to be float32 or float64, got int32",
    ],
    [
      () => new data.Bytes(values, [6], bad({ zero_point: 1 })),
      OptionError,
      'Bytes: unknown option "zero_point"; did you mean "zeroPoint"?',
    ],
    [
      () => new data.Dataset({ x: new data.Bytes(values, [6]), y: tensor([1, 2]) }),
      ShapeError,
      "Dataset: expected as many targets as samples, got x [6] and y [2]",
    ],
  ]);
});
