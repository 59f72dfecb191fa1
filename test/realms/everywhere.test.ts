import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { encode } from "fast-png";
import { afterAll, describe, expect, test } from "vitest";
import * as distributions from "../../lib/distributions/index.js";
import { draw } from "../../lib/draw/index.js";
import * as gradientFree from "../../lib/gradient-free/index.js";
import * as t from "../../lib/index.js";
import * as interchange from "../../lib/interchange/index.js";
import { exportOnnx, importOnnxSync } from "../../lib/onnx/index.js";
import * as plot from "../../lib/plot/index.js";
import * as rl from "../../lib/rl/index.js";
import { parseEvents, TensorBoard } from "../../lib/tensorboard/index.js";
import { bad } from "../errors/expect-error.js";

const folder = mkdtempSync(join(tmpdir(), "realms-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is made of a value: a text that is the same for equal results. */
type Use = (value: ReturnType<typeof bad>) => unknown;
type Case = readonly [what: string, source: string, use: Use];

/** jsdom and others have a class of URLs of their own, in JavaScript. */
const URLS = `
  class URL {
    constructor(href) { this.href = href; }
    get [Symbol.toStringTag]() { return "URL"; }
  }`;
async function events(): Promise<Uint8Array> {
  const board = new TensorBoard(join(folder, "events"));
  board.addText("a", "b", 1);
  await board.close();
  return readFileSync(board.path);
}

const here = (source: string): unknown => vm.runInThisContext(`(${source})`);
const there = (source: string): unknown => vm.runInNewContext(`${URLS}; (${source})`);

async function outcome(use: Use, value: unknown): Promise<{ result?: string; error?: string }> {
  t.manualSeed(0);
  try {
    return { result: String(JSON.stringify(await use(value))) };
  } catch (error) {
    expect(error).toBeInstanceOf(t.ThalwegError);
    return { error: `${(error as Error).name}: ${(error as Error).message}` };
  }
}

const x = t.tensor([
  [1, 2],
  [3, 4],
]);
const model = (): t.nn.Linear => new t.nn.Linear(2, 2);
const bytesOf = (bytes: Uint8Array): string => `Uint8Array.of(${bytes.join(", ")})`;
const file = pathToFileURL(join(folder, "model.safetensors")).href;

async function learn(options: object): Promise<unknown> {
  const net = model();
  const optimizer = new t.optim.SGD(net.parameters(), { lr: 0.1 });
  const set = { x, y: x };
  const reports = await t.fit(net, bad({ data: set, cost: t.cost.mse, optimizer, ...options }));
  return [net.weight, reports.map(({ loss }) => loss)];
}

const TENSORS: readonly Case[] = [
  ["tensor of a Float32Array", "Float32Array.of(1.5, 2)", t.tensor],
  ["tensor of nested arrays", "[[1, 2], [3, 4]]", t.tensor],
  ["tensor of an Int8Array", "Int8Array.of(-1, 1)", t.tensor],
  ["fromTypedArray", "Float64Array.of(1, 2)", (a) => t.fromTypedArray(a)],
  ["a shape", "[2, 3]", (shape) => t.zeros(shape)],
  ["options of zeros", '({ dtype: "int32" })', (options) => t.zeros([2], options)],
  ["dims of an op", "[0, 1]", (dim) => t.ops.sum(x, bad({ dim }))],
  ["a list of tensors", "(x) => [x, x]", (f) => t.ops.concat(f(x), 0)],
  ["sections of split", "[1, 1]", (sizes) => t.ops.split(x, sizes, 1)],
  ["reviveTensors", '({ dtype: "float32", shape: [1], data: [2] })', (v) => t.reviveTensors("", v)],
  [
    "grad of an object",
    "(x) => ({ a: [x], b: { c: x } })",
    (f) => t.grad((o: ReturnType<typeof bad>) => o.a[0].mul(o.b.c).sum())(f(x)),
  ],
  [
    "grad of an object without a prototype",
    "(x) => Object.assign(Object.create(null), { x })",
    (f) => t.grad((o: ReturnType<typeof bad>) => o.x.square().sum())(f(x)),
  ],
  [
    "argnums of grad",
    "[0, 1]",
    (argnums) => t.grad((a: t.Tensor, b: t.Tensor) => a.mul(b).sum(), { argnums })(x, x),
  ],
  ["primals and tangents of jvp", "(x) => [x]", (f) => t.jvp((a: t.Tensor) => a.square(), f(x), f(x))],
  [
    "jacobian of an object",
    "(x) => ({ x })",
    (f) => t.jacobian((o: ReturnType<typeof bad>) => o.x.square())(f(t.tensor([1, 2]))),
  ],
  [
    "inDims of vmap",
    "[0, null]",
    (inDims) => t.vmap((a: t.Tensor, b: t.Tensor) => a.add(b), bad({ inDims }))(x, t.tensor([1, 2])),
  ],
  ["vmap of an object", "(x) => ({ x })", (f) => t.vmap((o: ReturnType<typeof bad>) => o.x.sum())(f(x))],
  [
    "compile of an object",
    "(x) => ({ x, n: [x] })",
    (f) => t.compile((o: ReturnType<typeof bad>) => ({ y: o.x.add(o.n[0]) }))(f(x)),
  ],
  ["the function of checkpoint", "(x) => x.square()", (f) => t.checkpoint(f, x)],
  [
    "detectAnomaly with an asynchronous function",
    "async (x) => x.square()",
    (f) => t.detectAnomaly(() => f(x)),
  ],
  [
    "a definition of defineFunction",
    "({ forward: (a) => a.mul(1), vjp: ({ dy }) => [dy] })",
    (definition) => t.grad((a: t.Tensor) => bad(t.defineFunction("same", definition))(a).sum())(x),
  ],
];

const DATA: readonly Case[] = [
  ["Bytes", "Uint8Array.of(1, 2, 3, 4)", (a) => new t.data.Bytes(a, [2, 2]).toTensor()],
  ["Bytes of a Uint8ClampedArray", "Uint8ClampedArray.of(1, 2)", (a) => new t.data.Bytes(a, [2]).toTensor()],
  ["samples of Bytes", "Int32Array.of(1, 0)", (a) => new t.data.Bytes(Uint8Array.of(1, 2), [2, 1]).select(a)],
  [
    "a set of parts",
    "(x) => ({ x: { a: x, b: [x][0] }, y: x })",
    (f) => [...new t.data.DataLoader(f(x), { batchSize: 1 })],
  ],
  ["toClasses of texts", '["a", "b", "a"]', (labels) => t.data.toClasses(labels)],
  ["toClasses of typed arrays", "Int32Array.of(4, 5, 4)", (labels) => t.data.toClasses(labels)],
  [
    "images",
    "Uint8Array.of(0, 255, 0, 255)",
    (a) => t.data.images(a, { width: 2, height: 2, channels: 1 }).toTensor(),
  ],
  ["split of a list", "[1, 2, 3, 4]", (list) => t.data.split(list, [0.5, 0.5], { seed: 1 })],
  ["fractions of split", "[0.5, 0.5]", (parts) => t.data.split([1, 2, 3, 4], parts, { seed: 1 })],
  [
    "stratify",
    "Int32Array.of(0, 0, 1, 1)",
    (stratify) => t.data.split([1, 2, 3, 4], [0.5, 0.5], { stratify, seed: 1 }),
  ],
  [
    "stratify by dates",
    "[0, 0, 9, 9].map((d) => new Date(d))",
    (stratify) => t.data.split([1, 2, 3, 4], [0.5, 0.5], { stratify, seed: 1 }),
  ],
  ["kFold", "[1, 2, 3, 4]", (list) => [...t.data.kFold(list, 2, { seed: 1 })]],
  ["weights of a sampler", "Float64Array.of(1, 0, 3)", (weights) => t.data.sampler({ weights, count: 9 })(0)],
  [
    "what a sampler gives",
    "() => Int32Array.of(1, 0)",
    (sampler) => [...new t.data.DataLoader({ x, y: x }, { sampler, batchSize: 1 })],
  ],
  [
    "a table of columns",
    '({ a: [1, 2, null], b: ["x", "y", "z"], c: Float64Array.of(1, 2, 3) })',
    (c) => new t.data.Table(c).describe().toString(),
  ],
  ["a table of a Map", "new Map([['a', [1, 2]]])", (c) => [...new t.data.Table(c)]],
  [
    "a table of rows",
    "[{ a: 1, when: new Date(0) }, { a: 2, when: new Date(1e12) }]",
    (rows) => new t.data.Table(rows).toString(),
  ],
  [
    "a table of an iterable",
    "(function* () { yield { a: 1 }; yield { a: 2 }; })()",
    (rows) => [...new t.data.Table(rows)],
  ],
  ["rows of take", "Int32Array.of(1, 0)", (rows) => [...new t.data.Table({ a: [1, 2] }).take(rows)]],
  ["rows of take in a set", "new Set([1])", (rows) => [...new t.data.Table({ a: [1, 2] }).take(rows)]],
  [
    "a schema",
    '[{ a: 1, b: new Date(0), c: "u", y: "no" }, { a: 2, b: new Date(1e12), c: "v", y: "yes" }]',
    (rows) => {
      const schema = t.data.Schema.learn(rows, { target: "y", task: "classification" });
      return [schema, schema.encode(rows)];
    },
  ],
  [
    "a schema's JSON",
    JSON.stringify(
      t.data.Schema.learn(
        [
          { a: 1, y: 2 },
          { a: 2, y: 3 },
        ],
        { target: "y", task: "regression" },
      ),
    ),
    (json) => t.data.Schema.fromJSON(json).encode([{ a: 3 }]),
  ],
  [
    "readCsv of bytes",
    bytesOf(Buffer.from("a,b\n1,x\n2,y\n")),
    async (bytes) => [...(await t.data.readCsv(bytes))],
  ],
  [
    "readCsv of a stream",
    '(async function* () { yield "a,b\\n1,"; yield "x\\n"; })()',
    async (source) => [...(await t.data.readCsv(source))],
  ],
  [
    "readJsonLines",
    bytesOf(Buffer.from('{"a": 1}\n{"a": 2}\n')),
    async (bytes) => [...(await t.data.readJsonLines(bytes))],
  ],
  ["parseIdx", "Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 8)", (bytes) => t.data.parseIdx(bytes)],
  ["pad", "[Float32Array.of(1, 2), Float32Array.of(3)]", (samples) => t.data.pad(samples)],
  [
    "a stream of rows",
    "async function* () { yield { x: Float32Array.of(1, 2), y: [1] }; yield { x: Float32Array.of(3, 4), y: [2] }; }",
    (open) => t.predict(model(), t.data.stream(open, { batchSize: 2 } as never) as never),
  ],
  [
    "a stream opened by a promise",
    "async () => [{ x: [1, 2], y: 1 }]",
    (open) => t.predict(model(), t.data.stream(open, { batchSize: 1 } as never) as never),
  ],
];

const METRICS: readonly Case[] = [
  ...(["meanAbsoluteError", "meanSquaredError", "r2", "spearman"] as const).map(
    (name): Case => [
      name,
      "[Float32Array.of(0.1, 2, 3), Float64Array.of(0.1, 2, 4)]",
      ([y, target]) => t.metrics[name](y, target),
    ],
  ),
  ...(["accuracy", "f1", "confusionMatrix"] as const).map(
    (name): Case => [
      name,
      "[Int32Array.of(0, 1, 1), [0, 1, 0]]",
      ([y, target]) => String(t.metrics[name](y, target)),
    ],
  ),
  [
    "rocAuc",
    "[Float32Array.of(0.1, 0.7, 0.4), [false, true, true]]",
    ([y, target]) => t.metrics.rocAuc(y, target),
  ],
  [
    "sampleWeight",
    "Float32Array.of(0.1, 1, 2)",
    (sampleWeight) => t.metrics.accuracy([0, 1, 1], [0, 1, 0], { sampleWeight }),
  ],
  ["labels that are floats", "Float32Array.of(0.1, 1)", (y) => t.metrics.meanSquaredError(y, [0, 0])],
];

const NETS: readonly Case[] = [
  ["options of a module", "({ bias: false })", (options) => String(new t.nn.Linear(2, 2, options))],
  ["a list of widths", "[3, 4]", (hidden) => String(new t.nn.Mlp({ in: 2, hidden, out: 1 }))],
  ["a list of modules", "(m) => [m]", (f) => String(new t.nn.ModuleList(f(model())))],
  ["an object of modules", "(m) => ({ m })", (f) => String(new t.nn.ModuleDict(f(model())))],
  [
    "columns of a SparseLinear",
    "[[0], [0, 1]]",
    (columns) => new t.nn.SparseLinear(2, 2, bad({ pattern: columns })).forward(x).shape,
  ],
  [
    "a pattern",
    "({ rows: Int32Array.of(0, 1), columns: Int32Array.of(1, 0), shape: [2, 2] })",
    (options) => new t.nn.SparsePattern(options),
  ],
  [
    "loadStateDict",
    "(own) => ({ ...own })",
    (f) => {
      const net = model();
      net.loadStateDict(f(model().stateDict()));
      return net.weight;
    },
  ],
  [
    "parameters of an optimizer",
    "(p) => new Set(p)",
    (f) => new t.optim.Adam(f(model().parameters())).groups.length,
  ],
  [
    "groups of an optimizer",
    "(parameters) => [{ parameters, lr: 0.5 }]",
    (f) => new t.optim.SGD(f(model().parameters()), { lr: 1 }).groups.map(({ lr }) => lr),
  ],
  [
    "betas",
    "[0.5, 0.9]",
    (betas) => new t.optim.Adam(model().parameters(), { betas }).groups[0]?.settingsNow,
  ],
  [
    "an optimizer's state",
    "(state) => JSON.parse(state)",
    (f) => {
      const optimizer = new t.optim.SGD(model().parameters(), { lr: 1 });
      optimizer.loadStateDict(f(JSON.stringify(optimizer.stateDict())));
      return optimizer.lr;
    },
  ],
  [
    "milestones",
    "[1, 2]",
    (milestones) =>
      new t.optim.MultiStepLR(new t.optim.SGD(model().parameters(), { lr: 1 }), { milestones } as never)
        .optimizer.lr,
  ],
  ["options of a cost", '({ reduction: "sum" })', (options) => t.cost.mse(x, x, options)],
  [
    "weights of classes",
    "Float32Array.of(1, 2)",
    (weight) => t.cost.crossEntropy(x, t.tensor([0, 1], { dtype: "int32" }), { weight: t.tensor(weight) }),
  ],
  [
    "a registered module's takes",
    '["width"]',
    (takes) => {
      class Net extends t.nn.Module {
        width = 1;
        forward(y: t.Tensor): t.Tensor {
          return y;
        }
      }
      return t.registerClass(`Realm${Math.random()}`, Net as never, { takes } as never);
    },
  ],
];

const TRAINING: readonly Case[] = [
  ["options of fit", "({ epochs: 2, shuffle: false, batchSize: 1 })", learn],
  ["metrics of fit", '["meanAbsoluteError"]', (metrics) => learn({ metrics })],
  [
    "metrics by name",
    "(f) => ({ own: f })",
    (f) => learn({ metrics: f((y: t.Tensor, v: t.Tensor) => t.ops.mean(t.ops.sub(y, v))) }),
  ],
  ["freeze", "[/weight/]", (freeze) => learn({ freeze, epochs: 1 })],
  ["freeze by a name", '["bias"]', (freeze) => learn({ freeze, epochs: 1 })],
  ["an asynchronous onEpoch", "async () => false", (onEpoch) => learn({ onEpoch, epochs: 3 })],
  ["a sampler", "() => Int32Array.of(1, 1)", (sampler) => learn({ sampler, epochs: 1 })],
  ["predict of a list", "(x) => [x]", (f) => t.predict(model(), f(x))],
  ["perSampleLoss of a set", "(x) => ({ x, y: x })", (f) => t.perSampleLoss(model(), bad(t.cost.mse), f(x))],
  ["evaluate", "(x) => ({ x, y: x })", (f) => t.evaluate(model(), { data: f(x), cost: bad(t.cost.mse) })],
  [
    "a Predictor's row",
    "({ a: 3 })",
    async (row) => {
      const schema = t.data.Schema.learn(
        [
          { a: 1, y: 2 },
          { a: 2, y: 3 },
        ],
        { target: "y", task: "regression" },
      );
      return await new t.Predictor(new t.nn.Mlp({ in: 1, hidden: 2, out: 1 }), schema).predict(row);
    },
  ],
  [
    "a Predictor's rows",
    "[{ a: 3 }, { a: 4 }]",
    async (rows) => {
      const schema = t.data.Schema.learn(
        [
          { a: 1, y: 2 },
          { a: 2, y: 3 },
        ],
        { target: "y", task: "regression" },
      );
      return await new t.Predictor(new t.nn.Mlp({ in: 1, hidden: 2, out: 1 }), schema).predict(rows);
    },
  ],
];

const FILES: readonly Case[] = [
  [
    "a URL",
    `new URL(${JSON.stringify(file)})`,
    async (url) => {
      await t.save(model(), url);
      return bad(await t.loadTensors(url)).tensors.weight;
    },
  ],
  ["serialize of tensors", "(x) => ({ x })", (f) => t.deserializeTensors(t.serialize(f(x)))],
  ["metadata", '({ who: "me" })', (metadata) => t.serialize({ x }, { metadata }).length],
  ["deserialize", bytesOf(t.serialize(model())), (bytes) => t.deserialize(bytes, model()).weight],
  [
    "fromJSON",
    JSON.stringify(t.toJSON(model())),
    (json) => (t.fromJSON(json, bad(model())) as t.nn.Linear).weight,
  ],
  [
    "saveState",
    "({ a: [1, 2], b: Float32Array.of(1), c: { d: null } })",
    async (state) => {
      const path = join(folder, "state");
      await t.saveState(path, state);
      return await t.loadState(path);
    },
  ],
  [
    "encodePyTorch",
    "new Map([['a', new Set([1])], ['b', Uint8Array.of(1, 2)], ['c', { d: [1n] }]])",
    (value) => interchange.encodePyTorch(value).length,
  ],
  [
    "readPyTorch",
    bytesOf(interchange.encodePyTorch({ a: [1], x })),
    (bytes) => interchange.readPyTorch(bytes),
  ],
  ["readNpy", bytesOf(interchange.encodeNpy(x)), (bytes) => interchange.readNpy(bytes)],
  ["encodeNpz", "(x) => ({ x })", (f) => interchange.readNpz(interchange.encodeNpz(f(x)))],
  [
    "encodeSafetensors",
    "(x) => ({ x })",
    (f) => interchange.readSafetensors(interchange.encodeSafetensors(f(x), { dtype: "float16" } as never)),
  ],
  [
    "fromKeras",
    "(w) => w",
    (f) => {
      const net = model();
      interchange.fromKeras(net, f([t.ones([2, 2]), t.ones([2])]));
      return net.weight;
    },
  ],
  ["importOnnx", bytesOf(exportOnnx(model(), x)), (bytes) => importOnnxSync(bytes).forward(x)],
  [
    "importOnnx by a URL",
    `new URL(${JSON.stringify(pathToFileURL(join(folder, "m.onnx")).href)})`,
    (url) => {
      exportOnnx(model(), x, { path: join(folder, "m.onnx") });
      return importOnnxSync(url).forward(x);
    },
  ],
  ["inputs of exportOnnx", "(x) => [x]", (f) => exportOnnx(model(), f(x)).length],
  ["metadata of exportOnnx", '({ a: "b" })', (metadata) => exportOnnx(model(), x, { metadata }).length],
  [
    "half precision of an array that a tensor looks at",
    "Float32Array.of(0.1, 65504, NaN, 1e-8)",
    (a) => [...interchange.encodeSafetensors({ a: t.fromTypedArray(a) }, { dtype: "bfloat16" } as never)],
  ],
];

const OTHERS: readonly Case[] = [
  [
    "minimize of a typed array",
    "Float32Array.of(1, 2)",
    async (x0) =>
      (
        await gradientFree.minimize(([a, b]) => (a as number) ** 2 + (b as number) ** 2, x0, {
          method: "nelder-mead",
          maxEvaluations: 40,
          seed: 0,
        } as never)
      ).x,
  ],
  [
    "minimize of an asynchronous function",
    "async ([a]) => a * a",
    async (f) =>
      (await gradientFree.minimize(f, [1], { method: "nelder-mead", maxEvaluations: 30, seed: 0 } as never))
        .value,
  ],
  [
    "bounds",
    "({ lower: [0], upper: Float64Array.of(1) })",
    async (bounds) =>
      (
        await gradientFree.minimize(([a]) => (a as number) ** 2, [0.5], {
          method: "differential-evolution",
          bounds,
          maxEvaluations: 30,
          seed: 0,
        } as never)
      ).value,
  ],
  [
    "parameters of a distribution",
    "[[0.5, 0.5]]",
    (p) => new distributions.Categorical({ probs: t.tensor(p) } as never).entropy(),
  ],
  ["a Box", "[Float32Array.of(-1), Float32Array.of(1)]", ([low, high]) => String(new rl.Box(low, high))],
  ["an observation", "Float32Array.of(0.5)", (o) => new rl.Box([-1], [1]).contains(o)],
  [
    "encodeObservation",
    "Float32Array.of(0, 0, 0)",
    (out) => {
      rl.encodeObservation(new rl.Discrete(3), 1, out);
      return out;
    },
  ],
  ["MultiDiscrete", "[2, 3]", (counts) => String(new rl.MultiDiscrete(counts))],
  [
    "plot.history",
    "[{ epoch: 1, loss: 2, metrics: {}, validation: null }]",
    (history) => plot.history(bad(history)).data,
  ],
  [
    "plot.roc",
    "[Float32Array.of(0.1, 0.7, 0.4), [false, true, true]]",
    ([y, target]) => plot.roc(y, target).data,
  ],
  ["plot.residuals", "[Float64Array.of(1, 2), [1, 3]]", ([y, target]) => plot.residuals(y, target).data],
  ["draw", "(x) => [x]", (f) => String(draw(model() as never, f(x) as never)).length > 0],
  [
    "TensorBoard",
    "({ scalars: { a: 1 }, histogram: Float32Array.of(1, 2), hparams: { lr: 1 }, metrics: { m: 2 } })",
    async (values) => {
      const board = new TensorBoard(join(folder, "board"));
      board.addScalars("s", values.scalars, 1);
      board.addHistogram("h", values.histogram, 1);
      board.addHparams(values.hparams, values.metrics);
      await board.close();
      return 0;
    },
  ],
  ["parseEvents", bytesOf(await events()), (bytes) => parseEvents(bytes)],
  [
    "an image of TensorBoard",
    bytesOf(encode({ width: 1, height: 1, channels: 1, depth: 8, data: Uint8Array.of(7) })),
    async (png) => {
      const board = new TensorBoard(join(folder, "images"));
      board.addImage("i", png, 1);
      await board.close();
      return parseEvents(readFileSync(board.path)).map(({ summary }) => summary);
    },
  ],
  [
    "readParquet",
    bytesOf(readFileSync("test/data/parquet/strings.parquet")),
    async (bytes) => [...(await t.data.readParquet(bytes))].slice(0, 3).map(String),
  ],
];

const REFUSED: readonly Case[] = [
  ["tensor of a DataView", "new DataView(new ArrayBuffer(4))", t.tensor],
  ["tensor of a BigInt64Array", "new BigInt64Array(1)", t.tensor],
  ["tensor of a Map", "new Map()", t.tensor],
  ["tensor of a text", "['1']", t.tensor],
  ["fromTypedArray of a list", "[1, 2]", (a) => t.fromTypedArray(a)],
  ["fromTypedArray of an Int16Array", "new Int16Array(1)", (a) => t.fromTypedArray(a)],
  ["fromTypedArray of a buffer", "new ArrayBuffer(8)", (a) => t.fromTypedArray(a)],
  [
    "fromTypedArray of shared memory",
    "new Float32Array(new SharedArrayBuffer(8))",
    (a) => t.fromTypedArray(a),
  ],
  [
    "fromTypedArray of what says it is one",
    "({ [Symbol.toStringTag]: 'Float32Array', length: 1, 0: 1 })",
    (a) => t.fromTypedArray(a),
  ],
  ["fromTypedArray of a proxy", "new Proxy(new Float32Array(1), {})", (a) => t.fromTypedArray(a)],
  ["Bytes of floats", "new Float32Array(2)", (a) => new t.data.Bytes(a, [2])],
  ["grad of a Map", "new Map()", (o) => t.grad((y: ReturnType<typeof bad>) => y)(o)],
  [
    "grad of an instance",
    "new (class Own { constructor() { this.x = 1; } })()",
    (o) => t.grad((y: ReturnType<typeof bad>) => y)(o),
  ],
  ["a misspelt option", "({ learningRate: 1 })", (options) => new t.optim.SGD(model().parameters(), options)],
  ["options in a list", "[1]", (options) => new t.optim.SGD(model().parameters(), options)],
  ["a path that is an object", "({ href: 'file:///a' })", (path) => t.loadSync(path)],
  ["a URL that is no file", "new URL('https://a.b/c')", (path) => t.loadSync(path)],
  ["a sampler that gives a list", "() => [1]", (sampler) => learn({ sampler })],
  ["freeze by a number", "[1]", (freeze) => learn({ freeze })],
  ["freeze by what says it is an expression", "[{ test: () => true }]", (freeze) => learn({ freeze })],
  ["a signal that is none", "({ aborted: true })", (signal) => learn({ signal })],
  ["metrics of a Map", "[new Map(), [1]]", ([y, target]) => t.metrics.accuracy(y, target)],
  ["bytes of a model as floats", "new Float32Array(2)", (bytes) => importOnnxSync(bytes)],
  ["encodePyTorch of a date", "new Date(0)", (value) => interchange.encodePyTorch(value)],
  ["encodeObservation into a list", "[0, 0, 0]", (out) => rl.encodeObservation(new rl.Discrete(3), 1, out)],
  ["rows of a number", "3", (rows) => new t.data.Table({ a: [1] }).take(rows)],
];

const ALL = { TENSORS, DATA, METRICS, NETS, TRAINING, FILES, OTHERS };

describe.each(Object.entries(ALL))("%s", (_, cases) => {
  test.each(cases.map((one) => [...one] as [string, string, Use]))("%s", async (_, source, use) => {
    const own = await outcome(use, here(source));
    expect(own.error).toBeUndefined();
    expect(await outcome(use, there(source))).toEqual(own);
  });
});

describe("what is no such value is refused with the same error", () => {
  test.each(REFUSED.map((one) => [...one] as [string, string, Use]))("%s", async (_, source, use) => {
    const own = await outcome(use, here(source));
    expect(own.error).toMatch(/^\w+Error: /);
    expect(await outcome(use, there(source))).toEqual(own);
  });

  test("an error of another realm is told with its name and its text", async () => {
    const open = there("() => (function* () { throw new RangeError('broken'); })()") as never;
    await expect(t.predict(model(), t.data.stream(open, { batchSize: 1 } as never) as never)).rejects.toThrow(
      /the source failed: broken$/,
    );
  });
});
