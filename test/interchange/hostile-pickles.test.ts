// Pickles that want to call things, or to use up memory or the stack.
import { describe, expect, test } from "vitest";
import { DataError, ThalwegError } from "../../lib/errors.js";
import { openZip } from "../../lib/formats/zip.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";
import { type ReadPyTorchOptions, readPyTorch } from "../../lib/interchange/index.js";
import { bytesOf, jsonOf } from "./files.js";

const codes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** A file with this pickle, given by its codes, and these storages. */
function file(pickle: string | Uint8Array, storages: Record<string, Uint8Array> = {}): Uint8Array {
  const entries = new Map<string, Uint8Array[]>([
    ["a/data.pkl", [typeof pickle === "string" ? codes(`\x80\x02${pickle}`) : pickle]],
  ]);
  for (const [key, bytes] of Object.entries(storages)) entries.set(`a/data/${key}`, [bytes]);
  return new Uint8Array(Buffer.concat(encodeZip("test", entries)));
}

const refusal = async (bytes: Uint8Array, options: ReadPyTorchOptions = {}): Promise<string> => {
  const error = await readPyTorch(bytes, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return (error as DataError).message;
};

const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;

describe("a pickle is refused by name that would", () => {
  test.each([
    ["call os.system", `cos\nsystem\n(${text("true")}tR.`, /"os\.system" is refused/],
    ["call posix.system by its instance", `(${text("true")}iposix\nsystem\n.`, /"posix\.system" is refused/],
    ["call builtins.eval", `c__builtin__\neval\n(${text("1")}tR.`, /"builtins\.eval" is refused/],
    ["name it on the stack", `${text("os")}${text("system")}\x93(${text("a")}tR.`, /"os\.system" is refused/],
    [
      "make an object of a class",
      `c__main__\nNet\n)\x81.`,
      /"__main__\.Net" is refused.*save the state dict/,
    ],
    ["call a function of torch", "ctorch.hub\nload\n)R.", /"torch\.hub\.load" is refused/],
    ["use a prototype's name", "cconstructor\nconstructor\n)R.", /"constructor\.constructor" is refused/],
    ["call a dtype", "ctorch\nfloat32\n)R.", /calls torch\.float32, which is refused/],
    ["call text", `${text("os.system")})R.`, /calls the text "os\.system", which is refused/],
    ["set attributes of a list", "]}b.", /sets attributes of a list of 0, which is refused/],
    ["use the registry of extensions", "\x82\x01.", /extension registry/],
    ["use a buffer outside", "\x97.", /outside the file/],
    ["load another persistent object", `(${text("module")}tQ.`, /expected a persistent id of a storage/],
    ["keep a function", "ccollections\nOrderedDict\n.", /is collections\.OrderedDict itself/],
  ])("%s", async (_, pickle, message) => {
    expect(await refusal(file(pickle))).toMatch(message);
  });
});

describe("a pickle is refused that", () => {
  const laughs = Array.from({ length: 12 }, (_, i) => {
    const inner = i === 0 ? "K\x01" : `h${String.fromCharCode(i - 1)}`;
    return `](${inner.repeat(10)}eq${String.fromCharCode(i)}0`;
  }).join("");
  test.each([
    ["is empty", "", /expected 1 more bytes/],
    ["does not end", "]", /expected 1 more bytes/],
    ["goes on after its end", "N.N", /expected the end after byte 4/],
    ["ends with an empty stack", ".", /the stack is empty/],
    ["has an unknown instruction", "\xff.", /unknown instruction 0xff/],
    ["has a protocol to come", "\x80\x06N.", /protocol of at most 5/],
    ["has a list that contains itself", "]q\x00h\x00a.", /contains itself/],
    ["has a dict that contains itself", `}q\x00${text("a")}h\x00s.`, /a contains itself/],
    ["has a set that contains itself", "\x8fq\x00(h\x00\x90.", /contains itself/],
    ["has a dict that is its own key", "}q\x00h\x00Ns.", /contains itself/],
    ["laughs a billion times", `${laughs}h\x0b.`, /too often/],
    ["is nested deep", `${"]".repeat(100_000)}${"a".repeat(99_999)}.`, /nested more than 500 deep/],
    ["has tuples nested deep", `N${"\x85".repeat(100_000)}.`, /nested more than 500 deep/],
    ["has an integer of gigabytes", "\x8b\xff\xff\xff\x7f.", /integer of at most 1024 bytes/],
    ["has text of 2^63 bytes", "\x8d\0\0\0\0\0\0\0\x80.", /more bytes, the file has/],
    ["has bytes of 4 GiB", "B\xff\xff\xff\xff.", /expected 4294967295 more bytes/],
    ["has a line without an end", `I${"1".repeat(100)}`, /expected a line/],
    ["has no number in a line", "Iabc\n.", /expected a whole number/],
    ["has text that is not UTF-8", "X\x02\0\0\0\xff\xfe.", /UTF-8/],
    ["recalls what it did not remember", "h\x07.", /nothing remembered as 7/],
    ["has no mark", "Nt.", /no mark/],
    ["takes from below a mark", "N(a.", /the stack is empty/],
    ["has a key without a value", "}(Nu.", /a key without a value/],
    ["appends to a dict", "}Na.", /appends to a dict/],
    ["sets an entry of a list", "]NNs.", /sets entries of a list/],
  ])("%s", async (_, pickle, message) => {
    expect(await refusal(file(pickle))).toMatch(message);
  });
});

test("a key that Python would refuse is read as what it is", async () => {
  const found = await readPyTorch<unknown>(file("}}Ns."));
  expect(found).toEqual(new Map([[Object.create(null), null]]));
});

describe("what Python pickles", () => {
  const nameless = (entries: object): object => Object.assign(Object.create(null), entries);
  test.each(Object.entries(jsonOf<Record<string, string>>("pickles.json")))(
    "by protocol %s is read",
    async (_, base64) => {
      const found = await readPyTorch<Record<string, unknown[]>>(
        file(new Uint8Array(Buffer.from(base64, "base64"))),
      );
      expect(found).toEqual(
        nameless({
          int: [0, -1, 255, 256, 65536, -(2 ** 31), 2 ** 31, 2n ** 53n + 1n, -(2n ** 70n), 2n ** 2000n],
          float: [0.1, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
          text: ["", `it's "quoted"\n\\`, "η ↦ 𝛼", "x".repeat(300)],
          bytes: ["", "\0\xff'", "y".repeat(300), "z"].map(codes),
          rest: [null, true, false, [], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [], nameless({})],
          sets: [new Set([1]), new Set([2])],
          ordered: nameless({ b: 1, a: 2 }),
          twice: [[1], [1]],
        }),
      );
      const [one, other] = found["twice"] ?? [];
      expect(one).toBe(other);
      expect(Object.keys(found["ordered"] as object)).toEqual(["b", "a"]);
    },
  );
});

/** A tensor over four float32 with these pickled arguments. */
function tensorFile({
  count = "K\x04",
  offset = "K\0",
  size = "(K\x04t",
  stride = "(K\x01t",
  key = "0",
  kind = "FloatStorage",
} = {}): Uint8Array {
  const storage = `(${text("storage")}ctorch\n${kind}\n${text(key)}${text("cpu")}${count}tQ`;
  const pickle = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${size}${stride}\x89}tR.`;
  return file(pickle, { 0: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) });
}
const long = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return `\x8a\x08${bytes.toString("latin1")}`;
};

describe("a tensor is refused", () => {
  test("except for one that is right", async () => {
    const tensor = await readPyTorch<{ toArray(): unknown }>(tensorFile());
    expect(tensor.toArray()).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ["with a negative size", { size: "(J\xff\xff\xff\xfft" }, /size\[0\] to be a whole number ≥ 0, got -1/],
    ["with a negative stride", { stride: "(J\xff\xff\xff\xfft" }, /stride\[0\] to be a whole number/],
    ["with a negative offset", { offset: "J\xff\xff\xff\xff" }, /storage_offset/],
    ["with a size that is no number", { size: "(Nt" }, /size\[0\]/],
    ["beyond its storage", { size: "(K\x05t" }, /reaches beyond its storage of 4 elements/],
    ["beyond its storage by its offset", { offset: "K\x01" }, /reaches beyond/],
    ["beyond its storage by its stride", { stride: "(K\x02t" }, /reaches beyond/],
    [
      "with more than 2^53 elements",
      { size: `(${long(2n ** 40n)}${long(2n ** 40n)}t`, stride: "(K\0K\0t" },
      /bytes/,
    ],
    ["with a billion elements in one place", { size: `(${long(10n ** 9n)}t`, stride: "(K\0t" }, /maxBytes/],
    ["with fewer strides than sizes", { stride: ")" }, /as many strides/],
    ["with a storage of another size", { count: "K\x05" }, /expected 20 bytes in a\/data\/0, got 16/],
    ["with a storage of a negative size", { count: "J\xff\xff\xff\xff" }, /number of elements/],
    ["with a storage that is not there", { key: "1" }, /there is no entry a\/data\/1/],
    ["with a storage outside the archive", { key: "../../x" }, /there is no entry/],
    ["with quantized elements", { kind: "QInt8Storage" }, /quantized/],
    [
      "with more than eight axes",
      { size: `(${"K\x01".repeat(9)}t`, stride: `(${"K\x01".repeat(9)}t` },
      /8 axes/,
    ],
  ])("%s", async (_, parts, message) => {
    expect(await refusal(tensorFile(parts))).toMatch(message);
  });

  test("with elements beyond the limit, and read with a larger one", async () => {
    const bytes = tensorFile({ size: "(M\x10\x27t", stride: "(K\0t" });
    expect(await refusal(bytes, { maxBytes: 39_999 })).toMatch(/need more than 39999 bytes/);
    const { size } = await readPyTorch<{ size: number }>(bytes, { maxBytes: 40_000 });
    expect(size).toBe(10_000);
  });
});

describe("an archive is refused", () => {
  const entries = (names: Record<string, string>): Uint8Array =>
    new Uint8Array(
      Buffer.concat(
        encodeZip("test", new Map(Object.entries(names).map(([name, value]) => [name, [codes(value)]]))),
      ),
    );
  test.each([
    ["without a pickle", { "a/b": "" }, /one data\.pkl, got 0/],
    ["with two pickles", { "a/data.pkl": "N.", "b/data.pkl": "N." }, /one data\.pkl, got 2/],
    ["of a big-endian machine", { "a/data.pkl": "N.", "a/byteorder": "big" }, /big-endian/],
    ["of TorchScript", { "a/data.pkl": "N.", "a/constants.pkl": "N." }, /TorchScript.*state_dict/],
  ])("%s", async (_, names, message) => {
    expect(await refusal(entries(names))).toMatch(message);
  });
});

describe("a file of the older form is refused", () => {
  const older = bytesOf("values-older.pth");
  const olderWith = (change: (bytes: Buffer) => Uint8Array): Uint8Array =>
    new Uint8Array(change(Buffer.from(older)));
  /** Where True stands after the text little_endian. */
  const truthAfter = (bytes: Buffer) => bytes.indexOf(0x88, bytes.indexOf("little_endian"));
  test.each([
    ["that is cut short", olderWith((b) => b.subarray(0, -1)), /reaches to byte \d+, the file has \d+/],
    ["that goes on after its end", olderWith((b) => Buffer.concat([b, b])), /expected the end after byte/],
    ["of another magic number", olderWith((b) => b.fill(0, 4, 10)), /magic number/],
    [
      "of a big-endian machine",
      olderWith((b) => b.fill(0x89, truthAfter(b), truthAfter(b) + 1)),
      /big-endian/,
    ],
  ])("%s", async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });

  test("that is nothing of the kind", async () => {
    expect(await refusal(codes("GIF89a"))).toMatch(/zip archive or a pickle/);
    expect(await refusal(new Uint8Array(0))).toMatch(/zip archive or a pickle/);
    expect(await refusal(codes(`${"\0".repeat(257)}ustar`))).toMatch(/tar archive/);
    expect(await refusal(codes("\x80\x02}."))).toMatch(/magic number, got a dict/);
  });
});

describe("every byte of a pickle may be changed, and every end cut off: only typed errors", () => {
  const entries = [...openZip("test", bytesOf("values.pt")).values()];
  const pickle = entries.find(({ name }) => name.endsWith("data.pkl"))?.read() as Uint8Array;
  const storages = Object.fromEntries(
    entries
      .filter(({ name }) => name.includes("/data/"))
      .map(({ name, read }) => [name.slice(name.lastIndexOf("/") + 1), read()]),
  );
  const survives = async (bytes: Uint8Array): Promise<void> => {
    const error = await readPyTorch(bytes).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error !== null && !(error instanceof ThalwegError)) throw error;
  };

  test("of the zip form", async () => {
    for (let i = 0; i < pickle.length; i += 7) {
      await survives(file(pickle.slice(0, i), storages));
      const changed = pickle.slice();
      changed[i] = (changed[i] as number) ^ (1 << (i % 8));
      await survives(file(changed, storages));
    }
  });

  test("of the older form", async () => {
    const bytes = bytesOf("values-older.pth");
    for (let i = 0; i < bytes.length; i += 5) {
      await survives(bytes.slice(0, i));
      const changed = bytes.slice();
      changed[i] = (changed[i] as number) ^ (1 << (i % 8));
      await survives(changed);
    }
  });
});
