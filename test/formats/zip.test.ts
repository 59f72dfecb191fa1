import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../../lib/errors.js";
import { openZip } from "../../lib/formats/zip.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const join = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

const make = (entries: Record<string, string>, compressed = false) =>
  join(
    encodeZip("save", new Map(Object.entries(entries).map(([k, v]) => [k, [bytesOf(v)]])), { compressed }),
  );
const open = (bytes: Uint8Array, maxBytes?: number) => openZip("load: f", bytes, { maxBytes });
const refused = (bytes: Uint8Array, message: RegExp | string, maxBytes?: number) => {
  const read = () => {
    for (const entry of open(bytes, maxBytes).values()) entry.read();
  };
  expect(read).toThrow(DataError);
  expect(read).toThrow(message);
  expect(read).toThrow(/^load: f: /);
};

/** The bytes with a number of 16 or 32 bits replaced; negative places count from the end. */
function patched(bytes: Uint8Array, ...changes: [at: number, value: number, width?: 2 | 4][]): Uint8Array {
  const copy = Buffer.from(bytes);
  for (const [at, value, width = 2] of changes)
    copy.writeUIntLE(value, at < 0 ? copy.length + at : at, width);
  return new Uint8Array(copy);
}
const END = -22;
/** Where the directory's header of the entry `index` begins. */
function header(bytes: Uint8Array, index = 0): number {
  const buffer = Buffer.from(bytes);
  let at = buffer.readUInt32LE(buffer.length + END + 16);
  for (let i = 0; i < index; i++) at += 46 + buffer.readUInt16LE(at + 28) + buffer.readUInt16LE(at + 30);
  return at;
}

