import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, DataError, FileError } from "../../lib/errors.js";
import { data } from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";
import { readsMutatedFiles } from "../formats/hostile.js";

const bytes = (text: string) => Buffer.from(text);
const csv = (text: string, options = {}) => data.readCsv(bytes(text), options);
const folder = mkdtempSync(join(tmpdir(), "thalweg-readers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("readCsv", () => {
  test("finds kinds from all values, and quotes, line breaks and blank lines", async () => {
    const table = await csv(
      '\ufeffid,zip,when,ok,"na,me",n\r\n1,01234,2024-01-05,true,"a ""q""\r\nb",1.5\r\n\r\n2,99999,2024-02-29T10:00:00+02:00,FALSE,c,-inf\r\n',
    );
    expect(table.names.map((name) => table.column(name).kind)).toEqual([
      "number",
      "category",
      "date",
      "boolean",
      "category",
      "number",
    ]);
    expect(table.rows()).toEqual([
      { id: 1, zip: "01234", when: new Date("2024-01-05"), ok: true, "na,me": 'a "q"\r\nb', n: 1.5 },
      { id: 2, zip: "99999", when: new Date("2024-02-29T08:00:00Z"), ok: false, "na,me": "c", n: -Infinity },
    ]);
  });

  test.each(data.MISSING.filter((text) => text !== ""))(
    "%s is missing, unless other texts are",
    async (text) => {
      expect((await csv(`a,b\n1,x\n${text},y\n`)).column("a").toArray()).toEqual([1, null]);
      const all = await csv(`a,b\nu,x\n${text},y\n`, { missing: [] });
      expect(all.column("a").toArray()).toEqual(["u", text]);
    },
  );

  test("turns nothing into numbers or booleans that is not written so", async () => {
    const kind = async (...values: string[]) =>
      (await csv(`a,b\n${values.map((v) => `${v},1`).join("\n")}`)).column("a").kind;
    expect(await kind("0", "1")).toBe("number");
    expect(await kind("yes", "no")).toBe("category");
    expect(await kind("0x10", "0x11")).toBe("category");
    expect(await kind("1_000", "2_000")).toBe("category");
    expect(await kind("9007199254740993", "1")).toBe("category");
    expect(await kind("2024-02-30", "2024-01-01")).toBe("category");
    expect(await kind("true", "1")).toBe("category");
    expect(await kind("2024-01-01T00:00+99:99", "2024-01-01T00:00+01:00")).toBe("category");
    expect(await kind("1e3", "-.5", "+7.")).toBe("number");
  });

  test("reads tabs, other separators, decimals, comments, encodings and files without names", async () => {
    const path = join(folder, "a.tsv");
    writeFileSync(path, "a\tb\n1\tx, y\n");
    expect((await data.readCsv(path)).row(0)).toEqual({ a: 1, b: "x, y" });
    expect((await csv("a;b\n1,5;x\n", { separator: ";", decimal: "," })).row(0)).toEqual({ a: 1.5, b: "x" });
    expect((await csv("# c\na,b\n1,2\n#3,4\n", { comment: "#" })).rows()).toEqual([{ a: 1, b: 2 }]);
    expect((await csv("1,2\n", { header: false })).row(0)).toEqual({ 0: 1, 1: 2 });
    expect((await csv("1,2\n", { header: ["u", "v"] })).row(0)).toEqual({ u: 1, v: 2 });
    expect((await csv("a, b\n 1, x\n")).row(0)).toEqual({ a: 1, b: "x" });
    expect((await csv("a,b\n1, x\n", { trim: false })).row(0)).toEqual({ a: 1, b: " x" });
    expect((await csv("a,b,c\n1,2,3\n", { columns: ["c", "a"] })).names).toEqual(["c", "a"]);
    const latin = Buffer.from("a,b\nä,1\n", "latin1");
    expect((await data.readCsv(latin, { encoding: "windows-1252" })).row(0)).toEqual({ a: "ä", b: 1 });
  });

  test("decompresses files that end in .gz", async () => {
    const path = join(folder, "b.tsv.gz");
    writeFileSync(path, gzipSync("a\tb\n1\tx, y\n"));
    expect((await data.readCsv(path)).row(0)).toEqual({ a: 1, b: "x, y" });
    const lines = join(folder, "b.jsonl.GZ");
    writeFileSync(lines, Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]));
    expect((await data.readJsonLines(lines)).column("a").toArray()).toEqual([1, 2]);
  });

  describe("files that end in .gz and are broken, absent or too large", () => {
    const packed = gzipSync(`a\n${"1\n".repeat(1e5)}`);
    const file = (name: string, content: Uint8Array) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    testErrors([
      [
        () => data.readCsv(file("cut.csv.gz", packed.subarray(0, -20))),
        DataError,
        /cut\.csv\.gz: it is no gzip file, or broken: /,
      ],
      [
        () => data.readCsv(file("no.csv.gz", bytes("a,b\n1,2\n"))),
        DataError,
        /no\.csv\.gz: it is no gzip file, or broken: /,
      ],
      [
        () => data.readCsv(file("many.csv.gz", packed), { maxBytes: 1e5 }),
        DataError,
        /many\.csv\.gz: it has more than 100000 bytes after decompression; a larger maxBytes/,
      ],
      [
        () => data.readJsonLines(file("zeros.jsonl.gz", gzipSync(new Uint8Array(2 ** 25)))),
        DataError,
        /it has more than \d+ bytes after decompression|line 1/,
      ],
      [
        () => data.readCsv("a.csv", { maxBytes: -1 }),
        ArgumentError,
        "readCsv: expected maxBytes to be a whole number ≥ 0, got -1",
      ],
    ]);

    test("a file that is not there is a FileError", async () => {
      await expect(data.readCsv(join(folder, "absent.csv.gz"))).rejects.toThrow(FileError);
      const absent = data.readCsv(join(folder, "absent.csv.gz"), { maxBytes: 10 });
      await expect(absent).rejects.toThrow(
        /^readCsv: .*absent\.csv\.gz could not be read: there is no such file/,
      );
    });
  });

  test("gives the same table however a stream is cut", async () => {
    const text = 'a,b\n1,"x\n""y"""\n2,ä€\n3,z';
    const expected = (await csv(text)).rows();
    const all = bytes(text);
    for (let at = 0; at <= all.length; at++) {
      const stream = Readable.from([all.subarray(0, at), all.subarray(at)]);
      expect((await data.readCsv(stream)).rows()).toEqual(expected);
    }
    const web = new Blob([text]).stream();
    expect((await data.readCsv(web as never)).rows()).toEqual(expected);
  });

  test("takes no point between thousands for a decimal one where the comma is", async () => {
    const german = { separator: ";", decimal: "," };
    expect((await csv("a;b\n1.500;1\n2,5;2\n", german)).column("a").toArray()).toEqual(["1.500", "2,5"]);
    await expect(csv("a;b\n1.500;1\n", { ...german, types: { a: "number" } })).rejects.toThrow(
      'column "a": expected a number, got "1.500"',
    );
  });

  test.each([
    ["mixed", "a\r\n1\n2\r3\n"],
    ["a line feed in quotes first", '"a\n"\r\n1\r\n2\r\n3\r\n'],
    ["a comment with a quote", '# ,"\r\na\r\n1\n2\n3'],
    ["carriage returns", "a\r1\r2\r3"],
  ])("reads each row where line ends are %s", async (_, text) => {
    const all = bytes(text);
    for (let at = 0; at <= all.length; at++) {
      const cut = Readable.from([all.subarray(0, at), all.subarray(at)]);
      const table = await data.readCsv(cut, { comment: "#" });
      expect([...(table.column(table.names[0] as string).toArray() as number[])]).toEqual([1, 2, 3]);
    }
  });

  test("skips lines that are blank, and takes an empty value in quotes for one that is missing", async () => {
    const table = await csv('a\n1\n\n""\n# "x"\n \n" "\n2\n\n', { comment: "#" });
    expect(table.column("a").toArray()).toEqual([1, null, null, 2]);
  });

  test("keeps line ends in quotes", async () => {
    const table = await csv('a,b\r\n"x\r\n""\r""",1\n"y\n",2\r\n');
    expect(table.column("a").toArray()).toEqual(['x\r\n"\r"', "y"]);
  });

  test("reads rows that lie across blocks", async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `${i},"name ${i}, ${"x".repeat(i % 30)}"`);
    const table = await csv(`a,b\n${rows.join("\n")}\n`);
    expect(table.length).toBe(40_000);
    expect(table.row(39_999)).toEqual({ a: 39_999, b: `name 39999, ${"x".repeat(9)}` });
    expect(table.column("b").kind).toBe("text");
  });

  test("reads many columns", async () => {
    const table = await csv(`${",".repeat(30_000)}\n${",".repeat(30_000)}\n`);
    expect([table.names.length, table.names[30_000]]).toEqual([30_001, "30000"]);
  });

  const nearly = `a\n${Array.from({ length: 40 }, (_, i) => i).join("\n")}\nabc\n`;
  testErrors([
    [
      () => data.readCsv("a,b\n1,2\n"),
      ArgumentError,
      /^readCsv: expected the path .* got a text of several lines; Buffer\.from\(text\) gives its bytes$/,
    ],
    [() => csv("a,b\n1,2\n3\n"), DataError, "readCsv: the bytes: row 1 (line 3): expected 2 values, got 1"],
    [
      () => csv('a,b\n"x\ny",2\n\n3\n'),
      DataError,
      "readCsv: the bytes: row 1 (line 5): expected 2 values, got 1",
    ],
    [() => csv("a,a\n1,2\n"), DataError, 'readCsv: the bytes: line 1: two columns have the name "a"'],
    [() => csv(""), DataError, /an empty file/],
    [() => csv(",".repeat(200_000)), DataError, /line 1: expected at most 131072 columns, got 200001/],
    [() => csv('a,b\n1,"x\n'), DataError, /row 0 \(line 2\): a quote is not closed/],
    [() => csv('a,b\n"x"y,1\n'), DataError, /row 0 \(line 2\): a quote closes/],
    [() => csv(nearly), DataError, /row 40 \(line 42\), column "a": 40 of 41 values are numbers.*"abc"/],
    [
      () => csv("age\n1\nold\n", { types: { age: "number" } }),
      DataError,
      'readCsv: the bytes: row 1 (line 3), column "age": expected a number, got "old"',
    ],
    [() => data.readCsv(Buffer.from([0x61, 10, 0xe4, 10])), DataError, /not utf-8; say another encoding/],
    [() => csv("a\n1", { encoding: "klingon" }), ArgumentError, /encoding/],
    [() => csv("a\n1", { separator: "\n" }), ArgumentError, /different/],
    [() => csv("a\n1", { columns: ["b"] }), ArgumentError, /there is no column "b"/],
    [() => csv(`a\n"${"x".repeat(2 ** 24 + 300_000)}`), DataError, /longer than/],
    [() => data.readCsv([1] as never), ArgumentError, /path of a file/],
  ]);

  test("a file that is not there is a FileError with its path", async () => {
    await expect(data.readCsv(join(folder, "no.csv"))).rejects.toMatchObject({ code: "ERR_FILE" });
  });

  test("an error of a stream is that error", async () => {
    const failing = async function* () {
      yield "a\n1\n";
      throw new RangeError("the disk is gone");
    };
    await expect(data.readCsv(failing())).rejects.toThrow(new RangeError("the disk is gone"));
  });
});

