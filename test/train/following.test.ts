import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  data,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  IndexError,
  manualSeed,
  nn,
  ones,
  ops,
  optim,
  predict,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const generator = new Generator(3);
const x = generator.normal([64, 4]);
const y = generator.normal([64, 2]);
const labels = ops.to(ops.mul(generator.uniform([64]), 3), "int32");

const layerOf = (model: nn.Module, i: number): nn.Module => [...model.namedChildren()][i]?.[1] as nn.Module;
const bits = (model: nn.Module): number[] => model.parameters().flatMap((parameter) => [...parameter.data]);
const copy = (t: Tensor): Tensor => tensor(t.data, { shape: t.shape });

describe("a data set that changes during a fit", () => {
  type Set = { x: Tensor | data.Bytes; y: Tensor };
  const floats = (): Set => ({ x: copy(x), y: copy(y) });
  const bytes = (): Set => ({ x: new data.Bytes(new Uint8Array(256).fill(1), [64, 4]), y: copy(y) });
  const transfer = (array: { buffer: ArrayBufferLike }): void => {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  };

  test.each<[string, () => Set, (set: Set) => void]>([
    ["its samples are overwritten", floats, (set) => (set.x as Tensor).data.fill(100)],
    ["its targets are overwritten", floats, (set) => set.y.data.fill(100)],
    ["its samples are transferred", floats, (set) => transfer((set.x as Tensor).data)],
    ["its targets are transferred", floats, (set) => transfer(set.y.data)],
    ["its bytes are overwritten", bytes, (set) => (set.x as data.Bytes).values.fill(100)],
    ["its bytes are transferred", bytes, (set) => transfer((set.x as data.Bytes).values)],
  ])("changes nothing if %s", async (_, make, change) => {
    const run = async (when: "never" | "at once" | "in a callback"): Promise<number[]> => {
      manualSeed(1);
      const model = new nn.Linear(4, 2);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
      const set = make();
      let steps = 0;
      const running = fit(model, {
        data: set,
        validation: set,
        cost: cost.mse,
        optimizer,
        epochs: 3,
        batchSize: 8,
        onBatch: () => {
          if (++steps === 5 && when === "in a callback") change(set);
        },
      });
      if (when === "at once") change(set);
      const history = await running;
      return history.flatMap(({ loss, validation }) => [loss, validation?.["loss"] as number]);
    };
    // After this run the programs' pace is measured: later runs take more steps before they let the event loop run.
    const expected = await run("never");
    expect(await run("at once")).toEqual(expected);
    expect(await run("in a callback")).toEqual(expected);
  });

  test("changes nothing in a prediction of several batches, nor in an evaluation", async () => {
    const model = new nn.Linear(4, 2);
    const expected = (await predict(model, x, { batchSize: 10 })).toArray();
    const loss = await evaluate(model, { data: { x, y }, cost: cost.mse, batchSize: 10 });
    const set = floats() as { x: Tensor; y: Tensor };
    const predicting = predict(model, set.x, { batchSize: 10 });
    const evaluating = evaluate(model, { data: set, cost: cost.mse, batchSize: 10 });
    set.x.data.fill(0);
    set.y.data.fill(0);
    expect((await predicting).toArray()).toEqual(expected);
    expect(await evaluating).toEqual(loss);
  });
});

