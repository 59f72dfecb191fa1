import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { compile, nn, ops, rand, tensor, zeros } from "../../lib/index.js";
import { exportOnnx, type ImportOnnxOptions, importOnnx, importOnnxSync } from "../../lib/onnx/index.js";
import { type Draft, encodeModel } from "../../lib/onnx/proto.js";
import {
  AttributeType,
  DataType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from "../../lib/onnx/schema.js";
import { expectSame } from "../oracle/compare.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Dim = number | string;

const info = (name: string, dims: readonly Dim[], elem_type: number = DataType.FLOAT) => ({
  name,
  type: {
    tensor_type: {
      elem_type,
      shape: {
        dim: dims.map((dim) => (typeof dim === "string" ? { dim_param: dim } : { dim_value: BigInt(dim) })),
      },
    },
  },
});

const floats = (name: string, dims: readonly number[], values: readonly number[]): Draft<TensorProto> => ({
  name,
  dims: dims.map(BigInt),
  data_type: DataType.FLOAT,
  float_data: values,
});

const ints = (name: string, values: readonly number[]): Draft<TensorProto> => ({
  name,
  dims: [BigInt(values.length)],
  data_type: DataType.INT64,
  int64_data: values.map(BigInt),
});

const node = (op_type: string, input: readonly string[], output: readonly string[]): Draft<NodeProto> => ({
  name: `my ${op_type}`,
  op_type,
  input,
  output,
});

type Parts = {
  readonly node: readonly Draft<NodeProto>[];
  readonly input?: readonly ReturnType<typeof info>[];
  readonly output?: readonly ReturnType<typeof info>[];
  readonly initializer?: readonly Draft<TensorProto>[];
};

/** A model from x [B, 2] to y. */
const modelOf = (graph: Parts, more: Draft<ModelProto> = {}): Uint8Array =>
  encodeModel("test", {
    ir_version: 8n,
    opset_import: [{ domain: "", version: 17n }],
    graph: { name: "g", input: [info("x", ["B", 2])], output: [info("y", ["B", 2])], ...graph },
    ...more,
  });

const W = floats("fc.weight", [2, 2], [1, 2, 3, 4]);
const b = floats("fc.bias", [2], [0.5, -0.5]);
const dense = modelOf({
  node: [node("MatMul", ["x", "fc.weight"], ["h"]), node("Add", ["h", "fc.bias"], ["y"])],
  initializer: [W, b],
});

const refuses = (bytes: Uint8Array, message: string | RegExp, options: ImportOnnxOptions = {}): void => {
  expect(() => importOnnxSync(bytes, options)).toThrow(
    expect.objectContaining({ code: "ERR_DATA", message: expect.stringMatching(message) }),
  );
};

describe("a model", () => {
  test("is read from bytes, a path or a URL, and gives what it says", async () => {
    const path = join(folder, "dense.onnx");
    writeFileSync(path, dense);
    const x = tensor([[1, 1]]);
    for (const source of [dense, path, pathToFileURL(path)]) {
      expect((await importOnnx(source)).forward(x).toArray()).toEqual([[4.5, 5.5]]);
      expect(importOnnxSync(source).forward(x).toArray()).toEqual([[4.5, 5.5]]);
    }
  });

  test("says what it takes and gives", async () => {
    const model = await importOnnx(dense);
    expect(model.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["B", 2] }]);
    expect(model.outputs).toEqual([{ name: "y", dtype: "float32", shape: ["B", 2] }]);
    expect(model.training).toBe(false);
  });

  test("has the parameters of the file by their names, which a state dict saves and loads", async () => {
    const model = await importOnnx(dense);
    expect(Object.keys(model.stateDict())).toEqual(["fc.weight", "fc.bias"]);
    const other = await importOnnx(dense);
    other.loadStateDict({ ...model.stateDict(), "fc.bias": zeros([2]) });
    expect(other.forward(tensor([[1, 1]])).toArray()).toEqual([[4, 6]]);
    expect(model.forward(tensor([[1, 1]])).toArray()).toEqual([[4.5, 5.5]]);
  });

  test("is cloned into one of its own, and converted to float64 with its constants", async () => {
    const half = modelOf({
      node: [node("MatMul", ["x", "fc.weight"], ["h"]), node("Mul", ["h", "half"], ["y"])],
      initializer: [W, floats("half", [], [0.5])],
    });
    const model = await importOnnx(half);
    const copy = model.clone().to("float64");
    ops.mean(copy.forward(tensor([[1, 1]], { dtype: "float64" }))).backward();
    expect([...copy.parameters()].map(({ grad }) => grad?.toArray())).toEqual([
      [
        [0.25, 0.25],
        [0.25, 0.25],
      ],
    ]);
    expect(model.forward(tensor([[1, 1]])).dtype).toBe("float32");
    expect(() => copy.forward(tensor([[1, 1]]))).toThrow(/expected "x" to be float64, got float32/);
  });

  test("refuses inputs that it does not take", async () => {
    const model = await importOnnx(dense);
    expect(() => model.forward()).toThrow(/expected 1 inputs \(x\), got 0/);
    expect(() => model.forward(zeros([3, 4]))).toThrow(
      /expected "x" to be \[B, 2\] with B = 3, got \[3, 4\]/,
    );
    expect(() => model.forward(zeros([1, 2], { dtype: "int32" }))).toThrow(/to be float32, got int32/);
    expect(() => model.run({ z: zeros([1, 2]) })).toThrow(/missing inputs: x; unknown: z/);
  });

  test.each([Number.MIN_SAFE_INTEGER, -(2 ** 63), -(2 ** 31)])(
    "takes %i for the end of an axis that is read backwards",
    async (end) => {
      const model = await importOnnx(
        modelOf({
          node: [node("Slice", ["x", "starts", "ends", "axes", "steps"], ["y"])],
          initializer: [ints("starts", [-1]), ints("ends", [end]), ints("axes", [0]), ints("steps", [-1])],
        }),
      );
      const rows = tensor([
        [1, 2],
        [3, 4],
      ]);
      expect(model.forward(rows).toArray()).toEqual([
        [3, 4],
        [1, 2],
      ]);
    },
  );

  test("refuses sizes of one name that differ", async () => {
    const model = await importOnnx(
      modelOf({ node: [node("Add", ["x", "z"], ["y"])], input: [info("x", ["B", 2]), info("z", ["B", 2])] }),
    );
    expect(() => model.forward(zeros([2, 2]), zeros([1, 2]))).toThrow(/"z" to be \[B, 2\] with B = 2/);
  });

  test("names the node in errors of its ops", async () => {
    const model = await importOnnx(
      modelOf({ node: [node("MatMul", ["x", "w"], ["y"])], initializer: [floats("w", [3, 1], [1, 2, 3])] }),
    );
    expect(() => model.forward(zeros([1, 2]))).toThrow(/node "my MatMul" \(MatMul\): matmul: inner sizes/);
  });

  test("gives all outputs by name, and the first or the chosen one from forward", async () => {
    const bytes = modelOf({
      node: [
        node("Relu", ["x"], ["y"]),
        node("Neg", ["y"], ["z"]),
        node("NonMaxSuppression", ["y"], ["boxes"]),
      ],
      output: [info("y", ["B", 2]), info("z", ["B", 2]), info("boxes", [])],
    });
    refuses(bytes, /NonMaxSuppression/);
    const model = await importOnnx(bytes, { outputs: ["z", "y"] });
    const x = tensor([[1, -1]]);
    expect(model.forward(x).toArray()).toEqual([[-1, -0]]);
    const { y, z } = compile((own: typeof x) => model.run({ x: own }))(x);
    expect([y?.toArray(), z?.toArray()]).toEqual([[[1, 0]], [[-1, -0]]]);
    refuses(bytes, /no output "w"; it has "y", "z", "boxes"/, { outputs: ["w"] });
  });

  test("computes shapes of any batch before a compiled function runs", async () => {
    const model = await importOnnx(
      modelOf({
        node: [
          node("Shape", ["x"], ["shape"]),
          node("Gather", ["shape", "first"], ["batch"]),
          node("Concat", ["batch", "rest"], ["sizes"]),
          node("Reshape", ["x", "sizes"], ["y"]),
        ].map((one) =>
          one.op_type === "Concat"
            ? { ...one, attribute: [{ name: "axis", type: AttributeType.INT, i: 0n }] }
            : one,
        ),
        initializer: [ints("first", [0]), ints("rest", [1, -1])],
        output: [info("y", ["B", 1, 2])],
      }),
    );
    const run = compile((x: ReturnType<typeof zeros>) => model.forward(x));
    for (const batch of [1, 3, 7]) expect(run(zeros([batch, 2])).shape).toEqual([batch, 1, 2]);
  });

  test("computes with sizes that are inputs at once, and says why not in a compiled function", async () => {
    const model = await importOnnx(
      modelOf({
        node: [node("Reshape", ["x", "sizes"], ["y"])],
        input: [info("x", ["B", 2]), info("sizes", [2], DataType.INT64)],
      }),
    );
    const sizes = tensor([1, -1], { dtype: "int32" });
    expect(model.forward(zeros([3, 2]), sizes).shape).toEqual([1, 6]);
    expect(() =>
      compile((x: typeof sizes, s: typeof sizes) => model.forward(x, s))(zeros([3, 2]), sizes),
    ).toThrow(/node "my Reshape" \(Reshape\): shape: follows from the values of the model's inputs/);
  });
});

