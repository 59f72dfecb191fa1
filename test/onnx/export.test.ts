import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  arange,
  cost,
  FileError,
  fit,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { exportOnnx } from "../../lib/onnx/index.js";
import { decodeModel } from "../../lib/onnx/proto.js";
import type { GraphProto } from "../../lib/onnx/schema.js";
import { fromTensorProto } from "../../lib/onnx/tensor-proto.js";
import { expectSame } from "../oracle/compare.js";
import { FORWARDS } from "./forwards.js";
import { OnnxModel, runOnnx, testInRuntime } from "./session.js";
import { TOLERANCE } from "./tolerance.js";
import { Wrapped } from "./wrapped.js";

const graphOf = (bytes: Uint8Array): GraphProto => decodeModel("test", bytes).graph as GraphProto;
const operatorsOf = (bytes: Uint8Array): (string | undefined)[] =>
  graphOf(bytes).node.map(({ op_type }) => op_type);

/** The sizes of a value as the file has them. */
const sizesOf = ({ type }: GraphProto["input"][number]): (string | number)[] =>
  (type?.tensor_type?.shape?.dim ?? []).map(({ dim_param, dim_value }) => dim_param ?? Number(dim_value));

describe("any batch size", () => {
  testInRuntime.each(Object.entries(FORWARDS))("%s", async (_, { run, shape, batches = [1, 2, 7] }) => {
    manualSeed(1);
    const model = new Wrapped((x) => run(x as Tensor));
    const exported = await OnnxModel.load(exportOnnx(model, zeros([...shape])));
    for (const batch of batches) {
      const x = randn([batch, ...shape.slice(1)]);
      const y = (await exported.run([x])).get("output");
      expectSame(y, model.forward(x), `batch ${batch}`, TOLERANCE.float32);
    }
    await exported.release();
  });

  test("the batch axis has a name, and so has what is computed from it", () => {
    const { input, output } = graphOf(
      exportOnnx(new Wrapped((x) => ops.reshape(x as Tensor, [-1, 2])), zeros([1, 6])),
    );
    expect(input.map(sizesOf)).toEqual([["batch", 6]]);
    expect(output.map(sizesOf)).toEqual([["3*batch", 2]]);
  });

  testInRuntime("some inputs have a batch axis, others have none", async () => {
    const model = new Wrapped((x, w) => ops.matmul(x as Tensor, w as Tensor));
    const samples = [zeros([2, 3]), zeros([3, 4])];
    expect(() => exportOnnx(model, samples)).toThrow(ShapeError);
    const options = { inputNames: ["x", "w"], dynamicBatch: ["x"] };
    const bytes = exportOnnx(model, samples, options);
    expect(graphOf(bytes).input.map(sizesOf)).toEqual([
      ["batch", 3],
      [3, 4],
    ]);
    const [x, w] = [randn([5, 3]), randn([3, 4])];
    const y = (await runOnnx(bytes, [x, w])).get("output");
    expectSame(y, model.forward(x, w), "y", TOLERANCE.float32);
  });

  testInRuntime("two inputs have one batch", async () => {
    const cell = new nn.GRUCell(3, 4);
    const bytes = exportOnnx(cell, [zeros([1, 3]), zeros([1, 4])], {
      inputNames: ["x", "h"],
      outputNames: ["next"],
    });
    const [x, h] = [randn([7, 3]), randn([7, 4])];
    expectSame((await runOnnx(bytes, [x, h])).get("next"), cell.forward(x, h), "h", TOLERANCE.float32);
  });

  test("says that a model takes the samples, but no other batch", () => {
    const model = new Wrapped((x) => ops.reshape(x as Tensor, [2, 6]));
    expect(() => exportOnnx(model, zeros([2, 6]))).toThrow(ShapeError);
    expect(() => exportOnnx(model, zeros([2, 6]))).toThrow(
      /forward with a batch of 62; set dynamicBatch to false/,
    );
    expect(() => exportOnnx(model, zeros([2, 5]))).toThrow(
      /^reshape: \[2, 5\] has 10 elements and does not fit \[2, 6\]$/,
    );
  });

  test("refuses whole numbers that divide the batch", () => {
    const model = new Wrapped((x) => ops.mul(x as Tensor, (x?.shape[0] as number) / 2));
    expect(() => exportOnnx(model, zeros([2, 3], { dtype: "int32" }))).toThrow(
      /mul, called .*: its numbers depend on the batch size/,
    );
  });

  test.each([
    [
      "operators that depend on it",
      (x: Tensor) => ((x.shape[0] as number) > 65 ? ops.exp(x) : ops.sin(x)),
      /(exp|sin), called .*export\.test\.ts:\d+:\d+\)?: it is another operator for a batch of/,
    ],
    [
      "numbers that depend on it",
      (x: Tensor) => ops.add(x, (x.shape[0] as number) ** 2),
      /add, called .*export\.test\.ts:\d+:\d+\)?: its numbers depend on the batch size/,
    ],
  ])("refuses %s, with the line", (_, run, message) => {
    const model = new Wrapped((x) => run(x as Tensor));
    expect(() => exportOnnx(model, zeros([1, 3]))).toThrow(message);
    expect(operatorsOf(exportOnnx(model, zeros([1, 3]), { dynamicBatch: false }))).toHaveLength(1);
  });

  test.each<[string, (x: Tensor, batch: number) => unknown, number, string]>([
    ["each second sample", (x) => ops.slice(x, 0, { step: 2 }), 2, "slice, called .*batch of 1, 3"],
    [
      "half of them, rounded up",
      (x, batch) => ops.slice(x, 0, { end: Math.ceil(batch / 2) }),
      2,
      "slice, called .*batch of 1, 3",
    ],
    ["half of a number, rounded down", (x, batch) => ops.mul(x, Math.floor(batch / 2)), 2, "mul, .* of 1, 3"],
    ["odd batches", (x, batch) => (batch % 2 === 0 ? ops.exp(x) : ops.sin(x)), 2, "exp, .* of 1, 3"],
    ["an axis that only one sample lacks", (x) => x.squeeze(), 1, "the model's result: .*batch of 1;"],
    ["a number with a limit", (x, batch) => ops.mul(x, Math.min(batch, 10)), 1, "mul, .* of 1, 2, 3"],
    ["small batches", (x, batch) => (batch > 5 ? ops.exp(x) : ops.sin(x)), 1, "exp, .* of 1, 2, 3"],
    ["the samples' own", (x, batch) => (batch === 40 ? ops.exp(x) : ops.sin(x)), 40, "sin, .* of 40;"],
    ["one more", (x, batch) => (batch === 41 ? ops.exp(x) : ops.sin(x)), 40, "sin, .* of 41;"],
    ["another number of results", (x, batch) => (batch === 1 ? [x, x] : [x]), 1, "result: .* of 1;"],
    [
      "another dtype",
      (x, batch) => (batch === 1 ? ops.to(x, "float64") : ops.sin(x)),
      1,
      "(sin|to), .* of 1;",
    ],
  ])("refuses what is otherwise for some batches: %s", (_, run, own, message) => {
    const model = new Wrapped((x) => run(x as Tensor, (x as Tensor).shape[0] as number));
    const exported = () => exportOnnx(model, zeros([own, 3]));
    expect(exported).toThrow(ArgumentError);
    expect(exported).toThrow(new RegExp(`${message}.* export it with dynamicBatch: false`));
    expect(() => exportOnnx(model, zeros([own, 3]), { dynamicBatch: false })).not.toThrow();
  });

  test("takes no notice of batches that the model does not take", () => {
    const model = new Wrapped((x) => {
      if ((x?.shape[0] as number) < 4) throw new Error("a batch of at least 4");
      return ops.sin(x as Tensor);
    });
    expect(operatorsOf(exportOnnx(model, zeros([4, 3])))).toEqual(["Sin"]);
  });

  test("has no size for an axis that small batches make shorter", () => {
    const model = new Wrapped((x) => ops.slice(x as Tensor, 0, { end: 5 }));
    const { output } = graphOf(exportOnnx(model, zeros([1, 3])));
    expect(output.map(sizesOf)).toEqual([["unknown_5", 3]]);
  });
});

