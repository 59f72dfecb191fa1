import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openZip } from "../../lib/formats/zip.js";
import { ArgumentError, FileError, nn, optim, type Tensor, tensor } from "../../lib/index.js";
import { encodePyTorch, readPyTorch, type Tensors, writePyTorch } from "../../lib/interchange/index.js";
import { readFlat } from "../../lib/interchange/pytorch/flat.js";
import { pythonWith, runScript } from "../python.js";
import { withFolder } from "./files.js";

const read = <T>(value: unknown): Promise<T> => readPyTorch<T>(encodePyTorch(value));

describe("what was written is read again", () => {
  test.each([
    [
      "whole numbers",
      [0, 1, -1, 127, -128, 128, 255, 65536, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 53) + 1],
    ],
    ["other numbers", [0.1, -1.5, 1e300, 2 ** 60, Number.POSITIVE_INFINITY, Number.NaN, -0]],
    ["large integers", [2n ** 64n, -(2n ** 64n), 2n ** 2000n, -(2n ** 71n), 255n ** 9n]],
    ["text", ["", "a", "η ↦ 𝛼", "a\nb\0c", "x".repeat(300)]],
    ["truths and nothing", [true, false, null]],
    ["nested lists", [[], [[1], [2, [3]]]]],
    ["bytes", [Uint8Array.of(), Uint8Array.of(0, 127, 128, 255)]],
    ["sets", [new Set([1, "a"]), new Set()]],
    ["maps", [new Map<unknown, unknown>([[null, 1]])]],
  ])("%s", async (_, values) => {
    expect(await read(values)).toEqual(values);
  });

  test("integers that a number holds are numbers", async () => {
    expect(await read([5n, 2n ** 53n - 1n])).toEqual([5, 2 ** 53 - 1]);
  });

  test("names, __proto__ among them", async () => {
    const value = JSON.parse('{ "__proto__": 1, "constructor": { "toString": 2 }, "": 3 }') as object;
    const found = await read<Record<string, unknown>>(value);
    expect(Object.keys(found)).toEqual(["__proto__", "constructor", ""]);
    expect(Reflect.get(found, "__proto__")).toBe(1);
  });

  test("tensors of every dtype, with requiresGrad", async () => {
    const tensors = {
      float32: tensor([[0.1, -2]], { requiresGrad: true }),
      float64: tensor([0.1, 1e-300], { dtype: "float64" }),
      int32: tensor([-(2 ** 31), 7], { dtype: "int32" }),
      bool: tensor([true, false]),
      scalar: tensor(3),
      empty: tensor([], { shape: [0, 3] }),
    };
    const found = await read<Tensors>(tensors);
    for (const [name, expected] of Object.entries(tensors)) {
      expect(found[name]?.dtype, name).toBe(expected.dtype);
      expect(found[name]?.shape, name).toEqual(expected.shape);
      expect(found[name]?.data, name).toEqual(expected.data);
      expect(found[name]?.requiresGrad, name).toBe(expected.requiresGrad);
    }
  });
});

test.each(["float16", "bfloat16", "float64"] as const)("floats are stored as %s if asked", async (dtype) => {
  const w = tensor([0.5, 1 / 3]);
  const bytes = encodePyTorch({ w, n: tensor([7], { dtype: "int32" }), same: w }, { dtype });
  const { arrays } = readFlat("test", bytes);
  expect(Array.from(arrays.values(), (array) => array.dtype)).toEqual([dtype, "int32", dtype]);
  const { w: found } = await readPyTorch(bytes);
  expect(found?.data[0]).toBe(0.5);
  expect(found?.data[1]).toBeCloseTo(1 / 3, dtype === "bfloat16" ? 2 : 3);
});

test("a number that is too large for the type is refused with its place", () => {
  expect(() => encodePyTorch({ model: { w: tensor([70_000]) } }, { dtype: "float16" })).toThrow(
    "encodePyTorch: model.w: 70000 at position 0",
  );
});

class Tied extends nn.Module {
  readonly encoder = new nn.Linear(2, 2);
  readonly decoder = new nn.Linear(2, 2);
  readonly norm = new nn.BatchNorm1d(2);

  constructor() {
    super();
    Object.assign(this.decoder, { weight: this.encoder.weight });
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.decoder.forward(this.encoder.forward(x)));
  }
}