describe("a cost that is not a mean over samples", () => {
  const model = new nn.Linear(4, 3, { dtype: "float64" });
  const samples = { x: ops.to(x, "float64"), y: labels };
  const weight = tensor([1, 5, 0.1], { dtype: "float64" });
  const scores = (): Tensor => model.forward(samples.x);
  const COSTS: [string, (scores: Tensor, target: Tensor) => Tensor][] = [
    ["class weights", (s, t) => cost.crossEntropy(s, t, { weight })],
    ["ignored labels", (s, t) => cost.crossEntropy(s, t, { ignoreIndex: 1 })],
    ["a sum", (s, t) => cost.crossEntropy(s, t, { reduction: "sum" })],
    ["a root", (s, t) => ops.sqrt(cost.crossEntropy(s, t))],
  ];

  test.each(COSTS)("with %s is that of the whole set, for any batch size", async (_, of) => {
    const expected = of(scores(), labels).item();
    for (const batchSize of [1, 5, 33, 64]) {
      const found = await evaluate(model, { data: samples, cost: of, batchSize, metrics: { same: of } });
      expect(found["loss"]).toBeCloseTo(expected, 12);
      expect(found["same"]).toBeCloseTo(expected, 12);
    }
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const [report] = await fit(model, { data: samples, validation: samples, cost: of, optimizer });
    expect(report?.validation?.["loss"]).toBeCloseTo(expected, 12);
  });

  test("has a value if a batch has only ignored labels", async () => {
    const targets = tensor([1, 1, 0, 2, 1, 0], { dtype: "int32" });
    const of = (s: Tensor, t: Tensor): Tensor => cost.crossEntropy(s, t, { ignoreIndex: 1 });
    const six = ops.slice(samples.x, 0, { start: 0, end: 6 });
    const found = await evaluate(model, { data: { x: six, y: targets }, cost: of, batchSize: 2 });
    expect(found["loss"]).toBeCloseTo(of(model.forward(six), targets).item(), 12);
  });

  test("is checked like a defined cost: shapes before anything runs", async () => {
    const wrong = (s: Tensor, t: Tensor): Tensor =>
      ops.mul(cost.crossEntropy(s, t), ones([2], { dtype: "float64" }));
    await expect(evaluate(model, { data: samples, cost: wrong })).rejects.toThrow(/scalar/);
  });
});

describe("a model that changes in a callback", () => {
  const train = async (model: nn.Module, change: (epoch: number) => void, more: Partial<FitOptions> = {}) => {
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { data: { x, y }, cost: cost.mse, optimizer, epochs: 3, batchSize: 16, shuffle: false };
    return fit(model, { ...options, onEpoch: ({ epoch }) => change(epoch), ...more });
  };

  test("continues with the parameters that are frozen then", async () => {
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 2));
    const first = layerOf(model, 0) as nn.Linear;
    const seen: number[][] = [];
    await train(model, (epoch) => {
      seen.push([...first.weight.data]);
      if (epoch === 1) first.weight.requiresGrad = false;
      if (epoch === 2) first.weight.requiresGrad = true;
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).not.toEqual(seen[1]);
  });

  test.each<[string, (model: nn.Sequential) => void]>([
    ["another rate of Dropout", (model) => Object.assign(layerOf(model, 0) as nn.Dropout, { p: 0 })],
    ["a module in evaluation mode", (model) => (layerOf(model, 0) as nn.Dropout).eval()],
    ["another module", (model) => Object.assign(model, { list: [new nn.Identity(), layerOf(model, 1)] })],
    [
      "a hook",
      (model) => {
        (layerOf(model, 0) as nn.Dropout).registerForwardHook((_, [input]) => input as Tensor);
      },
    ],
  ])("continues with %s", async (_, change) => {
    const model = new nn.Sequential(new nn.Dropout(0.99), new nn.Linear(4, 2));
    const history = await train(model, (epoch) => epoch === 1 && change(model), { batchSize: 64, epochs: 2 });
    // Without dropout, the loss of the second epoch is that of the current model.
    const expected = cost.mse((layerOf(model, 1) as nn.Linear).forward(x), y).item();
    const again = await train(model, () => {}, { batchSize: 64, epochs: 1 });
    expect(again[0]?.loss).toBeCloseTo(expected, 5);
    manualSeed(0);
    const fresh = new nn.Sequential(new nn.Dropout(0.99), new nn.Linear(4, 2));
    expect(history[1]?.loss).not.toBe((await train(fresh, () => {}, { batchSize: 64, epochs: 2 }))[1]?.loss);
  });

  test("continues with a module that is added to a list", async () => {
    class Listed extends nn.Module {
      readonly layers = new nn.ModuleList([new nn.Linear(4, 2)]);
      forward(z: Tensor): Tensor {
        return [...this.layers].reduce((state, layer) => layer.forward(state), z);
      }
    }
    const model = new Listed();
    const more = { batchSize: 64, epochs: 2, optimizer: new optim.SGD(model.parameters(), { lr: 0 }) };
    const history = await train(
      model,
      (epoch) => {
        if (epoch === 1) model.layers.append(new nn.Linear(2, 2));
      },
      more,
    );
    expect(history[1]?.loss).toBeCloseTo(cost.mse(model.forward(x), y).item(), 5);
  });

  test("continues with a changed number in a user's module", async () => {
    class Scaled extends nn.Module {
      readonly linear = new nn.Linear(4, 2);
      scale = 1;
      calls = 0;
      forward(z: Tensor): Tensor {
        this.calls++;
        return ops.mul(this.linear.forward(z), this.scale);
      }
    }
    const model = new Scaled();
    const history = await train(
      model,
      () => {
        model.scale *= 10;
      },
      { epochs: 3, batchSize: 64, optimizer: new optim.SGD(model.parameters(), { lr: 0 }) },
    );
    const expected = [1, 10, 100].map((scale) => cost.mse(ops.mul(model.linear.forward(x), scale), y).item());
    history.forEach(({ loss }, i) => {
      expect(loss).toBeCloseTo(expected[i] as number, 2);
    });
    // Once for each scale: fields that forward itself changes do not count.
    expect(model.calls).toBe(3);
  });
});

