// Files that NumPy and safetensors wrote, and what those packages read of ours.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError } from "../../lib/errors.js";
import { toTensor } from "../../lib/formats/convert.js";
import { decodeNpy, encodeNpy } from "../../lib/formats/npy.js";
import { decodeNpz, encodeNpz } from "../../lib/formats/npz.js";
import { decodeSafetensors, encodeSafetensors } from "../../lib/formats/safetensors.js";
import type { StoredArray } from "../../lib/formats/stored-array.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";
import { ops } from "../../lib/index.js";
import oracle from "../oracle/formats.json" with { type: "json" };
import { askPython, pythonWith } from "../python.js";

interface About {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | boolean | string)[];
}

const bytesOf = (file: string) => new Uint8Array(Buffer.from(file, "base64"));

/** What an array holds, as the oracle says it. */
function about(array: StoredArray): About {
  const tensor = toTensor("test", "a", array);
  const values = ops.reshape(tensor, [tensor.size]).toArray() as (number | boolean)[];
  return {
    dtype: array.dtype,
    shape: array.shape,
    values: values.map((value) => {
      const isPlain = typeof value === "boolean" || (Number.isFinite(value) && !Object.is(value, -0));
      return isPlain ? value : Object.is(value, -0) ? "-0" : String(value);
    }),
  };
}

const allAbout = (arrays: ReadonlyMap<string, StoredArray>) =>
  Object.fromEntries(Array.from(arrays, ([name, array]) => [name, about(array)]));

describe("decodeNpy", () => {
  test.each(oracle.npy)("reads $name of NumPy", ({ file, array }) => {
    const bytes = bytesOf(file);
    expect(about(decodeNpy(bytes))).toEqual(array);
    // In memory that is not aligned.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(about(decodeNpy(shifted.subarray(1)))).toEqual(array);
  });

  test.each(oracle.refused)("refuses $name of NumPy", ({ file }) => {
    expect(() => decodeNpy(bytesOf(file), "load: f")).toThrow(DataError);
    expect(() => decodeNpy(bytesOf(file), "load: f")).toThrow(
      /^load: f: (the dtype "[^"]+" is for |structured arrays cannot be read)/,
    );
  });
});

test.each(oracle.npy.filter(({ name }) => / in order|scalar|empty|one axis/.test(name)))(
  "encodeNpy writes the bytes that NumPy writes: $name",
  ({ file }) => {
    const chunks = encodeNpy("save", "a", decodeNpy(bytesOf(file)));
    expect(Buffer.concat(chunks).toString("base64")).toBe(file);
  },
);

test.each(oracle.npz)("decodeNpz reads $name", ({ file, arrays }) => {
  expect(allAbout(decodeNpz(bytesOf(file)).arrays)).toEqual(arrays);
});

test.each(oracle.safetensors)("decodeSafetensors reads $name", ({ file, arrays, metadata }) => {
  const found = decodeSafetensors(bytesOf(file));
  expect(allAbout(found.arrays)).toEqual(arrays);
  expect({ ...found.metadata }).toEqual(metadata);
});

const python = pythonWith("numpy", "torch", "safetensors");

describe.skipIf(python === undefined)("in Python (which has numpy, torch and safetensors)", () => {
  const READ = `
import json, sys
import numpy as np, safetensors, safetensors.torch, torch, zipfile
def text(value):
    value = value.item()
    if isinstance(value, float) and (value != value or abs(value) == float("inf") or str(value) == "-0.0"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}[str(value)]
    return value
def about(a):
    return {"dtype": str(a.dtype).replace("torch.", ""), "shape": list(a.shape), "values": [text(v) for v in a.reshape(-1)]}
answer = {}
for path in sys.argv[1:]:
    if path.endswith("many.npz"):
        file = zipfile.ZipFile(path)
        answer[path] = [len(file.namelist()), about(np.load(file.open("65999.npy")))]
    elif path.endswith(".npy"):
        answer[path] = about(np.load(path))
    elif path.endswith(".npz"):
        assert zipfile.ZipFile(path).testzip() is None
        answer[path] = {key: about(value) for key, value in np.load(path).items()}
    else:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata()
        answer[path] = {"arrays": {key: about(value) for key, value in safetensors.torch.load_file(path).items()}, "metadata": metadata}
print(json.dumps(answer))
`;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "thalweg-formats-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("all that is written here is read equal", () => {
    const [torch] = oracle.safetensors;
    const { arrays, metadata } = decodeSafetensors(bytesOf(torch?.file ?? ""));
    const forNumPy = new Map([...arrays].filter(([, { dtype }]) => dtype !== "bfloat16"));
    const write = (name: string, chunks: readonly Uint8Array[]) => {
      const path = join(folder, name);
      writeFileSync(path, Buffer.concat(chunks));
      return path;
    };
    const stored = write("a.npz", encodeNpz("save", forNumPy));
    const packed = write("b.npz", encodeNpz("save", forNumPy, { compressed: true }));
    const safe = write("c.safetensors", encodeSafetensors(arrays, metadata));
    const empty = write("d.safetensors", encodeSafetensors(new Map()));
    // Contents at multiples of 64, as PyTorch has them.
    const files = new Map(
      [...forNumPy].map(([name, array]) => [`${name}.npy`, encodeNpy("save", name, array)]),
    );
    const aligned = write("aligned.npz", encodeZip("save", files, { alignment: 64 }));
    const single = write("e.npy", encodeNpy("save", "a", forNumPy.get("float16") as StoredArray));
    // More entries than a zip file holds without zip64.
    const one: StoredArray = { dtype: "uint8", shape: [], bytes: Uint8Array.of(7) };
    const many = write(
      "many.npz",
      encodeNpz("save", new Map(Array.from({ length: 66_000 }, (_, i) => [`${i}`, one]))),
    );
    const found = askPython(
      python as string,
      READ,
      stored,
      packed,
      safe,
      empty,
      single,
      many,
      aligned,
    ) as Record<string, Record<string, unknown>>;
    expect(found[stored]).toEqual(allAbout(forNumPy));
    expect(found[aligned]).toEqual(allAbout(forNumPy));
    expect(found[packed]).toEqual(allAbout(forNumPy));
    expect(found[safe]).toEqual({ arrays: allAbout(arrays), metadata: { ...metadata } });
    expect(found[empty]).toEqual({ arrays: {}, metadata: null });
    expect(found[single]).toEqual(about(forNumPy.get("float16") as StoredArray));
    expect(found[many]).toEqual([66_000, about(one)]);
  }, 120_000);
});
