import { writeFileSync } from "node:fs";
import { Normal } from "../../lib/distributions/index.js";
import { Game } from "../../lib/games/index.js";
import * as gradientFree from "../../lib/gradient-free/index.js";
import {
  accuracy,
  cost,
  data,
  Generator,
  metrics,
  nn,
  ops,
  optim,
  saveSync,
  serialize,
  type Tensor,
  tensor,
  toJSON,
} from "../../lib/index.js";
import { encodeNpy, encodeNpz, encodePyTorch, encodeSafetensors } from "../../lib/interchange/index.js";
import { exportOnnx } from "../../lib/onnx/index.js";
import * as plot from "../../lib/plot/index.js";
import { Box, CartPole, Pendulum, ReplayBuffer } from "../../lib/rl/index.js";
import { CASES as COSTS, inputsOf as inputsOfCost, optionsOf } from "../cost/cases.js";
import {
  argumentsOf as argumentsOfDistribution,
  CASES as DISTRIBUTIONS,
  tensorsOf,
} from "../distributions/cases.js";
import { inputsOf as inputsOfModule, CASES as MODULES } from "../nn/cases.js";
import { fromOracle } from "../oracle/compare.js";
import { argumentsOf, optimizers, schedules } from "../oracle/nets.js";
import { own } from "./hostile.js";

type Seeds = Readonly<Record<string, unknown[]>>;

/** Arguments that go well, of an export and what hangs on it: those that chance would not find. */
export function seedsOf(name: string): Seeds {
  const all: Seeds = {
    ...byHand(),
    ...ofModule(name),
    ...ofOptimizer(name),
    ...ofSchedule(name),
    ...ofCost(name),
    ...ofDistribution(name),
    ...ofKeeping(name),
    ...ofRows(name),
  };
  const own = Object.entries(all).filter(
    ([key]) => key === name || key.startsWith(`${name}.`) || key === `${name}()`,
  );
  return Object.fromEntries(own);
}

/** Of a buffer that holds steps, which samples as it is seeded. */
function ofReplay(): Seeds {
  const options = { observationShape: [2], actionDType: "float32" } as const;
  const steps = {
    observation: tensor([[1, 2]]),
    action: tensor([3]),
    reward: tensor([4]),
    nextObservation: tensor([[5, 6]]),
    terminated: tensor([true]),
  };
  const buffer = new ReplayBuffer(4, options);
  buffer.append(steps);
  return {
    "rl.ReplayBuffer": [4, options],
    "rl.ReplayBuffer.append": [steps],
    "rl.ReplayBuffer.sample": [2, new Generator(0)],
    "rl.ReplayBuffer.loadStateDict": [buffer.stateDict()],
  };
}

/** Of metrics: of classes, with their options; the metrics of numbers take what those take. */
function ofMetrics(): Seeds {
  const scores = [
    [0.2, 0.5, 0.3],
    [0.1, 0.1, 0.8],
    [0.6, 0.4, 0],
  ];
  const ofClasses = [
    scores,
    [1, 2, 1],
    { outputs: "probabilities", ignoreIndex: 2, sampleWeight: [1, 2, 0.5] },
  ];
  const labels = [
    [0, 1, 1],
    [0, 1, 0],
    { average: "macro", labels: [0, 1], zeroDivision: 1, sampleWeight: [1, 2, 1] },
  ];
  const numbers = [scores, [...scores].reverse(), { multioutput: [1, 2, 3], sampleWeight: [1, 2, 1] }];
  const own = ["bias", { collect: (y: Tensor) => ({ y }), compute: () => 1, gives: "one" }];
  return {
    accuracy: ofClasses,
    ...Object.fromEntries(
      Object.keys(metrics).map((name) => [
        `metrics.${name}`,
        /Error$|^r2$|^explained|^spearman$/.test(name) && name !== "expectedCalibrationError"
          ? numbers
          : /^(precision|recall|f1|fBeta)$/.test(name)
            ? labels
            : ofClasses,
      ]),
    ),
    "metrics.defineMetric": own,
  };
}

