import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DataError,
  DetachedError,
  fit,
  nn,
  optim,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { copyArrays, readTree, writeTree } from "../../lib/keeping/tree.js";

/** There and back. */
function kept(tree: unknown): unknown {
  const { text, arrays } = writeTree("test", tree);
  return readTree("test", text, copyArrays("test", arrays));
}

const own = (entries: readonly (readonly [string, unknown])[]): object => Object.fromEntries(entries);

describe("a tree of plain values comes back as it was", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["undefined in a list and an object", [undefined, { a: undefined }]],
    ["booleans", [true, false]],
    ["numbers", [0, -1.5, 5e-324, 2 ** 53, 0.1, Number.MAX_VALUE]],
    ["what JSON has no numbers for", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]],
    ["bigints", [0n, -(2n ** 100n), 10n ** 1000n - 1n, 1n - 10n ** 1000n]],
    ["texts", ["", "ü \u0000 \u{1F600}", "half a pair \uD800", "$number"]],
    ["empty lists and objects", [[], {}, [[]], { a: {} }]],
    [
      "keys",
      own([
        ["__proto__", 1],
        ["constructor", 2],
        ["$tensor", "x"],
        ["$$", { $number: "NaN" }],
        ["", 3],
        ["a.b", [4]],
      ]),
    ],
    ["keys with half of a pair", own([["\uD800", Float32Array.of(1)]])],
    [
      "typed arrays",
      [
        Int8Array.of(-1),
        Uint8Array.of(255),
        Uint8ClampedArray.of(7),
        Int16Array.of(-2),
        Uint16Array.of(65535),
        Int32Array.of(-3),
        Uint32Array.of(2 ** 32 - 1),
        BigInt64Array.of(-(2n ** 63n)),
        BigUint64Array.of(2n ** 64n - 1n),
        Float32Array.of(Number.NaN, -0),
        Float64Array.of(Math.PI),
        new Float64Array(0),
        new Float32Array(new ArrayBuffer(16), 4, 2),
      ],
    ],
  ])("%s", (_, tree) => {
    const found = kept(tree);
    expect(found).toStrictEqual(tree);
  });

  test("tensors of every dtype, with equal names in the way, to the bit", () => {
    const nan = new Float32Array(new Uint32Array([0x7fc12345, 0x80000000]).buffer);
    const tree = {
      a: { b: tensor([1, 2], { dtype: "float64" }) },
      "a.b": tensor([[3], [4]], { dtype: "int32" }),
      "a.b#2": tensor([true, false]),
      __metadata__: zeros([0, 3]),
      nan: tensor(nan),
      none: tensor(5),
    };
    const found = kept(tree) as Record<string, Tensor>;
    const inner = (found["a"] as unknown as { b: Tensor }).b;
    expect([inner.dtype, inner.shape, [...inner.data]]).toEqual(["float64", [2], [1, 2]]);
    for (const [name, wanted] of Object.entries(tree).slice(1) as [string, Tensor][]) {
      const one = found[name] as Tensor;
      expect([one.dtype, one.shape], name).toEqual([wanted.dtype, wanted.shape]);
      expect(Buffer.from(one.data.buffer), name).toEqual(Buffer.from(wanted.data.buffer));
    }
  });

  test("tensors as a program left them, and as a user changed them after it", async () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const array = model.weight.data; // held, unlike that of the bias
    const train = () =>
      fit(model, { data: { x: randn([4, 2]), y: randn([4, 2]) }, cost: cost.mse, optimizer, batchSize: 2 });
    for (const value of [null, 9, null]) {
      await train();
      if (value !== null) array[0] = value;
      const { weight, bias } = kept(model.stateDict()) as Record<string, Tensor>;
      expect(weight?.toArray()).toEqual(model.weight.toArray());
      expect(bias?.toArray()).toEqual(model.bias?.toArray());
      if (value !== null) expect(weight?.data[0]).toBe(value);
    }
  });

  test("a tensor that is in it twice is two", () => {
    const w = tensor([1]);
    const [a, b] = kept([w, w]) as [Tensor, Tensor];
    a.data[0] = 2;
    expect(b.item()).toBe(1);
  });
});

describe("what cannot be kept is refused by its place", () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const circle: unknown[] = [];
  circle.push(circle);

  test.each<[string, unknown, RegExp]>([
    ["a bigint of 1001 digits", { a: [10n ** 1000n] }, /a bigint of more than 1000 digits at "a\.0"/],
    ["a negative one", -(10n ** 1000n), /a bigint of more than 1000 digits/],
    ["a function", { a: [() => 1] }, /a function at "a\.0"/],
    ["a symbol", { a: Symbol("s") }, /at "a"/],
    ["a date", { when: new Date() }, /a Date at "when"/],
    ["a map", new Map(), /a Map/],
    ["a proxy", [new Proxy({}, {})], /a proxy at "0"/],
    ["a view without a type", new DataView(new ArrayBuffer(1)), /a DataView/],
    ["too many levels", deep(101), /more than 100 deep/],
    ["a circle", circle, /more than 100 deep/],
  ])("%s", (_, tree, message) => {
    expect(() => writeTree("test", tree)).toThrow(ArgumentError);
    expect(() => writeTree("test", tree)).toThrow(message);
  });

  test("an array whose buffer was transferred", () => {
    const gone = new Float64Array(2);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(() => kept({ a: gone })).toThrow(DetachedError);
    expect(() => kept({ a: gone })).toThrow(/the buffer of "a" was transferred/);
  });

  test("as many levels as can be written can be read", () => {
    expect(kept(deep(100))).toEqual(deep(100));
  });
});

describe("a text that writeTree does not write is refused", () => {
  test.each<[string, string, RegExp]>([
    ["no JSON", "{", /not JSON/],
    ["an unknown kind", '{"$date":1}', /"\$date"/],
    ["a kind that objects have by birth", '{"$constructor":1}', /"\$constructor"/],
    ["two kinds in one object", '{"$number":"NaN","$bigint":"1"}', /unknown kind/],
    ["another number", '{"$number":"0x10"}', /\$number/],
    ["another bigint", '{"$bigint":"1.5"}', /\$bigint/],
    ["a bigint of 1001 digits", `{"$bigint":"${"9".repeat(1001)}"}`, /at most 1000 digits/],
    ["a negative one", `{"$bigint":"-${"9".repeat(1001)}"}`, /at most 1000 digits/],
    ["one array for two tensors", '[{"$tensor":"a"},{"$tensor":"a"}]', /the array "a" more than once/],
    [
      "one array for a tensor and another",
      '[{"$array":["Float32Array","a"]},{"$tensor":"a"}]',
      /more than once/,
    ],
    ["a tensor that is not there", '{"$tensor":"x"}', /an array "x", which the file lacks/],
    ["a tensor without a name", '{"$tensor":1}', /which the file lacks/],
    ["an array of an unknown type", '{"$array":["Function","a"]}', /typed array/],
    ["an array of another type", '{"$array":["Int8Array","a"]}', /expected array "a" to be \[n\] of int8/],
    ["too many levels", `${"[".repeat(200)}${"]".repeat(200)}`, /more than 100 levels/],
    ["far too many levels", "[".repeat(1e6), /not JSON/],
  ])("%s", (_, text, message) => {
    const arrays = new Map([["a", { dtype: "float32", shape: [1], bytes: new Uint8Array(4) } as const]]);
    expect(() => readTree("test", text, arrays)).toThrow(DataError);
    expect(() => readTree("test", text, arrays)).toThrow(message);
  });
});