describe("a fit that fails", () => {
  test("changes nothing if a label is bad, also with a user's cost", async () => {
    const bad = copy(labels);
    bad.data[60] = 7;
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3));
    const optimizer = new optim.Adam(model.parameters());
    const of = (s: Tensor, t: Tensor): Tensor => cost.crossEntropy(s, t, { labelSmoothing: 0.1 });
    const options = { cost: of, optimizer, batchSize: 8, shuffle: false };
    await fit(model, { ...options, data: { x, y: labels } });
    const before = JSON.stringify([model.stateDict(), optimizer.stateDict()]);
    const failing = fit(model, { ...options, shuffle: true, data: { x, y: bad } });
    await expect(failing).rejects.toThrow(IndexError);
    await expect(failing).rejects.toThrow(/7 at position .*: data\.y of sample 60$/);
    expect(JSON.stringify([model.stateDict(), optimizer.stateDict()])).toBe(before);
  });

  test.each<[string, (s: Tensor, t: Tensor) => Tensor]>([
    [
      "a defined cost",
      cost.defineCost("own", {
        perSample: (s, t) => cost.crossEntropy(s, t, { reduction: "none", labelSmoothing: 0.1 }),
      }),
    ],
    ["a user's cost", (s, t) => cost.crossEntropy(s, t, { labelSmoothing: 0.1 })],
  ])("leaves everything as it was where a label of the validation set is bad, with %s", async (_, of) => {
    const bad = tensor([...labels.data], { dtype: "int32" });
    bad.data[3] = 9;
    const model = new nn.Linear(4, 3);
    const optimizer = new optim.Adam(model.parameters());
    const before = bits(model);
    const failing = fit(model, {
      data: { x, y: labels },
      validation: { x, y: bad },
      cost: of,
      optimizer,
      batchSize: 8,
    });
    await expect(failing).rejects.toThrow(/9 at position/);
    expect(bits(model)).toEqual(before);
  });

  test("does not undo the updates of another training to a shared layer", async () => {
    const shared = new nn.Linear(4, 3);
    const bad = tensor([...labels.data], { dtype: "int32" });
    bad.data[63] = 9;
    const of = (s: Tensor, t: Tensor): Tensor => cost.crossEntropy(s, t, { labelSmoothing: 0.1 });
    const [good, refused] = [new nn.Sequential(shared), new nn.Sequential(shared, new nn.Identity())];
    const options = (model: nn.Module) => ({
      cost: of,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      batchSize: 4,
      shuffle: false,
      onBatch: () => {},
    });
    const before = bits(shared);
    const failing = fit(refused, { ...options(refused), data: { x, y: bad } });
    await Promise.allSettled([failing, fit(good, { ...options(good), data: { x, y: labels } })]);
    await expect(failing).rejects.toThrow(IndexError);
    expect(bits(shared)).not.toEqual(before);
  });

  test("keeps the updates if a callback throws an index error of its own", async () => {
    const model = new nn.Linear(4, 3);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const of = (s: Tensor, t: Tensor): Tensor => cost.crossEntropy(s, t, { labelSmoothing: 0.1 });
    const before = bits(model);
    const onBatch = (): void => {
      ops.indexSelect(x, 0, tensor([64], { dtype: "int32" }));
    };
    await expect(fit(model, { data: { x, y: labels }, cost: of, optimizer, onBatch })).rejects.toThrow(
      IndexError,
    );
    expect(bits(model)).not.toEqual(before);
  });

  test("rejects with the error of an async onBatch, for which it waits", async () => {
    const model = new nn.Linear(4, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const told: number[] = [];
    const onBatch = async ({ batch }: { batch: number }): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      told.push(batch);
      if (batch === 3) throw new Error("enough");
    };
    await expect(
      fit(model, { data: { x, y }, cost: cost.mse, optimizer, batchSize: 8, onBatch }),
    ).rejects.toThrow("enough");
    expect(told).toEqual([1, 2, 3]);
  });

  test("says that the last mini-batch is too small", async () => {
    const model = new nn.Sequential(new nn.Linear(4, 2), new nn.BatchNorm1d(2));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const set = { x: generator.normal([65, 4]), y: generator.normal([65, 2]) };
    await expect(fit(model, { data: set, cost: cost.mse, optimizer, batchSize: 32 })).rejects.toThrow(
      /Sequential\.1 \(BatchNorm1d\): expected more than one value .* the set has 65, which is 2 × 32 \+ 1/,
    );
    await expect(fit(model, { data: set, cost: cost.mse, optimizer, batchSize: 32 })).rejects.toThrow(
      ArgumentError,
    );
  });
});