describe("the graph", () => {
  class Net extends nn.Module {
    body = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3), new nn.ReLU(), new nn.Dropout(0.5));
    norm = new nn.LayerNorm(3);
    head = new nn.Linear(3, 2, { bias: false });
    override forward(x: Tensor): Tensor {
      return ops.softmax(this.head.forward(this.norm.forward(ops.tanh(this.body.forward(x)))));
    }
  }

  test("reads as the model does: a node for each layer, named by its module", () => {
    const { node, name } = graphOf(exportOnnx(new Net(), zeros([1, 4])));
    expect(name).toBe("Net");
    expect(node.map((one) => `${one.name}: ${one.op_type}`)).toEqual([
      "body.0/Gemm: Gemm",
      "body.1/BatchNormalization: BatchNormalization",
      "body.2/Relu: Relu",
      "Tanh: Tanh",
      "norm/LayerNormalization: LayerNormalization",
      "head/Gemm: Gemm",
      "Softmax: Softmax",
    ]);
  });

  test("has the state by the names of the state dict, and its values", () => {
    const model = new Net();
    const { initializer } = graphOf(exportOnnx(model, zeros([1, 4])));
    const state = model.stateDict();
    const { [`body.1.num_batches_tracked`]: _, ...used } = state;
    expect(initializer.map(({ name }) => name).sort()).toEqual(Object.keys(used).sort());
    for (const proto of initializer) {
      const own = state[proto.name as string] as Tensor;
      const { dtype, shape, bytes } = fromTensorProto("test", proto);
      expect({ dtype, shape }).toEqual({ dtype: own.dtype, shape: own.shape });
      expect([...new Float32Array(bytes.slice().buffer)]).toEqual([...own.data]);
    }
  });

  test("has what depends on constants alone as one constant", () => {
    const model = new Wrapped((x) => ops.mul(x as Tensor, ops.exp(ops.add(arange(3), 1))));
    const { node, initializer } = graphOf(exportOnnx(model, zeros([1, 3])));
    expect(node.map(({ op_type }) => op_type)).toEqual(["Mul"]);
    const [proto] = initializer;
    if (proto === undefined) throw new Error("no constant");
    const { shape, bytes } = fromTensorProto("test", proto);
    expect(shape).toEqual([3]);
    expect([...new Float32Array(bytes.slice().buffer)]).toEqual([...ops.exp(ops.add(arange(3), 1)).data]);
  });

  test("has a shared layer's weights once", () => {
    const shared = new nn.Linear(3, 3);
    const { node, initializer } = graphOf(exportOnnx(new nn.Sequential(shared, shared), zeros([1, 3])));
    expect(node.map(({ op_type }) => op_type)).toEqual(["Gemm", "Gemm"]);
    expect(initializer.map(({ name }) => name)).toEqual(["0.weight", "0.bias"]);
  });

  testInRuntime("has one reshape between layers that see rows", async () => {
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Linear(3, 2));
    const bytes = exportOnnx(model, zeros([1, 5, 4]));
    expect(operatorsOf(bytes)).toEqual(["Reshape", "Gemm", "Gemm", "Reshape"]);
    const x = randn([7, 5, 4]);
    expectSame((await runOnnx(bytes, [x])).get("output"), model.forward(x), "y", TOLERANCE.float32);
  });

  test("leaves out what no result needs", () => {
    const model = new Wrapped((x) => {
      ops.exp(x as Tensor);
      return ops.sin(x as Tensor);
    });
    expect(operatorsOf(exportOnnx(model, zeros([1, 3])))).toEqual(["Sin"]);
  });

  test("has a subclass of a known layer as what its forward does", () => {
    class Doubled extends nn.LayerNorm {
      override forward(x: Tensor): Tensor {
        return ops.mul(x, 2);
      }
    }
    expect(operatorsOf(exportOnnx(new Doubled(3), zeros([1, 3])))).toEqual(["Mul"]);
  });

  test("has what a hook does", () => {
    const model = new nn.LayerNorm(3);
    model.registerForwardHook((_, __, y) => ops.exp(y));
    expect(operatorsOf(exportOnnx(model, zeros([1, 3])))).toContain("Exp");
  });

  testInRuntime("gives one value under two names", async () => {
    const model = new Wrapped((x) => {
      const y = ops.exp(x as Tensor);
      return { first: y, second: y };
    });
    const x = randn([3, 2]);
    const results = await runOnnx(exportOnnx(model, zeros([1, 2])), [x]);
    for (const name of ["first", "second"])
      expectSame(results.get(name), ops.exp(x), name, TOLERANCE.float32);
  });

  testInRuntime("gives an input or a parameter itself as a result", async () => {
    const weight = new nn.Linear(2, 2).weight;
    const model = new Wrapped((x) => ({ x: x as Tensor, weight, twice: weight }) as never);
    const x = randn([3, 2]);
    const results = await runOnnx(exportOnnx(model, zeros([1, 2]), { inputNames: ["given"] }), [x]);
    expectSame(results.get("x"), x);
    expectSame(results.get("weight"), weight);
    expectSame(results.get("twice"), weight);
  });
});