/** Of a module's first case. */
function ofModule(name: string): Seeds {
  const one = MODULES.find(
    ([
      ,
      {
        own: { name: kind },
      },
    ]) => `nn.${kind}` === name,
  )?.[1];
  if (one === undefined) return {};
  const module = one.own.make();
  const weights = Object.fromEntries(
    Array.from(module.namedParameters(), ([key, w]) => [key, ops.neg(w.detach())]),
  );
  return {
    [name]: argumentsOf(one.own),
    [`${name}.forward`]: inputsOfModule(one, { dtype: "float32" }),
    [`${name}.loadStateDict`]: [module.stateDict()],
    [`${name}.withParameters`]: [weights, own(() => 1)],
  };
}

function ofOptimizer(name: string): Seeds {
  const kind = optimizers().find((one) => `optim.${one.name}` === name);
  if (kind === undefined) return {};
  const { resumed } = kind.description;
  const parameter = (): Tensor => tensor([[1, 2]], { requiresGrad: true });
  return {
    [name]: [[parameter()], { ...resumed }],
    [`${name}.loadStateDict`]: [kind.make([parameter()], resumed).stateDict()],
  };
}

function ofSchedule(name: string): Seeds {
  const one = schedules("cases").find((each) => `optim.${each.name}` === name);
  if (one === undefined) return {};
  const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })], { lr: 0.1, momentum: 0.5 });
  const state = one.make(optimizer).stateDict();
  return {
    ...(one.options === null ? {} : { [name]: [optimizer, one.options] }),
    [`${name}.loadStateDict`]: [state],
  };
}

function ofCost(name: string): Seeds {
  const one = COSTS.find(([, each]) => `cost.${each.own.name}` === name)?.[1];
  return one === undefined ? {} : { [name]: [...inputsOfCost(one), optionsOf(one)] };
}

/** Of the methods of order zero: a call, and the state of each strategy. */
function ofMethods(): Seeds {
  const { minimize: _, minimizeModule: __, Strategy: ___, ModuleEvolution, ...classes } = gradientFree;
  const states = Object.entries(classes).map(([name, Kind]) => {
    const strategy = new Kind([1, 2], { maxEvaluations: 9 });
    strategy.ask();
    return [`gradient-free.${name}.loadStateDict`, [strategy.stateDict()]] as const;
  });
  const sum = own(([a, b]: Float64Array) => (a as number) ** 2 + (b as number) ** 2);
  const options = { method: "cma-es", sigma: 0.5, maxEvaluations: 60, bounds: { lower: -3, upper: 3 } };
  const model = new nn.Linear(2, 1);
  const x = tensor([
    [1, 2],
    [3, 4],
    [0, 1],
  ]);
  const loss = own((m: nn.Linear, inputs: Tensor, targets: Tensor) =>
    cost.mse(m.forward(inputs).flatten(), targets),
  );
  const searched = {
    data: { x, y: tensor([1, 2, 3]) },
    batchSize: 2,
    chunk: 4,
    populationSize: 8,
    sigma: 0.1,
    lr: 0.1,
  };
  return {
    ...Object.fromEntries(states),
    "gradient-free.minimizeModule": [
      model,
      loss,
      { ...searched, method: "openai-es", maxGenerations: 2, target: 0, optimizer: "sgd", momentum: 0.5 },
    ],
    "gradient-free.ModuleEvolution": [model, loss, searched],
    "gradient-free.ModuleEvolution.run": [2],
    "gradient-free.ModuleEvolution.loadStateDict": [
      new ModuleEvolution(model, loss as never, searched).stateDict(),
    ],
    ...Object.fromEntries(
      Object.keys(classes).map((name) => [`gradient-free.${name}`, [[1, 2], { seed: 1 }]]),
    ),
    "gradient-free.minimize": [
      sum,
      [1, 2],
      { ...options, tolerance: 1e-3, restarts: "ipop", batched: false },
    ],
  };
}

/** Of a distribution's first case. */
function ofDistribution(name: string): Seeds {
  const one = DISTRIBUTIONS.find(({ family }) => `distributions.${family}` === name);
  if (one === undefined) return {};
  const [value, probability] = [fromOracle(one.value), fromOracle(one.probability)];
  return {
    [name]: argumentsOfDistribution(one, tensorsOf(one)),
    [`${name}.logProb`]: [value],
    [`${name}.cdf`]: [value],
    [`${name}.icdf`]: [probability],
    [`${name}.sample`]: [[2], { generator: new Generator(1) }],
    [`${name}.rsample`]: [[2], { straightThrough: true }],
  };
}

