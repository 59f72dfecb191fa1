// Tensors by name to files of NumPy and safetensors, and back.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, DataError, DetachedError, FileError, OptionError } from "../../lib/errors.js";
import { data, nn, type Tensor, tensor } from "../../lib/index.js";
import {
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  readNpy,
  readNpz,
  readSafetensors,
  type Tensors,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from "../../lib/interchange/index.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-interchange-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const tensors: Tensors = {
  weight: tensor([[0.5, -1.25, Number.NaN]]),
  double: tensor([1 / 3], { dtype: "float64" }),
  labels: tensor([3, 255], { dtype: "int32" }),
  mask: tensor([true, false]),
  scalar: tensor(7),
};
const plain = (found: Tensors) =>
  Object.entries(found).map(([name, one]) => [name, one.dtype, one.shape, one.toArray()]);

interface Format {
  read(source: string | URL | Uint8Array, options?: object): Promise<Tensors>;
  write(path: string | URL, tensors: Tensors, options?: object): Promise<void>;
  encode(tensors: Tensors, options?: object): Uint8Array;
}
const FORMATS: [string, Format][] = [
  [
    "safetensors",
    {
      read: async (source, options) => (await readSafetensors(source, options)).tensors,
      write: writeSafetensors,
      encode: encodeSafetensors,
    },
  ],
  ["npz", { read: readNpz, write: writeNpz, encode: encodeNpz }],
  [
    "compressed npz",
    {
      read: readNpz,
      write: (path, all, options) => writeNpz(path, all, { ...options, compressed: true }),
      encode: (all, options) => encodeNpz(all, { ...options, compressed: true }),
    },
  ],
];

describe.each(FORMATS)("%s", (name, { read, write, encode }) => {
  test("keeps names, order, dtypes, shapes and values, in a file and as bytes", async () => {
    const path = join(folder, name);
    await write(path, tensors);
    expect(plain(await read(path))).toEqual(plain(tensors));
    expect(plain(await read(pathToFileURL(path)))).toEqual(plain(tensors));
    expect(plain(await read(encode(tensors)))).toEqual(plain(tensors));
    expect(plain(await read(encode({})))).toEqual([]);
  });

  test("reads a Buffer, and bytes that threads share", async () => {
    const bytes = encode(tensors);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect(plain(await read(shared))).toEqual(plain(tensors));
    expect(plain(await read(Buffer.from(bytes)))).toEqual(plain(tensors));
  });

  test("stores floats as asked and leaves the others", async () => {
    const found = await read(encode(tensors, { dtype: "float16" }));
    expect(found["double"]?.dtype).toBe("float32");
    expect(found["double"]?.toArray()).toEqual([0.333251953125]);
    expect(found["labels"]?.toArray()).toEqual([3, 255]);
    expect(found["mask"]?.toArray()).toEqual([true, false]);
  });

  test("stores tensors by name as asked", async () => {
    const dtype = { labels: "uint8", double: "float32" };
    const found = await read(encode(tensors, { dtype }));
    expect(found["labels"]?.toArray()).toEqual([3, 255]);
    expect(found["double"]?.dtype).toBe("float32");
    expect(encode(tensors, { dtype }).length).toBeLessThan(encode(tensors).length);
  });

  test("writes the values of the time of the call", async () => {
    const one = tensor([1, 2]);
    const path = join(folder, `now ${name}`);
    const writing = write(path, { one });
    one.data[0] = 7;
    await writing;
    expect((await read(path))["one"]?.toArray()).toEqual([1, 2]);
  });

  test("fills a model from its state dict", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4));
    const other = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4));
    other.loadStateDict(await read(encode(model.stateDict())));
    expect(plain(other.stateDict())).toEqual(plain(model.stateDict()));
  });

  test("keeps __proto__ as a name", async () => {
    const named: Tensors = Object.defineProperty({}, "__proto__", { value: tensor([1]), enumerable: true });
    expect(Object.keys(await read(encode(named)))).toEqual(["__proto__"]);
  });

  test.each([
    ["no object", null, {}, ArgumentError, /expected an object of tensors by name, got null/],
    [
      "a module",
      new nn.Linear(1, 1),
      {},
      ArgumentError,
      /expected an object of tensors by name, got a Linear/,
    ],
    [
      "a value that is no tensor",
      { a: [1] },
      {},
      ArgumentError,
      /expected "a" to be a tensor, got an array of 1/,
    ],
    ["an unknown option", {}, { dtyp: 1 }, OptionError, /did you mean "dtype"\?/],
    ["an unknown dtype", {}, { dtype: "float8" }, ArgumentError, /expected dtype to be one of "float16"/],
    [
      "whole numbers for floats",
      {},
      { dtype: "int64" },
      ArgumentError,
      /expected dtype to be one of "float16"/,
    ],
    [
      "a dtype of no tensor",
      {},
      { dtype: { b: "int8" } },
      ArgumentError,
      /dtype names "b", which is none of the tensors/,
    ],
    [
      "an unknown dtype by name",
      { a: tensor([1]) },
      { dtype: { a: 8 } },
      ArgumentError,
      /expected dtype of "a" to be one of/,
    ],
    [
      "a value out of range",
      { a: tensor([1, 7e4]) },
      { dtype: "float16" },
      ArgumentError,
      /"a": 70000 at position 1 of \[2\]/,
    ],
  ] as const)("refuses %s", async (_, all, options, kind, message) => {
    const given = all as unknown as Tensors;
    expect(() => encode(given, options)).toThrow(kind);
    expect(() => encode(given, options)).toThrow(message);
    const path = join(folder, "refused");
    await expect(write(path, given, options)).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });

  test("names the tensor whose memory is gone", () => {
    const gone = tensor([1, 2]);
    structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
    expect(() => encode({ gone })).toThrow(DetachedError);
    expect(() => encode({ gone })).toThrow(/: "gone": its buffer of 2 elements was transferred/);
  });

  test("refuses what is no file, by name", async () => {
    await expect(read(join(folder, "none"))).rejects.toThrow(FileError);
    await expect(read(new Uint8Array(3))).rejects.toThrow(DataError);
    await expect(read(7 as unknown as string)).rejects.toThrow(ArgumentError);
    await expect(read(encode({}), { integer: 1 })).rejects.toThrow(OptionError);
    await expect(read(encode({}), { integers: "int64" })).rejects.toThrow(ArgumentError);
    await expect(write(join(folder, "none", "a"), {})).rejects.toThrow(FileError);
    expect(readdirSync(folder).some((one) => one.endsWith(".tmp"))).toBe(false);
  });

  test("reads large whole numbers as float64 where asked", async () => {
    const bytes = encode({ n: tensor([2 ** 31], { dtype: "float64" }) }, { dtype: { n: "int64" } });
    await expect(read(bytes)).rejects.toThrow(
      /"n": 2147483648 at position 0 of \[1\], stored as int64, does not fit int32; integers: "float64" holds it/,
    );
    expect((await read(bytes, { integers: "float64" }))["n"]?.toArray()).toEqual([2 ** 31]);
  });
});

