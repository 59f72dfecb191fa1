import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../../lib/errors.js";
import { decodeSafetensors, encodeSafetensors } from "../../lib/formats/safetensors.js";
import { STORED_SIZES, type StoredArray, type StoredDType } from "../../lib/formats/stored-array.js";

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

/** A file with this header, whose length is written before it, and these bytes of arrays. */
function file(header: string | Uint8Array, arrays = 0): Uint8Array {
  const text = typeof header === "string" ? Buffer.from(header) : header;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return join([length, text, Buffer.alloc(arrays)]);
}

const decode = (bytes: Uint8Array) => decodeSafetensors(bytes, "load: f");
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const DTYPES = Object.keys(STORED_SIZES) as StoredDType[];

function filled(dtype: StoredDType, shape: readonly number[], seed = 1): StoredArray {
  const size = shape.reduce((a, b) => a * b, STORED_SIZES[dtype]);
  return { dtype, shape, bytes: Uint8Array.from({ length: size }, (_, i) => (i * 37 + seed) % 251) };
}

describe("encodeSafetensors", () => {
  // The bytes of test_serialization of the reference implementation.
  test("writes the bytes that the reference implementation writes", () => {
    const numbers = Float32Array.of(0, 1, 2, 3, 4, 5);
    const bytes = new Uint8Array(numbers.buffer);
    const found = join(
      encodeSafetensors(new Map([["attn.0", { dtype: "float32", shape: [1, 2, 3], bytes }]])),
    );
    const header = `{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}`;
    expect(found).toEqual(join([Buffer.from([64, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header), bytes]));
  });

  test("fills the header with spaces to a multiple of 8", () => {
    const found = join(encodeSafetensors(new Map([["attn0", filled("float32", [1, 1, 2, 3])]])));
    expect(Buffer.from(found.subarray(0, 80)).toString()).toMatch(/^H\0{7}\{.*\} +$/);
    expect(join(encodeSafetensors(new Map()))).toEqual(file("{}      "));
  });

  test("does not copy the arrays", () => {
    const array = filled("int16", [3]);
    expect(encodeSafetensors(new Map([["a", array]]))[1]).toBe(array.bytes);
  });

  test("keeps all dtypes, the order of the names and the metadata, and aligns each array", () => {
    const arrays = new Map(DTYPES.map((dtype, i) => [`${dtype}\n"é😀`, filled(dtype, [3, i % 3], i)]));
    const metadata = { format: "pt", "": "", text: 'a "quoted"\nline\u0000 ✓' };
    const bytes = join(encodeSafetensors(arrays, metadata));
    const found = decode(bytes);
    expect([...found.arrays]).toEqual([...arrays]);
    expect({ ...found.metadata }).toEqual(metadata);
    for (const { dtype, bytes: view } of found.arrays.values()) {
      expect(view.byteOffset % STORED_SIZES[dtype]).toBe(0);
      expect(view.buffer).toBe(bytes.buffer);
    }
    expect(join(encodeSafetensors(found.arrays, found.metadata))).toEqual(bytes);
  });

  test("takes __proto__ for a name like any other", () => {
    const metadata = JSON.parse('{"__proto__":"p","constructor":"c"}') as Record<string, string>;
    const arrays = new Map([["__proto__", filled("int8", [1])]]);
    const found = decode(join(encodeSafetensors(arrays, metadata)));
    expect([...found.arrays.keys()]).toEqual(["__proto__"]);
    expect(Object.entries(found.metadata)).toEqual([
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
  });

  test.each([
    ["the name of the metadata", "__metadata__", filled("int8", [1]), {}, /cannot be the name of an array/],
    ["a name that is no text", "a\ud800", filled("int8", [1]), {}, /half of a surrogate pair/],
    ["too few bytes", "a", { ...filled("int8", [2]), shape: [3] }, {}, /"a": 2 bytes do not fit \[3\]/],
    ["metadata that are no text", "a", filled("int8", [1]), { n: 1 }, /expected "n" to be a text, got 1/],
    ["metadata with half a character", "a", filled("int8", [1]), { n: "\udc00" }, /half of a surrogate pair/],
    [
      "a header that is too long",
      "a",
      filled("int8", [1]),
      { n: "x".repeat(1e8) },
      /take 100000001 bytes; the format allows 100000000/,
    ],
  ])("refuses %s", (_, name, array, metadata, message) => {
    const encode = () =>
      encodeSafetensors(new Map([[name, array]]), metadata as Record<string, string>, "save: f");
    expect(encode).toThrow(ArgumentError);
    expect(encode).toThrow(message);
  });
});

describe("decodeSafetensors", () => {
  test.each([
    ["an empty file", "{}", 0, []],
    ["trailing spaces", "{}                     ", 0, []],
    ["a scalar", `{"test":${entry("I32", "[]", "[0,4]")}}`, 4, [4]],
    ["an empty array", `{"test":${entry("I32", "[2,0]", "[0,0]")}}`, 0, [0]],
    [
      "entries in any order",
      `{"b":${entry("I8", "[2]", "[1,3]")},"a":${entry("I8", "[1]", "[0,1]")}}`,
      3,
      [2, 1],
    ],
    [
      "names of an entry that it does not know",
      `{"a":{"dtype":"U8","x":[{"y":null},-1.5e3,"z"],"shape":[1],"data_offsets":[0,1]}}`,
      1,
      [1],
    ],
    ["metadata that are null", `{"__metadata__":null}`, 0, []],
    ["space between all", ` {"a" :\t${entry("I8", "[ 1\n, 1 ]", "[0 , 1]")} }`.slice(1), 1, [1]],
  ])("reads %s", (_, header, length, sizes) => {
    const found = decode(file(header, length));
    expect(Array.from(found.arrays.values(), ({ bytes }) => bytes.length)).toEqual(sizes);
  });

  // The first eleven are the reference implementation's tests.
  test.each([
    ["a file shorter than the length", new Uint8Array(7), /expected at least 8 bytes, got 7/],
    [
      "a header that is too large",
      join([new Uint8Array(8).fill(255), Buffer.from("{}")]),
      /promise a header of 18446744073709551615 bytes/,
    ],
    ["a header longer than the file", file("{}").subarray(0, 9), /promise a header of 2 bytes, 1 follow/],
    ["a header that is not UTF-8", file(Uint8Array.of(0x7b, 0xff)), /not UTF-8/],
    ["a header that is not JSON", file("{"), /expected a string at character 1/],
    [
      "more bytes than arrays",
      file(`{"a":${entry("I32", "[2]", "[0,8]")}}`, 9),
      /promises 8 bytes of arrays, the file has 9/,
    ],
    [
      "fewer bytes than arrays",
      file(`{"a":${entry("I32", "[2]", "[0,8]")}}`, 7),
      /promises 8 bytes of arrays, the file has 7/,
    ],
    [
      "arrays of the same bytes",
      file(`{"a":${entry("F32", "[2]", "[0,8]")},"b":${entry("F32", "[2]", "[0,8]")}}`, 8),
      /"b": has bytes of another array/,
    ],
    [
      "a size that is not that of the shape",
      file(`{"a":${entry("I32", "[2,2]", "[0,4]")}}`, 4),
      /\[2,2\] of I32 takes 16 bytes, its data_offsets \[0, 4\] hold 4/,
    ],
    [
      "a number of elements that overflows",
      file(`{"a":${entry("I32", "[4503599627370496,4503599627370496]", "[0,16]")}}`, 16),
      /more than 2\^53 bytes/,
    ],
    [
      "a number of bytes that overflows",
      file(`{"a":${entry("I32", "[2251799813685248]", "[0,16]")}}`, 16),
      /more than 2\^53 bytes/,
    ],
    [
      "a hole before",
      file(`{"a":${entry("I8", "[1]", "[1,2]")}}`, 2),
      /"a": has bytes of no array before it: it begins at byte 1, expected 0/,
    ],
    [
      "a hole between",
      file(`{"a":${entry("I8", "[1]", "[0,1]")},"b":${entry("I8", "[1]", "[2,3]")}}`, 3),
      /"b": has bytes of no array/,
    ],
    ["an end before its begin", file(`{"a":${entry("I8", "[1]", "[1,0]")}}`, 1), /hold -1/],
    [
      "a name twice",
      file(`{"a":${entry("I8", "[1]", "[0,1]")},"\\u0061":${entry("I8", "[1]", "[0,1]")}}`, 1),
      /the name "a" stands twice/,
    ],
    [
      "a key twice",
      file(`{"a":{"dtype":"I8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}`, 1),
      /the name "dtype" stands twice/,
    ],
    ["metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`), /stands twice/],
    ["a metadata key twice", file(`{"__metadata__":{"a":"1","a":"1"}}`), /stands twice/],
    ["metadata that are no text", file(`{"__metadata__":{"a":1}}`), /expected a string/],
    [
      "a float8",
      file(`{"a":${entry("F8_E4M3", "[1]", "[0,1]")}}`, 1),
      /"a": dtype "F8_E4M3" cannot be read; expected one of BOOL, /,
    ],
    [
      "an entry without shape",
      file(`{"a":{"dtype":"I8","data_offsets":[0,1]}}`, 1),
      /expected dtype, shape and two data_offsets/,
    ],
    ["three offsets", file(`{"a":${entry("I8", "[1]", "[0,1,1]")}}`, 1), /two data_offsets/],
    ["an entry that is an array", file(`{"a":["I8",[1],[0,1]]}`, 1), /expected \{/],
    [
      "a size that is no whole number",
      file(`{"a":${entry("I8", "[1.0]", "[0,1]")}}`, 1),
      /expected a whole number/,
    ],
    ["a size with an exponent", file(`{"a":${entry("I8", "[1e0]", "[0,1]")}}`, 1), /expected a whole number/],
    ["a negative size", file(`{"a":${entry("I8", "[-1]", "[0,1]")}}`, 1), /expected a whole number/],
    [
      "a size with a zero before it",
      file(`{"a":${entry("I8", "[01]", "[0,1]")}}`, 1),
      /expected a whole number/,
    ],
    ["a size that is a text", file(`{"a":${entry("I8", '["1"]', "[0,1]")}}`, 1), /expected a whole number/],
    [
      "a size of 2^53",
      file(`{"a":${entry("I8", "[9007199254740992]", "[0,1]")}}`, 1),
      /expected a whole number/,
    ],
    [
      "a size of many digits",
      file(`{"a":${entry("I8", `[${"9".repeat(100_000)}]`, "[0,1]")}}`, 1),
      /expected a whole number/,
    ],
    ["65 axes", file(`{"a":${entry("I8", `[${new Array(65).fill(1)}]`, "[0,1]")}}`, 1), /more than 64 axes/],
    ["deep nesting", file(`{"a":{"x":${"[".repeat(1e6)}`), /nested more than 64 deep/],
    ["a space before the header", file(" {}"), /expected \{ at byte 8/],
    ["a mark of the byte order", file("\ufeff{}"), /expected \{ at byte 8/],
    ["an empty header", file(""), /expected \{ at byte 8/],
    ["text after the header", file("{}x"), /expected the end at character 2/],
    ["a string without end", file(`{"a\\"`), /a string has no end/],
    ["an unknown escape", file(`{"\\x":1}`), /an escape or a control character/],
    ["a control character", file(`{"\n":1}`), /an escape or a control character/],
    ["half a character", file(`{"\\ud800":1}`), /half of a surrogate pair/],
    ["a comma at the end", file(`{"a":${entry("I8", "[0]", "[0,0]")},}`), /expected a string/],
    ["a value that is none", file(`{"a":{"x":nul}}`), /expected a value/],
    ["a value that is missing", file(`{"a":{"x":}}`), /expected a value/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(DataError);
    expect(() => decode(bytes)).toThrow(message);
    expect(() => decode(bytes)).toThrow(/^load: f: /);
  });

  test("reads a header of many names without reading it twice for each", () => {
    const entries = Array.from(
      { length: 50_000 },
      (_, i) => `"${i}":${entry("I8", "[1]", `[${i},${i + 1}]`)}`,
    );
    expect(decode(file(`{${entries}}`, 50_000)).arrays.size).toBe(50_000);
  });

  test("reads a name of many backslashes", () => {
    const name = "\\".repeat(200_000);
    const found = decode(file(`{${JSON.stringify(name)}:${entry("I8", "[0]", "[0,0]")}}`));
    expect([...found.arrays.keys()]).toEqual([name]);
    expect(decode(join(encodeSafetensors(found.arrays))).arrays.has(name)).toBe(true);
  });
});