/** Of models in files: calls with a model to be filled, since options go with it. */
function ofKeeping(name: string): Seeds {
  const model = new nn.Linear(3, 2);
  const options = { strict: false, rename: own((key: string) => key) };
  const path = "seed.safetensors";
  if (/^load/.test(name)) saveSync(model, path);
  const saving = { dtype: "float16", metadata: { epoch: "1" } };
  class Own extends nn.Linear {}
  return {
    save: [model, path, saving],
    saveSync: [model, path, saving],
    serialize: [model, saving],
    load: [path, model, options],
    loadSync: [path, model, options],
    loadTensors: [path],
    loadTensorsSync: [path],
    deserialize: [serialize(model), model, options],
    deserializeTensors: [serialize(model)],
    toJSON: [model],
    fromJSON: [toJSON(model), model, options],
    registerClass: ["Own", Own, { takes: ["inFeatures"], rest: "list", options: own(() => ({})) }],
  };
}

/** Of plots, and of what records for them. */
function ofPlots(): Seeds {
  const model = new nn.Linear(2, 2);
  const data = {
    x: tensor([
      [1, 2],
      [3, 1],
      [0, 1],
    ]),
    y: tensor([0, 1, 1], { dtype: "int32" }),
  };
  const report = { epoch: 1, loss: 1, metrics: { a: 1 }, validation: null, seconds: 1, samplesPerSecond: 1 };
  const history = [report, { ...report, epoch: 2, validation: { loss: 0.5 } }];
  const landscape = { points: 5, span: 0.5, levels: 3, scale: "linear", seed: 1, title: "a" };
  const ways = { a: new plot.Way(model) };
  const log = new plot.GradientLog(model);
  log.record();
  const scores = [0.2, 0.7, 0.6];
  const schedule = own((o: optim.SGD) => new optim.StepLR(o, { stepSize: 2 }));
  return {
    "plot.history": [{ a: history }, { smoothing: 0.5, scale: "log", figures: ["loss"], title: "a" }],
    "plot.landscape": [
      model,
      cost.crossEntropy,
      data,
      { ...landscape, kind: "surface", directions: "random" },
    ],
    "plot.trajectory": [
      model,
      cost.crossEntropy,
      data,
      { ...landscape, ways, directions: ["weight[0, 0]", "bias[0]"] },
    ],
    "plot.Way": [model, { most: 3 }],
    "plot.GradientLog": [model, cost.crossEntropy, data],
    "plot.gradients": [log, { by: "parameter", scale: "linear", title: "a" }],
    "plot.weights": [model, { parameters: ["weight"], kind: "matrix", bins: 3, title: "a" }],
    "plot.activations": [model, data.x, { bins: 3, title: "a" }],
    "plot.decision": [
      model,
      data,
      { points: 5, classNames: ["a", "b"], featureNames: ["u", "v"], outputs: "logits" },
    ],
    "plot.jacobian": [model, tensor([1, 2]), { title: "a" }],
    "plot.confusion": [[0, 1, 1], [0, 1, 0], { classNames: ["a", "b"], normalize: "true", title: "a" }],
    "plot.roc": [scores, [0, 1, 1], { sampleWeight: [1, 2, 1], classNames: ["a", "b"], title: "a" }],
    "plot.precisionRecall": [scores, [0, 1, 1], { classNames: ["a", "b"], title: "a" }],
    "plot.calibration": [scores, [0, 1, 1], { bins: 3, title: "a" }],
    "plot.residuals": [scores, [0.1, 0.9, 0.4], { title: "a" }],
    "plot.lrFinder": [
      { rates: [0.1, 0.2], losses: [1, 2], suggestion: 0.1 },
      { scale: "log", title: "a" },
    ],
    "plot.schedule": [{ a: schedule }, { steps: 3, lr: 0.1, scale: "log", figures: [1, 2, 3], title: "a" }],
  };
}

