// Models and state dicts in files, bytes and JSON.
import * as fs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toStored } from "../../lib/formats/convert.js";
import { encodeSafetensors } from "../../lib/formats/safetensors.js";
import {
  ArgumentError,
  BusyError,
  compile,
  cost,
  DataError,
  deserialize,
  deserializeTensors,
  FileError,
  fromJSON,
  load,
  loadSync,
  loadTensors,
  loadTensorsSync,
  nn,
  ones,
  optim,
  randn,
  reviveTensors,
  ShapeError,
  save,
  saveCheckpoint,
  saveSync,
  serialize,
  type Tensor,
  tensor,
  toJSON,
  zeros,
} from "../../lib/index.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-models-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const make = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Tanh(), new nn.Linear(4, 2));

class Net extends nn.Module {
  readonly body = make();
  forward(x: Tensor): Tensor {
    return this.body.forward(x);
  }
}

function trained(model: nn.Module): nn.Module {
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    cost.mse(model.forward(randn([8, 3])), randn([8, 2])).backward();
    optimizer.step();
  }
  return model.eval();
}

const outputOf = (model: nn.Module): unknown => model.forward(ones([2, 3])).toArray();
const stateOf = (model: nn.Module): string => JSON.stringify(model.stateDict());

describe("save and load", () => {
  test("keep a model in a file, from which the path alone makes it again", async () => {
    const path = join(folder, "model.safetensors");
    const model = trained(make());
    await save(model, path);
    const made = await load(path);
    expect([stateOf(made), outputOf(made)]).toEqual([stateOf(model), outputOf(model)]);
    expect(made.training).toBe(false);
    saveSync(model, pathToFileURL(path));
    expect(stateOf(loadSync(pathToFileURL(path)))).toBe(stateOf(model));
    expect(readFileSync(path)).toEqual(Buffer.from(serialize(model)));
  });

  test("fill a model of a class that nobody registered, and give it back", async () => {
    const path = join(folder, "net.safetensors");
    const [model, other] = [trained(new Net()), new Net().eval()];
    await save(model, path);
    expect(await load(path, other)).toBe(other);
    expect(outputOf(other)).toEqual(outputOf(model));
    await expect(load(path)).rejects.toThrow(
      `load: ${path}: the description of the model: it is a "Net", which was not registered`,
    );
  });

  test("write the values of the time of the call", async () => {
    const path = join(folder, "snapshot.safetensors");
    const model = make();
    const before = stateOf(model);
    const saving = save(model, path);
    for (const parameter of model.parameters()) parameter.data.fill(7);
    await saving;
    expect(stateOf(await load(path))).toBe(before);
  });

  test("leave the file of the later call, whatever the path to it", async () => {
    fs.symlinkSync("ordered.safetensors", join(folder, "link"));
    const [path, link] = [join(folder, "ordered.safetensors"), join(folder, "link")];
    for (const [first, second] of [
      [path, path],
      [path, link],
      [link, pathToFileURL(path)],
    ] as const) {
      await Promise.all([save({ w: zeros([1_000_000]) }, first), save({ w: ones([1]) }, second)]);
      expect((await loadTensors(path)).tensors["w"]?.shape).toEqual([1]);
    }
    const failing = save({ w: ones([2]) }, join(folder, "missing", "x"));
    await expect(failing).rejects.toThrow(FileError);
    await Promise.all([
      saveCheckpoint(path, { extra: { big: zeros([1_000_000]) } }),
      save({ w: ones([1]) }, link),
    ]);
    expect((await loadTensors(path)).tensors["w"]?.shape).toEqual([1]);
  });

  test("are refused while a run writes the model, and name what it writes", async () => {
    const model = make();
    const run = compile((x: Tensor) => model.forward(x)).runAsync(ones([4, 3]));
    expect(() => serialize(model)).toThrow(BusyError);
    expect(() => serialize(model)).toThrow(/^serialize: 1\.(running|num)_\w+: /);
    await run;
    serialize(model);
  });

  test("say what the system refuses, and leave no file", async () => {
    const missing = join(folder, "missing", "model.safetensors");
    await expect(save(make(), missing)).rejects.toThrow(FileError);
    await expect(load(missing)).rejects.toThrow(`load: ${missing} could not be read: there is no such file`);
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test.each(["float16", "bfloat16", "float32", "float64"] as const)(
    "store floats as %s on request",
    (dtype) => {
      const model = trained(make());
      for (const w of Object.values(model.stateDict())) {
        if (w.dtype === "float32") w.data.set(w.data.map((value) => Math.round(value * 32) / 32));
      }
      const bytes = serialize(model, { dtype });
      const { tensors } = deserializeTensors(bytes);
      expect(tensors["1.num_batches_tracked"]?.dtype).toBe("int32");
      expect(tensors["0.weight"]?.dtype).toBe(dtype === "float64" ? "float64" : "float32");
      const made = deserialize(bytes);
      expect([stateOf(made), outputOf(made)]).toEqual([stateOf(model), outputOf(model)]);
      const wide = make().to("float64");
      deserialize(bytes, wide);
      expect(Array.from(Object.values(wide.stateDict()), (w) => [...w.data])).toEqual(
        Array.from(Object.values(model.stateDict()), (w) => [...w.data]),
      );
    },
  );

  test("refuse a value that the dtype cannot hold, and name it", () => {
    expect(() => serialize({ w: tensor([1, 1e5]) }, { dtype: "float16" })).toThrow(
      /^serialize: w: 100000 at position 1 of \[2\], of float32, does not fit float16/,
    );
  });

  test("keep texts beside the tensors", async () => {
    const path = join(folder, "texts.safetensors");
    await save(make(), path, { metadata: { epoch: "12", "": "né" } });
    const { metadata } = await loadTensors(path);
    expect(metadata).toMatchObject({ epoch: "12", "": "né", format: "pt" });
    expect(JSON.parse(metadata["thalweg"] as string)).toMatchObject({
      format: "thalweg",
      class: "Sequential",
    });
    expect(() => serialize(make(), { metadata: { thalweg: "x" } })).toThrow('the name "thalweg" is taken');
    expect(() => serialize({ w: ones([1]) }, { metadata: { thalweg: "x" } })).toThrow("is taken");
    expect(() => serialize(make(), { metadata: { epoch: 12 as never } })).toThrow(ArgumentError);
    expect(() => serialize(make(), { dtyp: "float16" } as never)).toThrow('did you mean "dtype"?');
    expect(() => serialize(make(), { dtype: "int32" as never })).toThrow("expected dtype to be one of");
  });
});

describe("tensors by name", () => {
  test("are kept with names of all kinds, dtypes and shapes", async () => {
    const path = join(folder, "tensors.safetensors");
    const state: Record<string, Tensor> = {
      "a.b": tensor([[1, Number.NaN, -0]]),
      long: tensor([Math.PI], { dtype: "float64" }),
      index: tensor([-(2 ** 31)], { dtype: "int32" }),
      mask: tensor([true, false]),
      none: zeros([2, 0]),
      "": tensor(3),
      ["__proto__"]: ones([1]),
    };
    await save(state, path);
    const { tensors } = await loadTensors(path);
    expect(Object.keys(tensors)).toEqual(Object.keys(state));
    expect(JSON.stringify(tensors)).toBe(JSON.stringify(state));
    expect(JSON.stringify(loadTensorsSync(path))).toBe(JSON.stringify(await loadTensors(path)));
    await expect(load(path)).rejects.toThrow("does not say of what model");
  });

  test("are refused where they are none", () => {
    const wrong = (value: unknown) => () => serialize(value as never);
    expect(wrong(null)).toThrow("serialize: expected a Module, or tensors by name, got null");
    expect(wrong({ x: 1 })).toThrow("serialize: expected x to be a tensor, got 1");
    expect(wrong([ones([1])])).toThrow(ArgumentError);
  });
});

describe("a given model", () => {
  const bytes = (): Uint8Array => serialize(trained(make()));

  test("takes what fits, by names that a function gives", () => {
    const prefixed = Object.fromEntries(
      Object.entries(make().stateDict()).map(([name, w]) => [`module.${name}`, w]),
    );
    const model = make();
    const rename = (name: string): string => name.replace(/^module\./, "");
    deserialize(serialize({ ...prefixed, extra: ones([1]) }), model, { rename, strict: false });
    expect(model.stateDict()["0.weight"]?.toArray()).toEqual(prefixed["module.0.weight"]?.toArray());
    expect(() => deserialize(serialize(prefixed), model)).toThrow("unknown: module.0.weight");
  });

  test("does not read what is left out", () => {
    const ids = tensor([2 ** 40], { dtype: "float64" });
    const saved = encodeSafetensors(
      new Map([
        ["ids", toStored(ids, "int64")],
        ["weight", toStored(ones([1, 1]))],
      ]),
    );
    const bytes = new Uint8Array(Buffer.concat(saved));
    const model = new nn.Linear(1, 1, { bias: false });
    expect(() => deserialize(bytes, model)).toThrow("missing: none; unknown: ids");
    deserialize(bytes, model, { rename: (name) => (name === "ids" ? null : name) });
    expect(model.weight.item()).toBe(1);
    expect(() => deserializeTensors(bytes)).toThrow("1099511627776 at position 0");
  });

  test("is what it was after an error", () => {
    const model = new nn.Sequential(
      new nn.Linear(3, 4),
      new nn.BatchNorm1d(4),
      new nn.Tanh(),
      new nn.Linear(4, 1),
    );
    const before = stateOf(model);
    expect(() => deserialize(bytes(), model)).toThrow(ShapeError);
    expect(() => deserialize(serialize({ x: ones([1]) }), model)).toThrow("missing: 0.weight");
    expect(() => deserialize(bytes(), {} as never)).toThrow("deserialize: expected model to be a Module");
    expect(stateOf(model)).toBe(before);
  });

  test("that is not tied takes a tensor that was written once for each of its names", () => {
    const tied = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    Object.assign(tied.modules[1] as nn.Linear, { weight: (tied.modules[0] as nn.Linear).weight });
    expect(() => serialize(tied, { metadata: { "1.weight": "mine" } })).toThrow(
      'serialize: metadata: the name "1.weight" is taken',
    );
    const saved = serialize(tied);
    expect(Object.keys(deserializeTensors(saved).tensors)).toEqual(["0.weight", "0.bias", "1.bias"]);
    const free = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    deserialize(saved, free);
    const [a, b] = free.modules as [nn.Linear, nn.Linear];
    expect(a.weight).not.toBe(b.weight);
    expect(b.weight.toArray()).toEqual((tied.modules[0] as nn.Linear).weight.toArray());
  });
});

describe("JSON", () => {
  test("keeps a model bit for bit, by toJSON and by JSON.stringify", () => {
    const model = trained(
      new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.1), new nn.Linear(4, 2)),
    );
    for (const text of [JSON.stringify(model), JSON.stringify(toJSON(model))]) {
      for (const value of [JSON.parse(text), JSON.parse(text, reviveTensors)]) {
        const made = fromJSON(value);
        expect([stateOf(made), outputOf(made), String(made)]).toEqual([
          stateOf(model),
          outputOf(model),
          String(model),
        ]);
      }
    }
  });

  test("keeps modules of a ModuleDict, in other values too", () => {
    const model = new nn.ModuleDict({ left: new nn.Linear(2, 1), right: new nn.Tanh() });
    const { net } = JSON.parse(JSON.stringify({ net: model })) as { net: unknown };
    expect(stateOf(fromJSON(net))).toBe(stateOf(model));
  });

  test("fills a given model", () => {
    const [model, other] = [new Net(), new Net()];
    const json: unknown = JSON.parse(JSON.stringify(model));
    expect(() => fromJSON(json)).toThrow(DataError);
    expect(fromJSON(json, other)).toBe(other);
    expect(stateOf(other)).toBe(stateOf(model));
  });

  test("holds each value in its own dtype, and fills the model's as load does", () => {
    const json = toJSON(new nn.PReLU());
    const filled = (dtype: string, data: readonly unknown[]) => (): unknown =>
      (fromJSON({ ...json, state: { weight: { dtype, shape: [1], data } } }) as nn.PReLU).weight.item();
    for (const [dtype, data] of [
      ["float32", [1e300]],
      ["bool", [2]],
      ["int32", [0.5]],
      ["int32", [2 ** 31]],
      ["float64", [1e300]],
    ] as const) {
      expect(filled(dtype, data)).toThrow(DataError);
      expect(filled(dtype, data)).toThrow(
        /^fromJSON: "weight": .*(does not fit (float32|bool)|whole numbers)/,
      );
    }
    expect(filled("float64", [0.1])()).toBe(Math.fround(0.1));
    expect(filled("float32", [0.1])()).toBe(Math.fround(0.1));
    expect(filled("float32", ["Infinity"])()).toBe(Number.POSITIVE_INFINITY);
    expect(filled("int32", [3])()).toBe(3);
    expect(filled("bool", [true])()).toBe(1);
    const revived = { dtype: "float64", shape: [1], data: [0.5] };
    expect(filled("", [])).toThrow(DataError);
    const given = { ...json, state: { weight: reviveTensors("", revived) } };
    expect((fromJSON(given) as nn.PReLU).weight.item()).toBe(0.5);
    const wide = new nn.PReLU({ dtype: "float64" });
    fromJSON({ ...json, state: { weight: { ...revived, data: [1e300] } } }, wide);
    expect(wide.weight.item()).toBe(1e300);
  });

  test("that is no model is refused", () => {
    for (const value of [
      null,
      1,
      [],
      {},
      { state: {} },
      { state: 1 },
      { format: "thalweg", version: 2, state: {} },
    ]) {
      expect(() => fromJSON(value)).toThrow(DataError);
    }
    const json = toJSON(new nn.Linear(1, 1));
    const wrong = (weight: unknown) => () => fromJSON({ ...json, state: { ...json.state, weight } });
    expect(wrong({ dtype: "float32", shape: [1, 1], data: ["x"] })).toThrow(
      'fromJSON: "weight": tensor: expected numbers',
    );
    expect(wrong({ dtype: "float32", shape: [2], data: [1] })).toThrow(DataError);
    expect(wrong({ dtype: "int8", shape: [1], data: [1] })).toThrow(DataError);
    expect(wrong({ dtype: "float32", shape: [1, 2], data: [1, 2] })).toThrow("expected shape [1, 1]");
    expect(() => toJSON({} as never)).toThrow(ArgumentError);
  });
});

