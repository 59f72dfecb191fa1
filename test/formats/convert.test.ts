import { describe, expect, test } from "vitest";
import { DataError } from "../../lib/errors.js";
import { toStored, toTensor } from "../../lib/formats/convert.js";
import { STORED_SIZES, type StoredArray, type StoredDType } from "../../lib/formats/stored-array.js";
import { type DType, fromTypedArray, type Tensor, tensor } from "../../lib/index.js";

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const stored = (dtype: StoredDType, elements: ArrayBufferView): StoredArray => {
  const bytes = bytesOf(elements);
  return { dtype, shape: [bytes.length / STORED_SIZES[dtype]], bytes };
};

const read = (array: StoredArray, dtype?: DType): Tensor =>
  toTensor("load: a file", "w", array, dtype === undefined ? {} : { dtype });

/** The value of a float16 or bfloat16 by its definition. */
function valueOf(half: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = half >>> 15 === 0 ? 1 : -1;
  const exponent = (half >>> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (half & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

const ALL_HALVES = Uint16Array.from({ length: 65536 }, (_, i) => i);

describe.each([
  ["float16", 5],
  ["bfloat16", 8],
] as const)("%s", (dtype, exponentBits) => {
  const values = Array.from(ALL_HALVES, (half) => valueOf(half, exponentBits));

  test("is read exactly as float32, all 65,536 of them", () => {
    const found = read(stored(dtype, ALL_HALVES));
    expect(found.dtype).toBe("float32");
    const different = values.findIndex((value, i) => !Object.is(value, found.data[i]));
    expect(different).toBe(-1);
  });

  test.each(["float32", "float64"] as const)(
    "is written from %s with the same bits, NaNs included",
    (from) => {
      const back = toStored(read(stored(dtype, ALL_HALVES), from), dtype);
      const halves = new Uint16Array(back.bytes.buffer, back.bytes.byteOffset, 65536);
      const quiet = 1 << (14 - exponentBits);
      const different = halves.findIndex((half, i) => {
        const isNaNBits = Number.isNaN(values[i]);
        return (
          half !== i && !(isNaNBits && (half === (i | quiet) || Number.isNaN(valueOf(half, exponentBits))))
        );
      });
      expect(different).toBe(-1);
    },
  );

  test.each(["float32", "float64"] as const)("is the nearest to a %s, of two the even one", (from) => {
    const finite = values.flatMap((value, half) => (half < 0x8000 && Number.isFinite(value) ? [value] : []));
    const wrong: string[] = [];
    for (let half = 0; half + 1 < finite.length; half += half < 3000 ? 1 : 7) {
      const [a, b] = [finite[half] as number, finite[half + 1] as number];
      const tie = (a + b) / 2;
      const step = from === "float32" ? (b - a) * 2 ** -10 : (b - a) * 2 ** -40;
      const cases: [number, number][] = [
        [tie, half % 2 === 0 ? half : half + 1],
        [tie - step, half],
        [tie + step, half + 1],
      ];
      for (const [value, expected] of cases) {
        const one = tensor([value, -value], { dtype: from });
        if (one.data[0] !== value) continue; // not a float32: between float32's subnormals
        const { bytes } = toStored(one, dtype);
        const [plus, minus] = new Uint16Array(bytes.buffer, bytes.byteOffset, 2);
        if (plus !== expected || minus !== (expected | 0x8000))
          wrong.push(`${value}: ${plus}, not ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("refuses a finite number that would become infinite", () => {
    const most = Math.max(...values.filter(Number.isFinite));
    expect(toStored(tensor([most], { dtype: "float64" }), dtype).bytes).toHaveLength(2);
    expect(() => toStored(tensor([0, most * 1.01], { dtype: "float64" }), dtype, "save: w")).toThrow(
      /^save: w: .* at position 1 of \[2\], of float64, does not fit/,
    );
    expect(toStored(tensor([Number.POSITIVE_INFINITY]), dtype).bytes).toHaveLength(2);
  });
});

test("rounds float64 to float16 once, not first to float32", () => {
  const tie = 1 + 2 ** -11;
  const { bytes } = toStored(tensor([tie + 2 ** -40, tie, tie - 2 ** -40], { dtype: "float64" }), "float16");
  expect([...new Uint16Array(bytes.buffer, bytes.byteOffset, 3)]).toEqual([0x3c01, 0x3c00, 0x3c00]);
});

const WHOLE = [
  ["uint8", Uint8Array.of(0, 255)],
  ["int8", Int8Array.of(-128, 127)],
  ["uint16", Uint16Array.of(0, 65535)],
  ["int16", Int16Array.of(-32768, 32767)],
  ["uint32", Uint32Array.of(0, 2 ** 31 - 1)],
  ["int32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ["uint64", BigUint64Array.of(0n, 2n ** 31n - 1n)],
  ["int64", BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n)],
] as const;

describe.each(WHOLE)("%s", (dtype, values) => {
  test("is read exactly as int32 and written from it", () => {
    const found = read(stored(dtype, values));
    expect(found.dtype).toBe("int32");
    expect(found.toArray()).toEqual(Array.from(values, Number));
    expect([...toStored(found, dtype).bytes]).toEqual([...bytesOf(values)]);
  });

  test("is read exactly as float64 from memory that is not aligned", () => {
    const bytes = new Uint8Array(values.byteLength + 1);
    bytes.set(bytesOf(values), 1);
    // A Buffer's slice() is no copy.
    const found = read({ dtype, shape: [2, 1], bytes: Buffer.from(bytes.buffer, 1) }, "float64");
    expect(found.toArray()).toEqual([[Number(values[0])], [Number(values[1])]]);
  });
});

test.each([
  ["uint32", Uint32Array.of(1, 2 ** 31), "2147483648"],
  ["uint64", BigUint64Array.of(1n, 2n ** 63n), "9223372036854775808"],
  ["int64", BigInt64Array.of(1n, -(2n ** 31n) - 1n), "-2147483649"],
] as const)("refuses %s that int32 cannot hold and says what can", (dtype, values, value) => {
  expect(() => read(stored(dtype, values))).toThrow(DataError);
  expect(() => read(stored(dtype, values))).toThrow(
    `load: a file: "w": ${value} at position 1 of [2], stored as ${dtype}, does not fit int32; dtype: "float64" holds it`,
  );
  expect(read(stored(dtype, values), "float64").toArray()).toEqual(Array.from(values, Number));
});

test.each([2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n])("refuses int64 %d as float64", (value) => {
  expect(() => read(stored("int64", BigInt64Array.of(value)), "float64")).toThrow(
    `${value} at position 0 of [1], stored as int64, does not fit float64, nor any other dtype of tensors`,
  );
});

test("reads float64 as float64, and as float32 where asked, rounded", () => {
  const array = stored("float64", Float64Array.of(1 / 3, -0, Number.NaN));
  expect(read(array).dtype).toBe("float64");
  expect(read(array).toArray()).toEqual([1 / 3, -0, Number.NaN]);
  expect(read(array, "float32").toArray()).toEqual([Math.fround(1 / 3), -0, Number.NaN]);
  expect(() => read(stored("float64", Float64Array.of(1e39)), "float32")).toThrow(/1e\+39 at position 0/);
  expect(() => read(array, "int32")).toThrow(/0\.333/);
});

test("refuses whole numbers that float32 would round", () => {
  expect(read(stored("int32", Int32Array.of(2 ** 24)), "float32").toArray()).toEqual([2 ** 24]);
  expect(() => read(stored("int32", Int32Array.of(2 ** 24 + 1)), "float32")).toThrow(/16777217/);
  expect(() => toStored(tensor([2049], { dtype: "int32" }), "float16")).toThrow(/2049/);
  expect(toStored(tensor([-2048], { dtype: "int32" }), "float16").bytes).toEqual(Uint8Array.of(0, 0xe8));
});

test("reads bool of bytes 0 and 1 and refuses others", () => {
  expect(read(stored("bool", Uint8Array.of(1, 0))).toArray()).toEqual([true, false]);
  expect(read(stored("bool", Uint8Array.of(1, 0)), "float32").toArray()).toEqual([1, 0]);
  expect(() => read(stored("bool", Uint8Array.of(1, 2)))).toThrow(
    'load: a file: "w": 2 at position 1 of [2]: expected bytes of 0 and 1 for bool',
  );
  expect(() => read(stored("bool", Uint8Array.of(1, 2)), "float32")).toThrow(/expected bytes of 0 and 1/);
});

test("writes bool as 0 and 1, whatever byte JavaScript wrote for true", () => {
  const truth = fromTypedArray(Uint8Array.of(0, 1), [2], { dtype: "bool" });
  truth.data[1] = 7;
  expect([...toStored(truth).bytes]).toEqual([0, 1]);
  expect([...toStored(truth, "int16").bytes]).toEqual([0, 0, 1, 0]);
});

test("gives the tensor memory of its own, and the file the tensor's own", () => {
  const array = stored("float32", Float32Array.of(1, 2));
  const found = read(array);
  new Uint8Array(array.bytes.buffer).fill(0);
  expect(found.toArray()).toEqual([1, 2]);
  expect(toStored(found).bytes.buffer).toBe(found.data.buffer);
});

test("refuses what does not fit a shape, and more than 8 axes", () => {
  expect(() => read({ dtype: "float32", shape: [2], bytes: new Uint8Array(7) })).toThrow(
    /7 bytes do not fit \[2\]/,
  );
  const shape = new Array<number>(9).fill(1);
  expect(() => read({ dtype: "int8", shape, bytes: new Uint8Array(1) })).toThrow(/at most 8 axes, got 9/);
});

test("reads and writes scalars and empty arrays", () => {
  expect(read({ dtype: "int64", shape: [], bytes: new Uint8Array(8) }).toArray()).toBe(0);
  expect(read({ dtype: "bfloat16", shape: [2, 0], bytes: new Uint8Array(0) }).shape).toEqual([2, 0]);
  expect(toStored(tensor(3), "int64").bytes).toEqual(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0));
});
