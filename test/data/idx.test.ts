import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { DataError, data } from "../../lib/index.js";

type Put = (view: DataView, at: number, value: number) => void;

/** For each type of the format: its code, bytes, array and function that writes a value. */
const TYPES: readonly (readonly [
  number,
  number,
  new (values: number[]) => data.IdxArray["values"],
  number[],
  Put,
])[] = [
  [0x08, 1, Uint8Array as never, [0, 1, 127, 128, 254, 255], (v, at, x) => v.setUint8(at, x)],
  [0x09, 1, Int8Array as never, [0, 1, -1, 127, -128, 5], (v, at, x) => v.setInt8(at, x)],
  [0x0b, 2, Int16Array as never, [0, 1, -1, 32767, -32768, 258], (v, at, x) => v.setInt16(at, x)],
  [
    0x0c,
    4,
    Int32Array as never,
    [0, 1, -1, 2147483647, -2147483648, 16909060],
    (v, at, x) => v.setInt32(at, x),
  ],
  [
    0x0d,
    4,
    Float32Array as never,
    [0, 1.5, -0.25, 2 ** -149, Number.NaN, -3e38],
    (v, at, x) => v.setFloat32(at, x),
  ],
  [
    0x0e,
    8,
    Float64Array as never,
    [0, 1.1, -1e300, 5e-324, Number.POSITIVE_INFINITY, Math.PI],
    (v, at, x) => v.setFloat64(at, x),
  ],
];

function encode(
  type: number,
  bytes: number,
  put: Put,
  shape: readonly number[],
  values: readonly number[],
): Uint8Array {
  const start = 4 + 4 * shape.length;
  const file = new Uint8Array(start + bytes * values.length);
  const view = new DataView(file.buffer);
  file.set([0, 0, type, shape.length]);
  shape.forEach((size, d) => {
    view.setUint32(4 + 4 * d, size);
  });
  values.forEach((value, i) => {
    put(view, start + bytes * i, value);
  });
  return file;
}

const folder = mkdtempSync(join(tmpdir(), "thalweg-idx-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("IDX files", () => {
  for (const [type, bytes, ArrayOf, values, put] of TYPES) {
    const name = `type 0x${type.toString(16).padStart(2, "0")}`;

    test(`of ${name} are read into a ${ArrayOf.name}, big-endian`, () => {
      const parsed = data.parseIdx(encode(type, bytes, put, [2, 3], values));
      expect(parsed.shape).toEqual([2, 3]);
      expect(parsed.values).toEqual(new ArrayOf(values));
      expect(parsed.values).toBeInstanceOf(ArrayOf);
    });

    test(`of ${name} are read from disk, gzipped or not`, async () => {
      const file = encode(type, bytes, put, [6], values);
      for (const [extension, contents] of [
        ["", file],
        [".gz", gzipSync(file)],
      ] as const) {
        const path = join(folder, `${type}${extension}`);
        writeFileSync(path, contents);
        expect(await data.readIdx(path)).toEqual({ shape: [6], values: new ArrayOf(values) });
      }
    });

    test(`of ${name} may begin anywhere in their buffer and may be empty`, () => {
      const file = encode(type, bytes, put, [1, 1, 6], values);
      const shifted = new Uint8Array(file.length + 3);
      shifted.set(file, 3);
      expect(data.parseIdx(shifted.subarray(3)).values).toEqual(new ArrayOf(values));
      expect(data.parseIdx(encode(type, bytes, put, [0, 28, 28], []))).toEqual({
        shape: [0, 28, 28],
        values: new ArrayOf([]),
      });
    });
  }

  test("give a copy of the values, not the file's bytes", () => {
    const file = encode(8, 1, (v, at, x) => v.setUint8(at, x), [2], [1, 2]);
    const { values } = data.parseIdx(file);
    file.fill(9);
    expect([...values]).toEqual([1, 2]);
  });

  test("of arbitrary bytes are read, or refused with a typed error", () => {
    const header = fc.tuple(
      fc.constantFrom(0, 1),
      fc.constant(0),
      fc.integer({ min: 7, max: 15 }),
      fc.integer({ min: 0, max: 10 }),
    );
    const bytes = fc
      .tuple(header, fc.uint8Array({ maxLength: 60 }))
      .map(([head, rest]) => Uint8Array.of(...head, ...rest));
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 20 })), (file) => {
        try {
          const { shape, values } = data.parseIdx(file);
          expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