describe("the tensors of a file are learned, kept or constant", () => {
  const bytes = modelOf({
    node: [
      node("Mul", ["x", "two"], ["a"]),
      node("Add", ["a", "mask"], ["m"]),
      node("BatchNormalization", ["m", "scale", "bias", "mean", "var"], ["n"]),
      node("Identity", ["n"], ["y"]),
    ],
    initializer: [
      floats("two", [], [2]),
      floats("mask", [2], [0, -Infinity]),
      floats("scale", [2], [1, 2]),
      floats("bias", [2], [1, 3]),
      floats("mean", [2], [0, 1]),
      floats("var", [2], [1, 2]),
    ],
  });

  test("by their use", async () => {
    const model = await importOnnx(bytes);
    expect(Array.from(model.namedParameters(), ([name]) => name)).toEqual(["scale", "bias"]);
    expect(Array.from(model.namedBuffers(), ([name]) => name)).toEqual(["mean", "var"]);
  });

  test("or as the option says", async () => {
    const model = await importOnnx(bytes, {
      role: ({ name, role }) => (name === "two" ? "parameter" : role),
    });
    expect(Object.keys(model.stateDict())).toEqual(["two", "scale", "bias", "mean", "var"]);
    const frozen = await importOnnx(bytes, { role: ({ role }) => (role === "buffer" ? "constant" : role) });
    expect([...frozen.namedBuffers()]).toEqual([]);
    frozen.train().forward(rand([4, 2]));
    await expect(importOnnx(bytes, { role: () => "weight" as "buffer" })).rejects.toThrow(/the role of two/);
  });

  test("with an underscore behind a name that a module has", async () => {
    const names = ["forward", "__proto__", "plan", "inputs", "training", "forward_"];
    const model = await importOnnx(
      modelOf({
        node: names.map((name, i) =>
          node("Add", [i === 0 ? "x" : `h${i}`, name], [i === 5 ? "y" : `h${i + 1}`]),
        ),
        initializer: names.map((name) => floats(name, [2], [1, 2])),
      }),
    );
    expect(Object.keys(model.stateDict())).toEqual([
      "forward_",
      "__proto___",
      "plan_",
      "inputs_",
      "training_",
      "forward__",
    ]);
    expect(model.forward(zeros([1, 2])).toArray()).toEqual([[6, 12]]);
  });

  test("and those that an exporter has merged are each layer's own", async () => {
    const ones = floats("ones", [2], [1, 1]);
    const model = await importOnnx(
      modelOf({
        node: [
          node("Identity", ["ones"], ["n.weight"]),
          node("Mul", ["x", "ones"], ["a"]),
          node("Mul", ["a", "n.weight"], ["b"]),
          node("Mul", ["b", "ones"], ["y"]),
        ],
        initializer: [ones],
      }),
    );
    expect(Object.keys(model.stateDict())).toEqual(["ones", "n.weight", "ones_2"]);
    const [first] = model.parameters();
    (first as nn.Parameter).data.fill(5);
    expect(model.forward(tensor([[1, 1]])).toArray()).toEqual([[5, 5]]);
  });

  test("while one that is used twice on purpose stays one", async () => {
    const model = await importOnnx(
      modelOf({
        node: [node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["a", "w"], ["y"])],
        initializer: [floats("w", [2, 2], [1, 2, 3, 4])],
      }),
    );
    expect(model.parameters().length).toBe(1);
  });
});