describe("openZip", () => {
  test.each([false, true])("reads what encodeZip writes, compressed: %s", (compressed) => {
    const entries = { a: "", "b/c.txt": "text ".repeat(1000), "ü✓": "x", __proto: "p", ["__proto__"]: "q" };
    const bytes = make(entries, compressed);
    const found = open(bytes);
    expect([...found].map(([name, entry]) => [name, textOf(entry.read())])).toEqual(Object.entries(entries));
    expect(found.get("b/c.txt")?.size).toBe(5000);
    expect(found.get("b/c.txt")?.read().buffer === bytes.buffer).toBe(!compressed);
    expect(found.get("b/c.txt")?.read().constructor).toBe(Uint8Array);
    expect(make(entries, compressed)).toEqual(bytes);
  });

  test("reads a file without entries, and one with 70,000, which takes zip64", () => {
    expect(open(make({})).size).toBe(0);
    const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`e${i}`, String(i)]));
    const found = open(make(many));
    expect(found.size).toBe(70_000);
    expect(textOf(found.get("e69999")?.read())).toBe("69999");
  });

  test("does not copy contents that are stored", () => {
    const piece = bytesOf("contents");
    expect(encodeZip("save", new Map([["a", [piece]]])).some((chunk) => chunk === piece)).toBe(true);
  });

  test("begins the contents at multiples of the alignment", () => {
    const entries = new Map(Array.from({ length: 70 }, (_, i) => ["n".repeat(i + 1), [new Uint8Array(i)]]));
    const bytes = join(encodeZip("save", entries, { alignment: 64 }));
    for (const [name, entry] of open(bytes)) {
      const contents = entry.read();
      expect(contents.length).toBe(name.length - 1);
      expect(contents.byteOffset % 64).toBe(0);
    }
  });

  test("leaves folders out and reads past a comment", () => {
    const bytes = make({ "folder.": "", "folder./a": "text" });
    const folder = Buffer.from(bytes);
    for (const at of [30, header(bytes) + 46]) folder[at + 6] = 0x2f;
    const commented = join([patched(folder, [END + 20, 7]), bytesOf("comment")]);
    expect([...open(commented).keys()]).toEqual(["folder./a"]);
  });

  const one = make({ "name.txt": "contents" });
  const at = header(one);
  const two = make({ a: "12345678", b: "12345678" });
  const packed = make({ a: "text ".repeat(1000) }, true);
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /it has 0 bytes/],
    ["a file without end record", one.subarray(0, -1), /it has no end record/],
    ["bytes after the end record", join([one, bytesOf("x")]), /it has no end record/],
    ["several disks", patched(one, [END + 4, 1]), /one of several disks/],
    [
      "a count that is too large",
      patched(one, [END + 8, 9], [END + 10, 9]),
      /9 entries do not fit a directory/,
    ],
    [
      "a count that is too small",
      patched(two, [END + 8, 1], [END + 10, 1]),
      /has 47 bytes after the last of 1/,
    ],
    ["a directory elsewhere", patched(one, [END + 16, 1, 4]), /does not end at the end record/],
    [
      "a directory of another length",
      patched(one, [END + 12, 0xffffffff, 4]),
      /does not end at the end record/,
    ],
    ["a header that is none", patched(one, [at, 0]), /expected a header of its directory at byte 46/],
    ["a header that is too long", patched(one, [at + 30, 9]), /longer than the directory/],
    ["an entry on another disk", patched(one, [at + 34, 1]), /one of several disks/],
    ["a missing zip64 field", patched(one, [at + 24, 0xffffffff, 4]), /lacks a number of its zip64 field/],
    ["encryption", patched(one, [at + 8, 1]), /"name.txt" is encrypted/],
    [
      "another method",
      patched(one, [at + 10, 12]),
      /"name.txt" has the method bzip2; expected stored or deflate/,
    ],
    ["an unknown method", patched(one, [at + 10, 77]), /has the method 77/],
    ["two sizes of a stored entry", patched(one, [at + 24, 9, 4]), /is stored, but has 9 bytes in 8/],
    [
      "a size that is impossible",
      patched(packed, [header(packed) + 24, 1e8, 4]),
      /promises 100000000 bytes from/,
    ],
    ["a name that is not UTF-8", patched(one, [at + 46, 0xffff]), /is not UTF-8/],
    ["an entry that is not there", patched(one, [at + 42, 1, 4]), /there is no entry at byte 1/],
    [
      "an entry beyond the file",
      patched(one, [at + 42, 0x7fffffff, 4]),
      /there is no entry at byte 2147483647/,
    ],
    [
      "contents beyond the entries",
      patched(one, [at + 20, 9, 4], [at + 24, 9, 4], [18, 9, 4]),
      /reaches beyond the entries, to byte 47/,
    ],
    ["two names of an entry", patched(one, [30, 0x4141]), /is not that of "name.txt" in the directory/],
    ["two methods of an entry", patched(one, [8, 8]), /is not that of "name.txt"/],
    ["encryption in the entry alone", patched(one, [6, 1]), /is not that of "name.txt"/],
    ["another size in the entry", patched(one, [18, 7, 4]), /is not that of "name.txt"/],
    [
      "changed contents",
      patched(one, [40, 0]),
      /"name.txt": its bytes were changed: CRC-32 [0-9a-f]{8}, expected/,
    ],
    ["another CRC-32", patched(one, [at + 16, 7, 4]), /expected 00000007/],
    ["contents that cannot be decompressed", patched(packed, [31, 0xffff]), /"a" cannot be decompressed: /],
    [
      "a shorter result",
      patched(packed, [header(packed) + 24, 4999, 4]),
      /"a" cannot be decompressed: |expected 4999 bytes/,
    ],
    [
      "a longer result",
      patched(packed, [header(packed) + 24, 5001, 4]),
      /expected 5001 bytes from \d+, found 5000 bytes/,
    ],
  ])("refuses %s", (_, bytes, message) => refused(bytes, message));

  test.each(["../a", "/a", "a/../../b", "..\\a", "C:a", "\\a", "a\0b", ".."])(
    "refuses the name %j",
    (name) => {
      expect(() => make({ [name]: "" })).toThrow(ArgumentError);
      const bytes = make({ ["n".repeat(name.length)]: "" });
      const changed = Buffer.from(bytes);
      for (const place of [30, header(bytes) + 46]) changed.write(name, place);
      refused(new Uint8Array(changed), /is not the name of a file within the folder/);
    },
  );

  test("refuses two entries of one name", () => {
    const bytes = Buffer.from(make({ a: "1", b: "2" }));
    bytes[bytes.indexOf("b2")] = 0x61;
    bytes[header(bytes, 1) + 46] = 0x61;
    refused(new Uint8Array(bytes), /two entries have the name "a"/);
  });

  test("refuses entries that share bytes", () => {
    const bytes = make({ a: "same", b: "same" });
    const changed = patched(bytes, [header(bytes, 1) + 42, 0, 4]);
    changed[header(changed, 1) + 46] = 0x61;
    refused(changed, /"a" has bytes of another entry/);
  });

  test("refuses to decompress more than the limit, before it decompresses anything", () => {
    const bytes = make({ a: "\0".repeat(1e6), b: "\0".repeat(1e6) }, true);
    expect(open(bytes).size).toBe(2);
    refused(
      bytes,
      /have 2000000 bytes after decompression, more than the limit of 1999999; a larger maxBytes/,
      1999999,
    );
    expect(open(bytes, 2e6).get("b")?.read()).toHaveLength(1e6);
    expect(() => open(bytes, -1)).toThrow(ArgumentError);
    const bomb = make({ a: "\0".repeat(3e7) }, true);
    refused(bomb, /have 30000000 bytes after decompression, more than the limit of 1\d{7};/);
  });

  test("refuses bytes after the end of the compressed contents", () => {
    const longer = join([deflateRawSync(Buffer.alloc(100)), bytesOf("hidden")]);
    const stored = join(encodeZip("save", new Map([["a", [longer]]])));
    const place = header(stored);
    const changed = patched(stored, [8, 8], [place + 10, 8], [place + 24, 100, 4]);
    refused(changed, /expected 100 bytes from \d+, found 100 bytes from \d+/);
  });
});