describe("a user's op", () => {
  const ofX = (name: string, kernel: string, params: number[], shape: number[]) =>
    ops.defineOp<"x">(name, {
      inputs: ["x"],
      kernel,
      shape: ({ x }) => ({ shape, dtype: x.dtype }),
      params: () => params,
    });
  const exported = (op: ReturnType<typeof ofX>, sample: Tensor) => {
    const model = new Wrapped((x) => op([x as Tensor], {}));
    return { model, write: () => exportOnnx(model, sample, { dynamicBatch: false }) };
  };

  testInRuntime("is known by its instruction, whatever its name", async () => {
    const x = randn([2, 3]);
    const { model, write } = exported(ofX("permute", "exp", [1, 6, 1], [2, 3]), x);
    expect(operatorsOf(write())).toEqual(["Exp"]);
    expectSame((await runOnnx(write(), [x])).get("output"), model.forward(x), "y", TOLERANCE.float32);
  });

  testInRuntime("may copy elements in any order", async () => {
    // The first row backwards, then the second diagonal from the left.
    const x = randn([3, 3]);
    const { model, write } = exported(ofX("corner", "strided", [2, 2, 3, 2, -1, 2], [2, 3]), x);
    expectSame((await runOnnx(write(), [x])).get("output"), model.forward(x));
  });

  testInRuntime("may multiply and activate in one", async () => {
    const op = ops.defineOp<"a" | "b">("layer", {
      inputs: ["a", "b"],
      kernel: "matmul",
      shape: ({ a }) => ({ shape: [2, 2], dtype: a.dtype }),
      params: () => [2, 2, 3, 0, 0, 1, 0, 2, 0],
      buffers: ([a, b], y) => [a as Tensor, b as Tensor, null, null, y],
    });
    const model = new Wrapped((a, b) => op([a as Tensor, b as Tensor], {}));
    const inputs = [randn([2, 3]), randn([3, 2])];
    const bytes = exportOnnx(model, inputs, { dynamicBatch: false });
    expect(operatorsOf(bytes)).toEqual(["MatMul", "Tanh"]);
    expectSame(
      (await runOnnx(bytes, inputs)).get("output"),
      model.forward(...inputs),
      "y",
      TOLERANCE.float32,
    );
  });

  test("that reads its input by strides of its own is refused", () => {
    const message = /(transposed|reshaped), called .*: its parameters are not those of the library's ops/;
    const transposed = ofX("transposed", "exp", [2, 3, 2, 1, 0], [3, 2]);
    expect(exported(transposed, zeros([3, 2])).write).toThrow(message);
    const reshaped = ofX("reshaped", "exp", [1, 6, 1], [2, 3]);
    expect(exported(reshaped, zeros([6])).write).toThrow(message);
  });
});