describe("tensors in another file", () => {
  const external = (location: string, more: Record<string, string> = {}): Uint8Array =>
    modelOf({
      node: [node("MatMul", ["x", "w"], ["y"])],
      initializer: [
        {
          name: "w",
          dims: [2n, 2n],
          data_type: DataType.FLOAT,
          data_location: 1,
          external_data: Object.entries({ location, ...more }).map(([key, value]) => ({ key, value })),
        },
      ],
    });
  const data = new Uint8Array(new Float32Array([9, 1, 2, 3, 4]).buffer);

  test("are read from the model's folder", async () => {
    const path = join(folder, "external.onnx");
    writeFileSync(path, external("w.data", { offset: "4", length: "16" }));
    writeFileSync(join(folder, "w.data"), data);
    for (const model of [await importOnnx(path), importOnnxSync(path)]) {
      expect(model.forward(tensor([[1, 1]])).toArray()).toEqual([[4, 6]]);
    }
  });

  test("or given as bytes", () => {
    const bytes = external("w.data", { offset: "4" });
    const model = importOnnxSync(bytes, { externalData: { "w.data": data } });
    expect(model.forward(tensor([[1, 1]])).toArray()).toEqual([[4, 6]]);
    refuses(bytes, /its elements are in the file "w.data"/);
  });

  test("and not from elsewhere, or beyond its end", () => {
    for (const location of ["../w.data", "/etc/passwd", "a/../../b", "C:\\w", "..\\w", ""]) {
      refuses(external(location), /expected a file in the folder of the model/);
    }
    const given = { externalData: { w: data } };
    refuses(external("w", { offset: "8", length: "16" }), /expected 16 bytes from byte 8 on/, given);
    refuses(external("w", { offset: "-4" }), /expected offset to be a whole number/, given);
    refuses(external("w", { offset: "8" }), /expected 16 bytes for shape \[2, 2\]/, given);
  });
});