describe("readJsonLines", () => {
  const json = (text: string, options = {}) => data.readJsonLines(bytes(text), options);

  test("reads objects, of which some lack fields", async () => {
    const table = await json('{"a":1,"b":"x"}\r\n\n{"b":"y","__proto__":true}');
    expect(table.names).toEqual(["a", "b", "__proto__"]);
    expect(table.column("a").toArray()).toEqual([1, null]);
    expect(table.column("__proto__").toArray()).toEqual([null, true]);
  });

  test("takes some columns of lines that have fields of their own", async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `{"k${i}":${i},"a":${i}}`);
    const table = await json(lines.join("\n"), { columns: ["a"] });
    expect([table.names, table.length]).toEqual([["a"], 5000]);
  });

  test("reads dates where they are asked for", async () => {
    const table = await json('{"a":"2024-01-05"}', { types: { a: "date" } });
    expect(table.column("a").at(0)).toEqual(new Date("2024-01-05"));
  });

  testErrors([
    [() => json('{"a":1}\n[1]\n'), DataError, /line 2: expected an object/],
    [() => json('{"a":1}\n\n{"a":"x"}'), DataError, /row 1 \(line 3\), column "a": expected a number/],
    [() => json('{"a":[1]}'), DataError, /row 0 \(line 1\), column "a"/],
    [() => json('{"a"'), DataError, /line 1: /],
    [
      () => json('{"a":"9007199254740993","b":1e300}\n{"a":9007199254740993}'),
      DataError,
      /line 2: the whole number 9007199254740993 is beyond 2\^53/,
    ],
    [
      () => json(Array.from({ length: 5000 }, (_, i) => `{"k${i}":1}`).join("\n")),
      DataError,
      /line 4097: 4097 rows with 4097 different fields.* take some with columns/,
    ],
  ]);
});

