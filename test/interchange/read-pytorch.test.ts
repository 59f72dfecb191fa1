import { describe, expect, test } from "vitest";
import { DataError, FileError, nn, type Tensor } from "../../lib/index.js";
import { type PyTorchValue, readPyTorch } from "../../lib/interchange/index.js";
import { readFlat } from "../../lib/interchange/pytorch/flat.js";
import { bytesOf, pathOf } from "./files.js";

type Values = Record<string, PyTorchValue>;
type Tensors = Record<string, Tensor>;

const FORMS = [["zip", "values.pt"] as const, ["older", "values-older.pth"] as const];

const nameless = (entries: object): object => Object.assign(Object.create(null), entries);
const refusal = async (name: string): Promise<DataError> => {
  const error = await readPyTorch(pathOf(name)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};

describe.each(FORMS)("a file of the %s form", (_, name) => {
  const read = () => readPyTorch<Record<string, Values>>(bytesOf(name));

  test("has tensors of every dtype", async () => {
    const dtypes = (await read())["dtypes"] as Tensors;
    expect(Object.keys(dtypes)).toHaveLength(9);
    for (const [dtype, tensor] of Object.entries(dtypes)) {
      const float = dtype === "float64" ? "float64" : "float32";
      expect(tensor.dtype, dtype).toBe(/float/.test(dtype) ? float : "int32");
      expect(tensor.toArray(), dtype).toEqual([0, 1, 2, 127]);
    }
    const bool = (await read())["bool"] as unknown as Tensor;
    expect(bool.toArray()).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test("has views with their offsets and strides", async () => {
    const views = (await read())["views"] as Tensors;
    const at = (i: number, j: number, k: number) => 12 * i + 4 * j + k;
    const grid = (I: number[], J: number[], K: number[], of: (i: number, j: number, k: number) => number) =>
      I.map((i) => J.map((j) => K.map((k) => of(i, j, k))));
    const all = [0, 1, 2, 3];
    const expected = {
      whole: grid([0, 1], [0, 1, 2], all, at),
      offset: grid([1], [0, 1, 2], all, at)[0],
      strided: grid([0, 1], [0, 2], [1, 2], at),
      transposed: grid(all, [0, 1, 2], [0, 1], (k, j, i) => at(i, j, k)),
      expanded: [
        [3, 3, 3],
        [4, 4, 4],
      ],
      scalar: 7.5,
      empty: [[], []],
    };
    const found = Object.fromEntries(Object.entries(views).map(([key, tensor]) => [key, tensor.toArray()]));
    expect(found).toEqual(expected);
    expect(views["empty"]?.shape).toEqual([2, 0, 3]);
  });

  test("keeps tied parameters tied, and other views apart", async () => {
    const { tied, views } = await read();
    const { a, b } = tied as Tensors;
    expect(a?.toArray()).toEqual([
      [1.5, -2],
      [0.25, 8],
    ]);
    expect(a?.requiresGrad && b?.requiresGrad).toBe(true);
    (a as Tensor).data[0] = 5;
    expect(b?.data[0]).toBe(5);
    const { whole, offset } = views as Tensors;
    (whole as Tensor).data.fill(-1);
    expect(offset?.data[0]).toBe(12);
  });

  test("has a state dict that a model takes as it is", async () => {
    const { module } = await read();
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.BatchNorm1d(1));
    model.loadStateDict(module as Tensors);
    const { "0.weight": weight } = model.stateDict();
    expect(weight?.toArray()).toEqual((module as Tensors)["0.weight"]?.toArray());
  });

  test("has plain values", async () => {
    const { plain } = await read();
    expect(plain).toEqual(
      nameless({
        int: 3,
        big: 2n ** 70n,
        negative: -(2 ** 40),
        float: 0.1,
        infinite: Number.NEGATIVE_INFINITY,
        none: null,
        true: true,
        text: "η ↦ 𝛼",
        bytes: Uint8Array.of(0, 255),
        list: [1, [2, 3]],
        tuple: [1, "a", [2.5]],
        set: new Set([1, 2]),
        size: [2, 3],
        device: "cuda:1",
        dtype: "torch.bfloat16",
        counter: nameless({ 2: 2, 7: 1 }),
        ordered: nameless({ z: 1, a: 2 }),
        ["__proto__"]: "harmless",
        "tuple keys": new Map<unknown, unknown>([
          [[1, 2], "a"],
          [null, "b"],
        ]),
      }),
    );
    expect(Object.hasOwn(plain as object, "__proto__")).toBe(true);
    expect(Object.keys(plain?.["ordered"] as object)).toEqual(["z", "a"]);
  });
});

describe("a file that holds what is refused", () => {
  test.each([
    ["module.pt", /"torch\.nn\.modules\.linear\.Linear" is refused: .*torch\.save\(model\.state_dict\(\)/],
    [
      "module-older.pth",
      /"torch\.nn\.modules\.linear\.Linear" is refused: .*torch\.save\(model\.state_dict\(\)/,
    ],
    ["complex.pt", /"torch\.ComplexFloatStorage" is refused: complex numbers/],
    ["quantized.pt", /"torch\..*" is refused: quantized/],
    ["sparse.pt", /"torch\._utils\._rebuild_sparse_tensor" is refused: sparse tensors/],
  ])("%s is refused by name", async (name, message) => {
    expect((await refusal(name)).message).toMatch(message);
  });
});

test.each(FORMS)("a file of the %s form is listed with its arrays as they are stored", (_, name) => {
  const { arrays, values } = readFlat("test", bytesOf(name));
  expect(arrays.get("dtypes.bfloat16")?.dtype).toBe("bfloat16");
  expect(arrays.get("tied.b")).toEqual(arrays.get("tied.a"));
  expect(arrays.get("tied.b")?.shape).toEqual([2, 2]);
  expect(values.get("plain.tuple.1")).toBe("a");
  expect(values.get("plain.bytes")).toBe("2 bytes");
});

test("types of elements without a class of storages are read", async () => {
  const { u } = await readPyTorch(pathOf("uint16.pt"));
  expect(u?.toArray()).toEqual([1, 65535]);
});

test("a file that is not there is a FileError", async () => {
  await expect(readPyTorch(pathOf("nothing.pt"))).rejects.toThrow(FileError);
});