test("safetensors keeps metadata and bfloat16", async () => {
  const bytes = encodeSafetensors({ w: tensor([1 / 3]) }, { dtype: "bfloat16", metadata: { format: "pt" } });
  const { tensors: found, metadata } = await readSafetensors(bytes);
  expect(metadata).toEqual({ format: "pt" });
  expect(found["w"]?.toArray()).toEqual([0.333984375]);
  for (const wrong of [7, ["a"], new Proxy({}, {})]) {
    expect(() => encodeSafetensors({}, { metadata: wrong as Record<string, string> })).toThrow(
      /expected metadata/,
    );
  }
});

test("npz refuses names outside the folder and more than maxBytes", async () => {
  expect(() => encodeNpz({ "../a": tensor(1) })).toThrow(/"..\/a.npy" cannot be the name of an entry/);
  expect(() => encodeNpz({ w: tensor(1) }, { dtype: "bfloat16" as "float16" })).toThrow(
    /NumPy has no bfloat16/,
  );
  const bytes = encodeNpz({ a: tensor(new Float32Array(1000)) }, { compressed: true });
  await expect(readNpz(bytes, { maxBytes: 4000 })).rejects.toThrow(
    /more than the limit of 4000; a larger maxBytes/,
  );
  await expect(readNpz(bytes, { maxBytes: -1 })).rejects.toThrow(ArgumentError);
  expect((await readNpz(bytes, { maxBytes: 5000 }))["a"]?.size).toBe(1000);
});

test("bytes of images stay bytes if they are asked for", async () => {
  const images = tensor([[[0, 255]], [[7, 9]]], { dtype: "int32" });
  const labels = tensor([3, 1], { dtype: "int32" });
  const one = tensor(5, { dtype: "int32" });
  const dtype = { images: "uint8", labels: "int64", one: "uint8" } as const;
  for (const compressed of [false, true]) {
    const bytes = encodeNpz({ images, labels, one }, { dtype, compressed });
    const found = await readNpz(bytes, { uint8: "bytes" });
    const pixels = found["images"] as data.Bytes;
    expect(pixels).toBeInstanceOf(data.Bytes);
    expect([pixels.shape, [...pixels.values]]).toEqual([
      [2, 1, 2],
      [0, 255, 7, 9],
    ]);
    expect([found["labels"], found["one"]].map((part) => (part as Tensor).dtype)).toEqual(["int32", "int32"]);
    bytes.fill(0);
    expect([...pixels.values]).toEqual([0, 255, 7, 9]);
    expect((await readNpz(encodeNpz({ images }, { dtype: { images: "uint8" } })))["images"]).toMatchObject({
      dtype: "int32",
    });
  }
  const alone = await readNpy(encodeNpy(images, { dtype: "uint8" }), { uint8: "bytes" });
  expect(alone).toBeInstanceOf(data.Bytes);
  await expect(readNpy(encodeNpy(images), { uint8: "bool" as never })).rejects.toThrow(ArgumentError);
});

describe("npy", () => {
  test.each<[string, Tensor]>(Object.entries(tensors))("keeps %s", async (name, one) => {
    const path = join(folder, `${name}.npy`);
    await writeNpy(path, one);
    for (const found of [await readNpy(path), await readNpy(encodeNpy(one))]) {
      expect(plain({ found })).toEqual(plain({ found: one }));
    }
  });

  test("stores elements as asked and refuses what does not fit", async () => {
    const labels = tensor([3, 300], { dtype: "int32" });
    expect((await readNpy(encodeNpy(labels, { dtype: "uint16" }))).toArray()).toEqual([3, 300]);
    expect(() => encodeNpy(labels, { dtype: "uint8" })).toThrow(
      /^encodeNpy: 300 at position 1 of \[2\], of int32, does not fit uint8/,
    );
    expect(() => encodeNpy(labels, { dtype: "float8" as "float16" })).toThrow(ArgumentError);
    expect(() => encodeNpy([1] as unknown as Tensor)).toThrow(ArgumentError);
    await expect(readNpy(join(folder, "none"))).rejects.toThrow(FileError);
    await expect(writeNpy("", labels)).rejects.toThrow(ArgumentError);
  });
});