describe("models, optimizers and schedules", () => {
  test("a model is its state dict, with a tied weight by each of its names", async () => {
    const model = new Tied();
    const state = await read<Tensors>(model);
    expect(Object.keys(state)).toEqual([
      ...["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"],
      ...["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
    ]);
    expect(state["decoder.weight"]?.storage).toBe(state["encoder.weight"]?.storage);
    expect(state["encoder.weight"]?.requiresGrad).toBe(false);
    const other = new Tied();
    other.loadStateDict(state);
    expect(other.decoder.weight.toArray()).toEqual(model.encoder.weight.toArray());
  });

  test("an optimizer's state dict is written as the optimizer is", () => {
    const model = new nn.Linear(2, 1);
    const optimizer = new optim.Adam(model.parameters());
    model.forward(tensor([[1, 2]])).backward();
    optimizer.step();
    expect(encodePyTorch(optimizer.stateDict())).toEqual(encodePyTorch(optimizer));
  });

  test.each<[string, (schedule: optim.OneCycleLR) => unknown]>([
    ["an object", (schedule) => ({ run: { schedule } })],
    ["a list", (schedule) => [[[schedule]]]],
    ["a Map", (schedule) => new Map([["a", new Map([["b", schedule]])]])],
    ["a Set", (schedule) => [new Set([schedule])]],
    ["a schedule of schedules", (schedule) => [new optim.ChainedScheduler([schedule])]],
  ])("a one-cycle schedule within %s has its rates in the optimizer's groups", async (_, within) => {
    const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1, momentum: 0.9 });
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 10 });
    const value = { deep: { optimizer }, other: within(schedule) };
    const { deep } = await read<{ deep: { optimizer: { param_groups: Record<string, unknown>[] } } }>(value);
    expect(deep.optimizer.param_groups[0]).toMatchObject({ max_lr: 0.5, initial_lr: 0.02 });
  });

  test("tensors begin at multiples of 64 bytes, for files that are mapped", () => {
    const bytes = encodePyTorch(new Tied());
    const data = [...openZip("test", bytes).values()].filter(({ name }) => name.includes("/data/"));
    expect(data).toHaveLength(8);
    for (const { read: contents } of data) expect(contents().byteOffset % 64).toBe(0);
  });

  test("one value gives the same bytes again", () => {
    const value = { model: new nn.Linear(2, 1), list: [1, 2] };
    expect(encodePyTorch(value)).toEqual(encodePyTorch(value));
  });
});

describe("a value is refused, with its place", () => {
  const loop: unknown[] = [];
  loop.push({ loop });
  let deep: unknown = 1;
  for (let i = 0; i < 1000; i++) deep = [deep];
  test.each([
    ["a function", { a: { f: () => 1 } }, "expected a.f to be a tensor,"],
    ["undefined", [1, undefined], "expected [1] to be a tensor,"],
    ["a symbol", Symbol("s"), "expected the value to be a tensor,"],
    [
      "another class",
      { when: new Date(0) },
      "expected when to be a tensor, a model, an optimizer, a schedule or a plain value, got a Date",
    ],
    ["another typed array", new Float32Array(2), "expected the value to be a tensor,"],
    ["what contains itself", loop, "[0].loop contains itself"],
    ["what is nested deep", deep, "is nested more than 500 deep"],
    ["half of a surrogate pair", { a: ["\ud800"] }, 'a[0]: "\\ud800" has half of a surrogate pair'],
    ["half of one in a key", new Map([["a\udfff", 1]]), 'a key of the value: "a\\udfff" has half of a'],
    ["an integer of many digits", 2n ** 3000n, "an integer of 376 bytes"],
  ])("%s", (_, value, message) => {
    expect(() => encodePyTorch(value)).toThrow(ArgumentError);
    expect(() => encodePyTorch(value)).toThrow(message);
  });
});

test("a file is left as it was where the new one cannot be written", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "run.pt");
    writeFileSync(path, "before");
    await expect(writePyTorch(path, { f: () => 1 })).rejects.toThrow(ArgumentError);
    expect(readFileSync(path, "utf8")).toBe("before");
    await expect(writePyTorch(join(folder, "no", "run.pt"), {})).rejects.toThrow(FileError);
  });
});

test("the values are those of the time of the call", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "run.pt");
    const w = tensor([1, 2]);
    const written = writePyTorch(path, { w });
    w.data.fill(7);
    await written;
    expect((await readPyTorch(path))["w"]?.toArray()).toEqual([1, 2]);
  });
});

const python = pythonWith("torch");

test.skipIf(python === undefined)(
  "PyTorch reads it, into memory and mapped, and has the same values",
  async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "all.pt");
      const w = new nn.Parameter(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      );
      await writePyTorch(path, {
        tied: [w, w],
        frozen: new nn.Parameter(tensor([1]), false),
        d: tensor([0.1], { dtype: "float64" }),
        i: tensor([-7], { dtype: "int32" }),
        b: tensor([true, false]),
        s: tensor(3),
        plain: [
          1,
          -(2 ** 40),
          2n ** 70n,
          0.5,
          "η",
          null,
          true,
          Uint8Array.of(0, 255),
          new Set([1]),
          new Map([[1, 2]]),
        ],
      });
      const { value, shares } = JSON.parse(runScript(python as string, "interchange_read.py", [path])) as {
        value: { dict: [unknown, unknown][] };
        shares: boolean;
      };
      expect(shares).toBe(true);
      const str = (text: string) => ({ str: text });
      const int = (text: string) => ({ int: text });
      const parameter = ["Parameter", "torch.float32", [2, 2], true, [1, 2, 3, 4]];
      expect(value.dict).toEqual([
        [str("tied"), { list: [parameter, parameter] }],
        [str("frozen"), ["Parameter", "torch.float32", [1], false, [1]]],
        [str("d"), ["Tensor", "torch.float64", [1], false, [0.1]]],
        [str("i"), ["Tensor", "torch.int32", [1], false, [-7]]],
        [str("b"), ["Tensor", "torch.bool", [2], false, [true, false]]],
        [str("s"), ["Tensor", "torch.float32", [], false, [3]]],
        [
          str("plain"),
          {
            list: [
              int("1"),
              int(String(-(2 ** 40))),
              int(String(2n ** 70n)),
              { float: "0.5" },
              str("η"),
              { NoneType: "None" },
              { bool: "True" },
              { bytes: [0, 255] },
              { set: [int("1")] },
              { dict: [[int("1"), int("2")]] },
            ],
          },
        ],
      ]);
    });
  },
);