describe("names and options", () => {
  const two = new Wrapped((x) => [ops.exp(x as Tensor), ops.sin(x as Tensor)]);

  test("results have numbers, the names that forward gives, or those of the options", () => {
    const named = new Wrapped((x) => ({ mean: x as Tensor, scale: ops.exp(x as Tensor) }));
    const names = (model: nn.Module, options = {}) =>
      graphOf(exportOnnx(model, zeros([1, 2]), options)).output.map(({ name }) => name);
    expect(names(two)).toEqual(["output_0", "output_1"]);
    expect(names(named)).toEqual(["mean", "scale"]);
    expect(names(named, { outputNames: ["a", "b"] })).toEqual(["a", "b"]);
  });

  test("a name from forward with half of a surrogate pair is refused", () => {
    const model = new Wrapped((x) => ({ "\ud800": x as Tensor }));
    expect(() => exportOnnx(model, zeros([1, 2]))).toThrow(/the name "\\ud800" has half of a surrogate pair/);
  });

  test("a file is written whole, and has the bytes that are returned", () => {
    const path = join(folder, "model.onnx");
    const bytes = exportOnnx(new nn.Linear(2, 2), zeros([1, 2]), { path, metadata: { author: "Ada" } });
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
    expect(readdirSync(folder)).toEqual(["model.onnx"]);
    const { metadata_props, producer_name } = decodeModel("test", bytes);
    expect(metadata_props).toEqual([{ key: "author", value: "Ada" }]);
    expect(producer_name).toBe("thalweg");
    const nowhere = join(folder, "no", "model.onnx");
    expect(() => exportOnnx(new nn.Linear(2, 2), zeros([1, 2]), { path: nowhere })).toThrow(FileError);
  });

  // Operators whose definition some opset changed, and those that are there from some opset on.
  const layers: readonly nn.Module[] = [
    ...[new nn.LeakyReLU(), new nn.ELU(), new nn.CELU(), new nn.SELU(), new nn.GELU(), new nn.Mish()],
    ...[new nn.Softplus(), new nn.Softsign(), new nn.Hardsigmoid(), new nn.Hardswish(), new nn.PReLU()],
    ...[
      new nn.Softshrink(),
      new nn.Hardshrink(),
      new nn.Threshold(0.1, 0),
      new nn.Hardtanh(),
      new nn.ReLU6(),
    ],
    ...[new nn.Softmax(), new nn.LogSoftmax(), new nn.LayerNorm(3), new nn.BatchNorm1d(3), new nn.RMSNorm(3)],
    ...[new nn.GELU({ approximate: "tanh" }), new nn.GroupNorm(1, 3), new nn.PReLU({ numParameters: 3 })],
  ];

  testInRuntime.each([17, 18, 19, 20, 21, 22, 23])("opset %i", async (opset) => {
    const list = new nn.ModuleList(layers);
    const model = new Wrapped((x) => {
      const y = x as Tensor;
      const parts = [ops.amax(y, { dim: 1 }), ops.sum(y, { dim: [0, 1] }), ops.prod(y, { dim: 1 })];
      const ofOps = [
        ops.softmax(ops.cumsum(y, 1)),
        ops.sort(y).values,
        ops.any(ops.greater(y, 1), { dim: 1 }),
      ];
      return [...parts, ...ofOps, ...layers.map((layer) => layer.forward(y))];
    }, list);
    model.eval();
    const bytes = exportOnnx(model, zeros([1, 3]), { opset });
    expect(decodeModel("test", bytes).opset_import).toEqual([{ domain: "", version: BigInt(opset) }]);
    const x = randn([7, 3]);
    const results = [...(await runOnnx(bytes, [x])).values()];
    (model.forward(x) as unknown as Tensor[]).forEach((y, i) => {
      expectSame(results[i], y, `result ${i}`, TOLERANCE.float32);
    });
  });

  test.each([
    ["no module", [{ forward: () => 0 }, zeros([1])], ArgumentError, /expected model to be a Module/],
    ["no samples", [two, []], ArgumentError, /expected samples to be tensors, got an array of 0/],
    ["a sample that is none", [two, [3]], ArgumentError, /sample 0/],
    ["an old opset", [two, zeros([1]), { opset: 16 }], ArgumentError, /opset/],
    ["an opset to come", [two, zeros([1]), { opset: 99 }], ArgumentError, /opset/],
    ["a misspelt option", [two, zeros([1]), { opsets: 17 }], OptionError, /did you mean "opset"/],
    [
      "too few names",
      [two, zeros([1]), { inputNames: [] }],
      ArgumentError,
      /inputNames to be 1 different names/,
    ],
    ["a name twice", [two, zeros([1]), { outputNames: ["y", "y"] }], ArgumentError, /outputNames/],
    [
      "names of other results",
      [two, zeros([1]), { outputNames: ["y"] }],
      ArgumentError,
      /outputNames for 2 results/,
    ],
    ["a name of both", [two, zeros([1]), { outputNames: ["input", "y"] }], ArgumentError, /that differ/],
    [
      "an unknown input",
      [two, zeros([1]), { dynamicBatch: ["x"] }],
      ArgumentError,
      /no input "x"; there are input/,
    ],
    ["a path that is none", [two, zeros([1]), { path: 3 }], ArgumentError, /path/],
    ["metadata that are no texts", [two, zeros([1]), { metadata: { a: 1 } }], ArgumentError, /metadata/],
    [
      "half of a surrogate pair in metadata",
      [two, zeros([1]), { metadata: { a: "\ud800" } }],
      ArgumentError,
      /metadata: "a" has half of a surrogate pair/,
    ],
    [
      "half of one in the name of metadata",
      [two, zeros([1]), { metadata: { "\udfff": "" } }],
      ArgumentError,
      /metadata: "\\udfff" has half of a surrogate pair/,
    ],
    [
      "half of one in the name of an input",
      [two, zeros([1]), { inputNames: ["\ud800"] }],
      ArgumentError,
      /inputNames: "\\ud800" has half of a surrogate pair/,
    ],
    [
      "half of one in the name of a result",
      [two, zeros([1]), { outputNames: ["y", "\ud800"] }],
      ArgumentError,
      /outputNames: "\\ud800" has half of a surrogate pair/,
    ],
  ])("refuses %s", (_, args, kind, message) => {
    const call = exportOnnx as (...args: unknown[]) => Uint8Array;
    expect(() => call(...args)).toThrow(kind);
    expect(() => call(...args)).toThrow(message);
  });

  const folder = mkdtempSync(join(tmpdir(), "thalweg-onnx-"));
  afterAll(() => rmSync(folder, { recursive: true }));
});

