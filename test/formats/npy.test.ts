import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../../lib/errors.js";
import { decodeNpy, encodeNpy } from "../../lib/formats/npy.js";
import { decodeNpz, encodeNpz } from "../../lib/formats/npz.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";

const join = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

/** A file with this header and these bytes of elements. */
function file(header: string, elements = 0, version: 1 | 2 | 3 = 1): Uint8Array {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(Buffer.byteLength(header), 0, length.length);
  const magic = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, "latin1");
  return join([magic, length, Buffer.from(header), Buffer.alloc(elements)]);
}

const dict = (descr: string, shape: string, fortran = "False") =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

describe("decodeNpy", () => {
  test.each([
    ["double quotes and no spaces", `{"descr":"<i2","fortran_order":False,"shape":(3,)}`, 6, [3]],
    ["keys in another order", `{'shape': (1, 2), 'fortran_order': True, 'descr': '|u1'}`, 2, [1, 2]],
    ["long numbers of Python 2", dict("'<f4'", "(2L, 1L)"), 8, [2, 1]],
    ["a type without order", dict("'f8'", "()"), 8, []],
    ["the order of the machine", dict("'=i4'", "(0, 9007199254740991)"), 0, [0, 9007199254740991]],
    ["the letter of bool", dict("'?'", "(1,)"), 1, [1]],
  ])("reads %s", (_, header, length, shape) => {
    expect(decodeNpy(file(header, length)).shape).toEqual(shape);
    expect(decodeNpy(file(header, length, 3)).shape).toEqual(shape);
  });

  test("does not copy elements in order", () => {
    const bytes = file(dict("'|i1'", "(2,)"), 2);
    expect(decodeNpy(bytes).bytes.buffer).toBe(bytes.buffer);
  });

  const good = dict("'<f4'", "(2,)");
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /does not begin with "\\x93NUMPY"/],
    ["a short file", file(good).subarray(0, 9), /it has 9 bytes/],
    ["another file", file(good, 8).fill(0, 0, 1), /does not begin with/],
    ["an unknown version", file(good, 8).fill(4, 6, 7), /expected version 1.0, 2.0 or 3.0, got 4.0/],
    ["a header longer than the file", file(good).subarray(0, 20), /its header has \d+ bytes, 10 follow/],
    ["a long header", file(`${good}${" ".repeat(10_000)}`, 8), /more than the limit of 10000/],
    ["too few elements", file(good, 7), /promises 8 bytes for \[2\] of float32, 7 follow/],
    ["too many elements", file(good, 9), /promises 8 bytes for \[2\] of float32, 9 follow/],
    [
      "a size that overflows",
      file(dict("'<f8'", "(4503599627370496, 4503599627370496)")),
      /more than 2\^53 bytes/,
    ],
    [
      "a size with too many digits",
      file(dict("'<f4'", "(99999999999999999,)")),
      /expected a value at character/,
    ],
    [
      "a size that is not exact",
      file(dict("'<f4'", "(9007199254740993,)")),
      /expected shape to be a tuple of whole/,
    ],
    ["a negative size", file(dict("'<f4'", "(-1,)"), 4), /expected a value/],
    ["a size that is no number", file(dict("'<f4'", "(True,)"), 4), /expected shape to be a tuple/],
    ["a shape that is a number", file(dict("'<f4'", "(2)"), 8), /expected shape to be a tuple/],
    ["65 axes", file(dict("'<f4'", `(${"1,".repeat(65)})`), 4), /expected at most 64 axes, got 65/],
    [
      "an order that is no bool",
      file(dict("'<f4'", "(2,)", "0"), 8),
      /expected fortran_order to be True or False/,
    ],
    [
      "another key",
      file(`{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}`, 4),
      /got descr, fortran_order, shape, x/,
    ],
    ["a missing key", file(`{'descr': '<f4', 'fortran_order': False}`), /got descr, fortran_order/],
    [
      "a key twice",
      file(`{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}`, 4),
      /the key "descr" stands twice/,
    ],
    ["no dict", file("('descr', )"), /got no dict/],
    ["a call", file(dict("__import__('os').system('true')", "(2,)"), 8), /expected a value at character 10/],
    ["an expression", file(dict("'<f4'", "(1+1,)"), 8), /expected a comma or \)/],
    ["an escape", file(dict("'\\x3cf4'", "(2,)"), 8), /a string without escapes/],
    ["a string without end", file("{'descr"), /a string without escapes/],
    ["a key that is no text", file("{3: 4}"), /expected a text/],
    ["text after the dict", file(`${good.trim()} 7`, 8), /expected the end/],
    ["deep nesting", file("(".repeat(9000)), /nested more than 32 deep/],
    ["an unknown type", file(dict("'<q9'", "(2,)"), 8), /the dtype "<q9" is unknown; expected one of bool, /],
    ["an empty type", file(dict("''", "(2,)"), 8), /the dtype "" is unknown/],
    ["__proto__ as a type", file(dict("'__proto__'", "(2,)"), 8), /the dtype "__proto__" is unknown/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes, "load: f")).toThrow(DataError);
    expect(() => decodeNpy(bytes, "load: f")).toThrow(message);
    expect(() => decodeNpy(bytes, "load: f")).toThrow(/^load: f: /);
  });
});

test("encodeNpy refuses bfloat16, which NumPy lacks", () => {
  const array = { dtype: "bfloat16", shape: [], bytes: new Uint8Array(2) } as const;
  expect(() => encodeNpy("save", "w", array)).toThrow(ArgumentError);
  expect(() => encodeNpy("save", "w", array)).toThrow(
    'save: "w": NumPy has no bfloat16; float32 holds it exactly',
  );
});

describe("decodeNpz", () => {
  test("keeps names with folders, dots and __proto__", () => {
    const array = { dtype: "int8", shape: [1], bytes: Uint8Array.of(3) } as const;
    const arrays = new Map([
      ["a/b.weight", array],
      ["__proto__", array],
      ["x.npy", array],
    ]);
    expect([...decodeNpz(join(encodeNpz("save", arrays))).arrays]).toEqual([...arrays]);
  });

  test("names the array that is wrong", () => {
    const zip = join(encodeZip("save", new Map([["w.npy", [file(dict("'<f4'", "(2,)"), 7)]]])));
    expect(() => decodeNpz(zip, "load: f")).toThrow(/^load: f: "w": the header promises 8 bytes/);
  });

  test("refuses a file that is no array", () => {
    const zip = join(encodeZip("save", new Map([["notes.txt", [new Uint8Array(1)]]])));
    expect(() => decodeNpz(zip, "load: f")).toThrow(
      /^load: f: expected only .npy files in a .npz file, got "notes.txt"/,
    );
  });
});