describe("what is no such model is refused", () => {
  const relu = node("Relu", ["x"], ["y"]);

  test("every unknown operator in one error", () => {
    const nodes = [
      node("Conv", ["x"], ["a"]),
      { ...node("Conv", ["a"], ["b"]), name: "second" },
      { ...node("Fancy", ["b"], ["c"]), domain: "com.me" },
      node("Gelu", ["c"], ["y"]),
    ];
    refuses(
      modelOf({ node: nodes }),
      /Conv \(opset 17\): node "my Conv", node "second"\n {2}com.me.Fancy of a domain that the model does not import: .*\n {2}Gelu, which opset 17 does not have: node "my Gelu"/,
    );
  });

  test("a graph within a node", () => {
    const attribute = [{ name: "alpha", type: AttributeType.GRAPH, g: { name: "g" } }];
    refuses(modelOf({ node: [{ ...node("Elu", ["x"], ["y"]), attribute }] }), /Elu with a graph within/);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["bytes of another format", new TextEncoder().encode("no model"), /expected an ONNX ModelProto/],
    ["nothing", new Uint8Array(), /the model has no graph/],
    ["no opset", modelOf({ node: [relu] }, { opset_import: [] }), /does not say which opset/],
    [
      "an old opset",
      modelOf({ node: [relu] }, { opset_import: [{ version: 6n }] }),
      /of opset 7 to 28, this one is of opset 6/,
    ],
    [
      "a later opset",
      modelOf({ node: [relu] }, { opset_import: [{ version: 29n }] }),
      /this one is of opset 29/,
    ],
    [
      "a domain twice",
      modelOf({ node: [relu] }, { opset_import: [{ version: 17n }, { domain: "ai.onnx", version: 17n }] }),
      /imports the domain "" twice/,
    ],
    ["a name twice", modelOf({ node: [relu, relu] }), /the name "y" is given twice/],
    ["an initializer twice", modelOf({ node: [relu], initializer: [W, W] }), /"fc.weight" is given twice/],
    [
      "a name of nothing",
      modelOf({ node: [node("Add", ["x", "w"], ["y"])] }),
      /needs "w", which nothing gives/,
    ],
    [
      "a circle",
      modelOf({ node: [node("Add", ["x", "z"], ["y"]), node("Relu", ["y"], ["z"])] }),
      /needs "z", which a later node gives/,
    ],
    [
      "an output of nothing",
      modelOf({ node: [node("Relu", ["x"], ["z"])] }),
      /output "y" is given by nothing/,
    ],
    ["no output", modelOf({ node: [relu], output: [] }), /the model has no output/],
    ["too few inputs", modelOf({ node: [node("Gemm", ["x"], ["y"])] }), /expected 2 to 3 inputs, found 1/],
    ["an input left out", modelOf({ node: [node("Gemm", ["", "x"], ["y"])] }), /lacks its input 0/],
    ["too many outputs", modelOf({ node: [node("Relu", ["x"], ["y", "z"])] }), /expected 1 output, found 2/],
    [
      "another attribute",
      modelOf({ node: [{ ...relu, attribute: [{ name: "slope", type: AttributeType.FLOAT, f: 1 }] }] }),
      /has the attributes slope, which are not supported/,
    ],
    [
      "an attribute of another type",
      modelOf({
        node: [
          { ...node("Elu", ["x"], ["y"]), attribute: [{ name: "alpha", type: AttributeType.INT, i: 1n }] },
        ],
      }),
      /expected attribute alpha to be FLOAT, found INT/,
    ],
    [
      "a tensor of another size",
      modelOf({ node: [relu], initializer: [floats("w", [2, 2], [1])] }),
      /expected 4 elements for shape \[2, 2\], found 1/,
    ],
    [
      "a number above 2³¹",
      modelOf({ node: [relu], initializer: [ints("w", [2 ** 40])] }),
      /does not fit int32/,
    ],
    [
      "an input of strings",
      modelOf({ node: [relu], input: [info("x", [1], DataType.STRING)] }),
      /input "x": is STRING/,
    ],
  ])("%s", (_, bytes, message) => refuses(bytes, message));

  test("an argument that is no model, and a misspelt option", async () => {
    await expect(importOnnx(5 as unknown as string)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(importOnnx(join(folder, "absent.onnx"))).rejects.toMatchObject({ code: "ERR_FILE" });
    await expect(importOnnx(dense, { output: [] } as ImportOnnxOptions)).rejects.toThrow(
      /did you mean "outputs"/,
    );
    await expect(importOnnx(dense, { outputs: [] })).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    await expect(
      importOnnx(dense, { externalData: { a: 1 } } as unknown as ImportOnnxOptions),
    ).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
  });
});

describe("in training mode", () => {
  test("Dropout drops, and scales what it leaves", async () => {
    const model = await importOnnx(
      modelOf({ node: [node("Dropout", ["x", "ratio"], ["y"])], initializer: [floats("ratio", [], [0.25])] }),
    );
    const x = rand([500, 2]);
    expectSame(model.forward(x), x);
    const y = model.train().forward(x);
    const share = Array.from(y.data, Number).filter((value) => value === 0).length / 1000;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.35);
    const i = y.data.findIndex((value) => value !== 0);
    expect(y.data[i]).toBeCloseTo((x.data[i] as number) / 0.75, 5);
  });

  test("BatchNormalization moves its running statistics as nn.BatchNorm1d does", async () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3, { momentum: 0.2 }));
    net.eval();
    const model = await importOnnx(exportOnnx(net, zeros([1, 2])));
    const x = rand([6, 2]);
    expectSame(model.train().forward(x), net.train().forward(x), "y", { rtol: 1e-5, atol: 1e-5 });
  });
});