describe("two trainings at the same time", () => {
  const make = (seed: number): nn.Sequential => {
    manualSeed(seed);
    return new nn.Sequential(new nn.Linear(4, 256), new nn.Dropout(0.5), new nn.Linear(256, 2));
  };
  const begin = (model: nn.Module) =>
    fit(model, {
      data: { x, y },
      cost: cost.mse,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      epochs: 30,
      batchSize: 8,
    });

  test("of models with Dropout give the same as each alone, despite draws in between", async () => {
    const models = [1, 2].map(make) as [nn.Sequential, nn.Sequential];
    const alone = [1, 2].map(make) as [nn.Sequential, nn.Sequential];
    manualSeed(5);
    const both = [begin(models[0]), begin(models[1])];
    const timer = setInterval(() => {
      manualSeed(9);
      new nn.Linear(3, 3);
      new nn.Dropout(0.5).forward(x);
    }, 0);
    await Promise.all(both);
    clearInterval(timer);
    manualSeed(5);
    await begin(alone[0]);
    await begin(alone[1]);
    expect(models.map(bits)).toEqual(alone.map(bits));
  });

  test("let predictions of other models on the same parameters see one state of them", async () => {
    const shared = new nn.Linear(4, 512);
    const a = new nn.Sequential(shared, new nn.Linear(512, 2));
    const b = new nn.Sequential(shared, new nn.Tanh());
    const running = begin(a);
    let more = true;
    void running.finally(() => {
      more = false;
    });
    let predictions = 0;
    while (more) {
      const scores = await predict(b, x);
      expect(scores.data.every(Number.isFinite)).toBe(true);
      predictions++;
    }
    await running;
    expect(predictions).toBeGreaterThan(0);
  });

  test("may begin while the other runs, even if they share parameters", async () => {
    const shared = new nn.Linear(4, 256);
    const a = new nn.Sequential(shared, new nn.Linear(256, 2));
    const b = new nn.Sequential(shared, new nn.ReLU(), new nn.Linear(256, 2));
    const first = begin(a);
    await new Promise((resolve) => setTimeout(resolve, 3));
    const ended = await Promise.all([first, begin(b)]);
    expect(ended.map((history) => history.length)).toEqual([30, 30]);
  });

  test("of two models with a shared layer both end", async () => {
    const shared = new nn.Linear(4, 64);
    const a = new nn.Sequential(shared, new nn.Linear(64, 2));
    const b = new nn.Sequential(shared, new nn.ReLU(), new nn.Linear(64, 2));
    const ended = await Promise.all([begin(a), begin(b)]);
    expect(ended.map((history) => history.length)).toEqual([30, 30]);
    expect(bits(a).concat(bits(b)).every(Number.isFinite)).toBe(true);
  });
});