describe("what cannot be exported", () => {
  test("is named all at once, each with its module and its line", () => {
    class Density extends nn.Module {
      override forward(x: Tensor): Tensor {
        return ops.lgamma(x);
      }
    }
    class Net extends nn.Module {
      density = new Density();
      override forward(x: Tensor): Tensor {
        return ops.add(ops.digamma(this.density.forward(x)), ops.erfinv(x));
      }
    }
    const line = String.raw`called at \w+\.forward \(.*export\.test\.ts:\d+:\d+\): ONNX has no such operator`;
    expect(() => exportOnnx(new Net(), zeros([1, 3]))).toThrow(
      new RegExp(
        `3 ops of the model cannot be exported:\\n  lgamma in density, ${line}\\n  digamma, ${line}\\n  erfinv, ${line}$`,
      ),
    );
  });

  test.each([
    ["random numbers", () => ops.add(randn([1, 3]), zeros([1, 3])), /it draws random numbers/],
    ["a derivative", (x: Tensor) => ops.crossEntropy(x, tensor([0], { dtype: "int32" })), null],
  ])("%s", (_, run, message) => {
    const exported = () =>
      exportOnnx(new Wrapped((x) => run(x as Tensor)), zeros([1, 3]), { dynamicBatch: false });
    if (message === null) expect(exported).not.toThrow();
    else expect(exported).toThrow(message);
  });

  test("a module that trains in evaluation mode, with the names of what it writes to", () => {
    class Stubborn extends nn.Module {
      norm = new nn.BatchNorm1d(3);
      override forward(x: Tensor): Tensor {
        this.norm.train();
        return this.norm.forward(x);
      }
    }
    const message =
      /it writes to norm\.num_batches_tracked\n.*it writes to norm\.running_mean\n.*norm\.running_var/;
    expect(() => exportOnnx(new Stubborn(), zeros([2, 3]))).toThrow(message);
  });

  test("a forward that gives no tensors, or reads values", () => {
    expect(() => exportOnnx(new Wrapped(() => 3), zeros([1]))).toThrow(/expected forward to give a tensor/);
    const reading = new Wrapped((x) => ops.mul(x as Tensor, (x as Tensor).sum().item()));
    expect(() => exportOnnx(reading, zeros([1, 2]))).toThrow(expect.objectContaining({ code: "ERR_TRACE" }));
  });
});