test("structuredClone refuses a module without tensors too", () => {
  expect(() => structuredClone(new nn.Dropout(0.1))).toThrow("a Module; send the bytes of serialize()");
});

test("bytes go to a worker, which makes the model and predicts", async () => {
  const model = trained(make());
  const library = pathToFileURL(join(import.meta.dirname, "..", "..", "dist", "index.js")).href;
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     parentPort.once("message", async (bytes) => {
       const { deserialize, ones } = await import(${JSON.stringify(library)});
       parentPort.postMessage(deserialize(bytes).forward(ones([2, 3])).toArray());
     });`,
    { eval: true },
  );
  try {
    const answer = new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    worker.postMessage(serialize(model));
    expect(await answer).toEqual(outputOf(model));
  } finally {
    await worker.terminate();
  }
});

describe("bytes", () => {
  test("may be a part of a buffer, a Buffer, or shared", () => {
    const model = make();
    const bytes = serialize(model);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
    shared.set(bytes);
    for (const other of [Buffer.from(bytes), shared, Uint8Array.from([0, ...bytes]).subarray(1)]) {
      expect(stateOf(deserialize(other))).toBe(stateOf(model));
    }
    expect(() => deserialize("x" as never)).toThrow(
      'deserialize: expected bytes to be a Uint8Array, got "x"',
    );
    expect(() => deserialize(bytes, undefined as never, {})).toThrow("options are for a given model");
  });
});