/** Of files of rows, which is written where they are asked for. */
function ofRows(name: string): Seeds {
  const path = "seed.rows";
  if (name === "data.openRows") writeFileSync(path, Uint8Array.of(0, 1, 2, 3, 4, 5));
  const parts = {
    x: { dtype: "uint8", shape: [1], offset: 0, scale: 2 },
    y: { dtype: "uint8", as: "float32" },
  };
  return {
    "data.openRows": [path, parts, { header: 2, rowBytes: 2 }],
    "data.openRows.read": [[1, 0]],
    "data.openRows.slice": [0, 2],
    "data.openRows.select": [[1]],
    "data.openRows.batches": [{ batchSize: 2, shuffle: true, seed: 1, dropLast: true, readAhead: 1 }],
  };
}

/** Of tables, schemas and what takes them. */
function ofTables(): Seeds {
  const rows = [
    { a: 1, c: "u", ok: true, at: new Date(0) },
    { a: 2.5, c: null, ok: false, at: new Date(1e12) },
    { a: 3, c: "v", ok: true, at: null },
  ];
  const table = new data.Table(rows);
  const learning = {
    target: "ok",
    scale: { a: "range" },
    embed: ["c"],
    unknown: "stand-in",
    missing: "mean",
  };
  const schema = data.Schema.learn(table, { target: "ok" });
  const options = { columns: ["a", "c"], types: { a: "category" }, missing: ["?"] };
  return {
    "data.Table": [rows, options],
    "data.Table.with": [{ b: [1, 2, 3], d: own((row: object) => Object.keys(row).length) }],
    "data.Table.sort": ["a", { descending: true }],
    "data.Table.filter": [own(() => true)],
    "data.readCsv": [
      Buffer.from("a,b\n1,x\n?,y\n"),
      { ...options, columns: ["a"], separator: ",", trim: true },
    ],
    "data.readJsonLines": [Buffer.from('{"a":1,"c":"x"}\n'), options],
    "data.readParquet": [Buffer.from("PAR1"), { ...options, maxBytes: 1000 }],
    "data.Schema": [schema.toJSON()],
    "data.Schema.learn": [table, learning],
    "data.Schema.fromJSON": [schema.toJSON()],
    "data.Schema.transform": [rows],
    "data.Schema.encode": [rows],
    "data.Schema.inverse": [tensor([[1, 2]]), { outputs: "probabilities" }],
    Predictor: [new nn.Linear(schema.size, 2), schema, { outputs: "logits" }],
    "Predictor.load": ["nowhere.safetensors", new nn.Linear(schema.size, 2)],
    "Predictor.deserialize": [serialize(new nn.Linear(schema.size, 2), { schema })],
    "Predictor.predict": [rows, { batchSize: 2 }],
    "Predictor.evaluate": [rows, { metrics: ["accuracy", "rocAuc"], sampleWeight: [1, 2, 1], batchSize: 2 }],
    "data.split": [{ table, y: [0, 1, 0] }, [0.5, 0.5], { seed: 1, shuffle: true }],
    "data.kFold": [table, 2, { seed: 1 }],
    "data.stream": [
      own(() => rows),
      { schema, batchSize: 2, shuffleBuffer: 2, dropLast: true, readAhead: 1 },
    ],
    "data.StreamDataset": [own(() => rows), { schema, batchSize: 2 }],
    "data.padded": [{ value: 1, multipleOf: 2, side: "left", integers: true, dtypes: { y: "int32" } }],
    "data.pad": [[[1, 2], [3]], { value: 1, length: 2, side: "left", integers: true }],
    "data.toClasses": [["a", "b"], { classes: ["b", "a"] }],
    "data.images": [[Uint8Array.of(1, 2, 3)], { width: 1, height: 1, channels: 3, scale: 2 }],
    "data.sampler": [{ weights: [1, 2], count: 3, seed: 1 }],
    "data.sampler()": [1],
  };
}

/** A model of two inputs and two targets. */
class Heads extends nn.Module<[inputs: { a: Tensor; b: Tensor }], { kind: Tensor; size: Tensor }> {
  readonly kind = new nn.Linear(3, 2);
  readonly size = new nn.Linear(3, 3);
  forward({ a, b }: { a: Tensor; b: Tensor }) {
    return { kind: this.kind.forward(a), size: this.size.forward(b) };
  }
}