// Files of several writers, from the tests of hyparquet.
const parquets = Object.fromEntries(
  readdirSync(join(import.meta.dirname, "parquet")).map((name) => [
    name,
    new Uint8Array(readFileSync(join(import.meta.dirname, "parquet", name))),
  ]),
);
const parquet = (name: string, options = {}) =>
  data.readParquet(parquets[`${name}.parquet`] as Uint8Array, options);

describe("readParquet", () => {
  test("reads numbers, texts, booleans and what is missing, in groups of rows", async () => {
    const numbers = await parquet("rowgroups");
    expect(numbers.column("numbers").toArray()).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    const flags = (await parquet("rle_boolean_encoding")).column("datatype_boolean");
    expect([flags.kind, flags.length, flags.missing]).toEqual(["boolean", 68, 6]);
    expect(flags.toArray().slice(0, 3)).toEqual([true, false, null]);
    expect((await parquet("strings")).row(1)).toEqual({ bytes: "bravo", c_utf8: "bravo", l_utf8: "bravo" });
    expect((await parquet("byte_array_decimal")).column("value").at(23)).toBe(24);
  });

  test("reads gzip and Brotli, version 2 pages by columns, and a path", async () => {
    expect((await parquet("concatenated_gzip_members")).column("long_col").at(512)).toBe(513);
    const table = await parquet("brotli_compressed");
    expect(table.column("v11").toArray()).toEqual([42, 7.7, 42.125, 7.7]);
    const part = await parquet("datapage_v2.snappy", { columns: ["a", "d"] });
    expect(part.row(0)).toEqual({ a: "abc", d: true });
    const path = join(import.meta.dirname, "parquet", "rowgroups.parquet");
    expect((await data.readParquet(path)).length).toBe(15);
  });

  // A column of 3 values whose encoding has a negative number of parts, and one of 6 values that share 2^26 bytes each.
  const endless =
    "UEFSMRUAFSQVJCwVBhUKFQYVBgAAgAH/////DwMAAAAAAAAAAAAAFQIZLEgEcm9vdBUCABUCJQAYAWEAFgYZHBkcJggcFQIZFQoZGAFhFQAWBhZGFkYmCAAAFkYWBgAAOQAAAFBBUjE=";
  const huge =
    "UEFSMRUAFUIVQiwVDBUOFQYVBgAAgIABAQYAgICAQACAgAEBBgIAAGFhYWFhYQAAAAAAAAAAFQIZLEgEcm9vdBUCABUMJQAYAWEAFgwZHBkcJggcFQwZFQ4ZGAFhFQAWDBZkFmQmCAAAFmQWDAAAOQAAAFBBUjE=";
  // A value of 2^30 bytes.
  const wide =
    "UEFSMRUAFQYVBiwVAhUSFQYVBgAAYWJjFQIZLEgEcm9vdBUCABUOFYCAgIAIFQAYAWEAFgIZHBkcJggcFQ4ZFRIZGAFhFQAWAhYoFigmCAAAFigWAgAAPwAAAFBBUjE=";
  const base64 = (text: string) => data.readParquet(new Uint8Array(Buffer.from(text, "base64")));
  testErrors([
    [
      () => base64(endless),
      DataError,
      /the encoding DELTA_BINARY_PACKED with blocks of 128 in 4294967295 parts/,
    ],
    [() => base64(wide), DataError, /BYTE_STREAM_SPLIT, which is not supported for FIXED_LEN_BYTE_ARRAY/],
    [() => base64(huge), DataError, /encoding DELTA_BYTE_ARRAY, which is not supported/],
    [() => parquet("struct_strings"), DataError, /column "inner" holds lists or structures/],
    [() => parquet("rowgroups", { columns: ["a"] }), ArgumentError, /there is no column "a"/],
    [() => parquet("rowgroups", { maxBytes: 100 }), DataError, /allow them with maxBytes/],
    [() => data.readParquet(bytes("PAR1")), DataError, /not a Parquet file/],
    [() => data.readParquet(5 as never), ArgumentError, /path of a file/],
  ]);
});

readsMutatedFiles({
  name: "csv",
  files: {
    plain: bytes('a,b,c\n1,x,2024-01-01\n2,"y, ""z""",\n'),
    tabs: bytes("a\tb\n1\t2\n"),
  },
  read: (file) => data.readCsv(file),
});

readsMutatedFiles({
  name: "csv.gz",
  files: { packed: gzipSync('a,b,c\n1,x,2024-01-01\n2,"y, ""z""",\n') },
  read: (file) => {
    const path = join(folder, "mutated.csv.gz");
    writeFileSync(path, file);
    return data.readCsv(path);
  },
});

readsMutatedFiles({
  name: "JSON lines",
  files: { plain: bytes('{"a":1,"b":"x","c":true}\n{"a":2.5,"b":null}\n') },
  read: (file) => data.readJsonLines(file),
});

readsMutatedFiles({
  name: "parquet",
  files: parquets,
  read: async (file) => {
    try {
      return await data.readParquet(file);
    } catch (error) {
      // Nested columns are refused.
      if (!/lists or structures/.test((error as Error).message)) throw error;
      return data.readParquet(file, { columns: [] });
    }
  },
  memory: (length) => 2 ** 28 + 64 * length,
});