test("the model is what it was: its modes, its fields, its forward", () => {
  const model = new nn.Sequential(
    new nn.Linear(3, 3),
    new nn.Dropout(0.5),
    new Wrapped((x) => ops.lgamma(x as Tensor)),
  );
  model.modules[0]?.eval();
  const look = () =>
    Array.from(model.namedModules(), ([name, module]) => [name, module.training, Reflect.ownKeys(module)]);
  const before = look();
  expect(() => exportOnnx(model, zeros([1, 3]))).toThrow(ArgumentError);
  expect(look()).toEqual(before);
  exportOnnx(model.modules[1] as nn.Module, zeros([1, 3]));
  expect(look()).toEqual(before);
});

testInRuntime(
  "a model that was trained a moment ago has its new weights and statistics in the file",
  async () => {
    manualSeed(0);
    const model = new nn.Sequential(
      new nn.Linear(2, 8),
      new nn.BatchNorm1d(8),
      new nn.ReLU(),
      new nn.Dropout(0.1),
      new nn.Linear(8, 2),
    );
    const x = randn([64, 2]);
    const y = ops.to(ops.greater(ops.sum(x, { dim: 1 }), 0), "int32");
    const before = model.eval().forward(x);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await fit(model, {
      data: { x, y },
      cost: cost.crossEntropy,
      optimizer,
      epochs: 3,
      batchSize: 16,
      seed: 1,
    });
    const scores = (await runOnnx(exportOnnx(model, zeros([1, 2])), [x])).get("output");
    expectSame(scores, model.eval().forward(x), "scores", TOLERANCE.float32);
    expect(ops.amax(ops.sub(scores as Tensor, before).abs()).item()).toBeGreaterThan(0.1);
  },
);