function byHand(): Seeds {
  const model = new nn.Sequential(new nn.Linear(3, 3), new nn.Tanh(), new nn.Linear(3, 2));
  const linear = new nn.Linear(3, 2);
  const x = tensor([
    [1, 2, 3],
    [3, 2, 1],
    [0, 1, 0],
  ]);
  const y = tensor([0, 1, 1], { dtype: "int32" });
  const samples = { x, y };
  const loss = own(() => cost.crossEntropy(linear.forward(x), y));
  const outputs = own(() => linear.forward(x));
  const ofOutputs = own((z: Tensor) => cost.crossEntropy(z, y));
  const sgd = (of: nn.Module): optim.SGD => new optim.SGD(of.parameters(), { lr: 0.1, momentum: 0.5 });
  const generator = new Generator(1);
  const optimizer = sgd(linear);
  const run = {
    model: linear,
    optimizer,
    schedules: [new optim.StepLR(optimizer, { stepSize: 2 })],
    averages: [new optim.WeightAverage(linear.parameters())],
    generators: [generator],
    parts: { model },
  };
  const players = [
    { parameters: linear, cost: own((m: nn.Linear) => m.forward(x).square().sum()) },
    {
      parameters: [tensor([1])],
      cost: own((_: nn.Linear, [v]: readonly Tensor[]) => (v as Tensor).exp().sum()),
    },
  ] as const;
  return {
    fit: [
      model,
      {
        data: samples,
        cost: cost.crossEntropy,
        optimizer: sgd(model),
        epochs: 1,
        batchSize: 2,
        validation: samples,
        metrics: { accuracy },
        shuffle: true,
        seed: 1,
        checkpoint: { path: "fit", every: { steps: 1 }, keep: 2, best: { monitor: "accuracy", mode: "max" } },
        state: { generators: [generator], extra: own(() => 1) },
      },
    ],
    ...Object.fromEntries(
      ["", "Sync"].flatMap((how) => [
        [`saveCheckpoint${how}`, ["run", { ...run, extra: [x, 1n] }]],
        [`loadCheckpoint${how}`, ["run", run]],
        [`saveState${how}`, ["state", { x, list: [Number.NaN, { a: Float64Array.of(1) }] }]],
        [`loadState${how}`, ["state"]],
      ]),
    ),
    "draw.draw": [model, x, { style: "backward", cost: ofOutputs, direction: "down", open: 1, values: true }],
    "draw.draw.game": [players, { direction: "up" }],
    "draw.draw.loss": [model, cost.crossEntropy, samples, { over: "set", open: ["0"], states: false }],
    "rl.Box": [-1, 1, { shape: [2] }],
    "rl.Discrete": [3, { start: 1 }],
    "rl.MultiBinary": [[2, 2]],
    "rl.MultiDiscrete": [[2, 3]],
    "rl.ClipAction": [new Pendulum()],
    "rl.ClipAction.step": [[0.5]],
    "rl.RescaleAction": [new Pendulum(), -1, 1],
    "rl.RescaleAction.step": [[0.5]],
    "rl.FrameStackObservation": [new CartPole(), 2],
    "rl.FrameStackObservation.step": [1],
    "rl.TimeLimit": [new CartPole(), 2],
    "rl.TimeLimit.step": [1],
    "rl.TransformObservation": [new CartPole(), own((x: unknown) => x), new Box(-9, 9, { shape: [4] })],
    "rl.TransformObservation.step": [1],
    "rl.TransformReward": [new CartPole(), own((x: number) => x / 2)],
    "rl.TransformReward.step": [1],
    "rl.A2C": [new CartPole(), { environments: 2 }],
    "rl.PPO": [
      new CartPole(),
      { environments: 2, rolloutSteps: 4, batchSize: 4, clipRangeValue: 0.2, targetKl: 0.1 },
    ],
    "rl.REINFORCE": [new CartPole(), { environments: 2, baseline: "mean", maxEpisodeSteps: 5 }],
    "rl.preset": ["PPO", "CartPole-v1"],
    "rl.SyncVectorEnvironment": [own(() => new CartPole()), { n: 2 }],
    "rl.SyncVectorEnvironment.reset": [{ seed: 1 }],
    "rl.SyncVectorEnvironment.step": [[0, 1]],
    "rl.encodeObservation": [new Box(-1, 1), [0], new Float32Array(2), 1],
    "rl.observationSize": [new Box(-1, 1)],
    "rl.CartPole.reset": [{ seed: 1, options: { low: 0 } }],
    "rl.CartPole.step": [1],
    "rl.Bicycle.step": [[0, 1]],
    "rl.TensorEnvironment": [new CartPole().dynamics, 3, { seed: 1, dtype: "float64" }],
    "rl.TensorEnvironment.step": [tensor([0, 1, 0], { dtype: "int32" })],
    ...ofReplay(),
    "rl.checkEnvironment": [new CartPole(), { steps: 3 }],
    "interchange.readSafetensors": [encodeSafetensors({ x, y }), { integers: "float64" }],
    "interchange.writeSafetensors": ["a.safetensors", { x, y }, { dtype: "float16", metadata: { a: "b" } }],
    "interchange.encodeSafetensors": [
      { x, y },
      { dtype: { y: "uint8" }, metadata: { a: "b" } },
    ],
    "interchange.readNpy": [encodeNpy(x), { integers: "float64" }],
    "interchange.writeNpy": ["a.npy", x, { dtype: "float16" }],
    "interchange.encodeNpy": [y, { dtype: "uint8" }],
    "interchange.readNpz": [encodeNpz({ x, y }), { integers: "int32", uint8: "bytes", maxBytes: 1000 }],
    "interchange.writeNpz": ["a.npz", { x, y }, { compressed: true, dtype: { y: "uint8" } }],
    "interchange.encodeNpz": [
      { x, y },
      { compressed: true, dtype: "float16" },
    ],
    "onnx.importOnnx": [
      exportOnnx(model, x, { outputNames: ["y"] }),
      { outputs: ["y"], role: own(() => "buffer") },
    ],
    "onnx.importOnnxSync": [
      exportOnnx(model, x, { outputNames: ["y"] }),
      { externalData: { a: Uint8Array.of(1) } },
    ],
    "onnx.exportOnnx": [
      model,
      x,
      { opset: 18, dynamicBatch: true, inputNames: ["x"], outputNames: ["y"], metadata: { a: "b" } },
    ],
    "tensorboard.TensorBoard": ["run", { filenameSuffix: ".x" }],
    "tensorboard.TensorBoard.addScalar": ["loss", 0.5, 1],
    "tensorboard.TensorBoard.addScalars": ["loss", { a: 1, b: 2 }, 1],
    "tensorboard.TensorBoard.addHistogram": ["x", x, 1],
    "tensorboard.TensorBoard.addParameters": [linear, 1],
    "tensorboard.TensorBoard.addImage": ["image", x, 1, { dataFormat: "HW" }],
    "tensorboard.TensorBoard.addGraph": [linear, x],
    "tensorboard.TensorBoard.addText": ["text", "a", 1],
    "tensorboard.TensorBoard.addHparams": [{ lr: 0.1, name: "a" }, { accuracy: 1 }],
    "distributions.klDivergence": [new Normal(0, 1), new Normal(1, 2)],
    "distributions.registerKL": [class extends Normal {}, class extends Normal {}, own(() => x)],
    compile: [own((v: Tensor) => v.exp())],
    "compile()": [x],
    "compile.runAsync": [x],
    "compile.explain": [x],
    "compile.loop": [[x], y, 1],
    "compile.loopAsync": [[x], y, 1],
    grad: [own((v: Tensor) => v.sum())],
    "grad()": [x],
    valueAndGrad: [own((v: Tensor) => v.square().sum())],
    "valueAndGrad()": [x],
    vmap: [own((v: Tensor) => v.exp())],
    "vmap()": [x],
    jacobian: [own((v: Tensor) => v.square())],
    "jacobian()": [x],
    hessian: [own((v: Tensor) => v.square().sum())],
    "hessian()": [x],
    hvp: [own((v: Tensor) => v.square().sum()), [x], [x]],
    jvp: [own((v: Tensor) => v.square()), [x], [x]],
    vjp: [own((v: Tensor) => v.square()), x],
    ...ofMethods(),
    ...ofPlots(),
    "optim.findLearningRate": [sgd(linear), own(() => 1), { steps: 3 }],
    evaluate: [
      new Heads(),
      {
        data: { x: { a: x, b: x }, y: { kind: y, size: x } },
        cost: { kind: cost.crossEntropy, size: cost.mse },
        costWeights: { size: 0.5 },
        metrics: { kind: { accuracy }, size: ["r2"] },
        sampleWeight: [1, 2, 1],
        batchSize: 2,
      },
    ],
    crossValidate: [
      own(() => ({ model: linear, optimizer: sgd(linear) })),
      samples,
      { folds: 2, cost: cost.crossEntropy, metrics: ["accuracy"], stratify: [0, 1] },
    ],
    ...ofMetrics(),
    predict: [model, x, { batchSize: 2 }],
    averageLoss: [model, cost.crossEntropy, samples],
    perSampleLoss: [model, cost.crossEntropy, samples],
    perSampleGradients: [model, cost.crossEntropy, x, y],
    jacobians: [linear, tensor([1, 2, 3])],
    chain: [[linear, new nn.Tanh()], own((z: Tensor) => z.sum()), tensor([1, 2, 3])],
    checkGradients: [own((v: Tensor) => v.square()), [tensor([1, 2], { dtype: "float64" })], { order: 2 }],
    checkpoint: [own((block: nn.Module, v: Tensor) => block.forward(v)), linear, x],
    defineFunction: [
      "own",
      { forward: own((v: Tensor) => v.exp()), vjp: own(({ dy }: { dy: Tensor }) => [dy]) },
    ],
    "optim.newton": [linear, loss, { damping: 1 }],
    "optim.gaussNewton": [linear, outputs, ofOutputs, { damping: 1 }],
    "optim.kfac": [linear, outputs, ofOutputs, { damping: 1 }],
    "optim.ChainedScheduler": [[new optim.ConstantLR(sgd(linear))]],
    "optim.SequentialLR": [sgd(linear), [new optim.ConstantLR(sgd(linear))], { milestones: [] }],
    "ops.defineOp": [
      "own",
      {
        inputs: ["x"],
        kernel: "sin",
        shape: own(({ x: v }: { x: Tensor }) => v),
        params: own(({ x: v }: { x: Tensor }) => [1, v.size, 1]),
      },
    ],
    "ops.linear": [
      "own",
      {
        inputs: ["x"],
        kernel: "neg",
        shape: own(({ x: v }: { x: Tensor }) => v),
        params: own(({ x: v }: { x: Tensor }) => [1, v.size, 1]),
        transpose: own(({ dy }: { dy: Tensor }) => dy),
      },
    ],
    "ops.elementwise": ["tanh", { takes: "float", slope: { x: own(({ y: v }: { y: Tensor }) => v) } }],
    "ops.einsum": ["ij,jk->ik", [x, x]],
    "cost.defineCost": [
      "own",
      { perSample: own((a: Tensor, b: Tensor) => a.sub(b).square().sum({ dim: 1 })) },
    ],
    "data.DataLoader": [samples, { batchSize: 2, shuffle: true, seed: 1, dropLast: true }],
    ...ofTables(),
    "data.Bytes": [new Uint8Array(6), [2, 3], { scale: 2, zeroPoint: 1, dtype: "float32" }],
    "games.Game": [players, { method: "optimistic", order: "alternating", lr: 0.1 }],
    "games.Game.loadStateDict": [new Game(players, { method: "optimistic", lr: 0.1 }).stateDict()],
    "games.play": [
      players,
      { method: "extragradient", past: true, lr: 0.1, steps: 2, data: [x], batchSize: 2, compiled: false },
    ],
    "games.simultaneousGradient": [players],
    "games.gameJacobian": [players],
    "games.updateJacobian": [players, { method: "lola", opponentLr: 0.1, firstOrder: true, lr: 0.1 }],
    "games.spectralRadius": [x],
    "interchange.fromKeras": [linear, [ops.transpose(linear.weight, 0, 1), linear.bias]],
    "interchange.fromFlax": [
      linear,
      { params: { Dense_0: { kernel: ops.transpose(linear.weight, 0, 1), bias: linear.bias } } },
      { names: { "": "Dense_0" } },
    ],
    "interchange.encodePyTorch": [
      { model, optimizer: sgd(linear), x, list: [1, 2n, "a", null] },
      { dtype: "float16" },
    ],
    "interchange.writePyTorch": ["seed.pt", { model, optimizer: sgd(linear) }, { dtype: "bfloat16" }],
    "interchange.readPyTorch": [encodePyTorch({ model, x }), { integers: "float64", maxBytes: 1 << 20 }],
    "data.parseIdx": [Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 8)],
  };
}
