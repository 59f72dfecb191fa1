// What the plots of models, metrics and trainings compute.
import { describe, expect, test } from "vitest";
import { cost, fit, metrics, nn, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { binned, momentsOf } from "../../lib/plot/bins.js";
import { reduced } from "../../lib/plot/heat.js";
import * as plot from "../../lib/plot/index.js";
import { logTicks, wholeTicks } from "../../lib/plot/spec.js";
import { circle, line, lineData, net } from "./cases.js";

const refuses = (run: () => unknown, code: string): void =>
  expect(run).toThrow(expect.objectContaining({ code }));

describe("plot.jacobian", () => {
  test("has the matrix and its singular values", () => {
    const weight = [
      [3, 0],
      [0, 4],
      [0, 0],
    ];
    const module = new nn.Linear(2, 3);
    module.loadStateDict({ weight: tensor(weight), bias: tensor([1, 2, 3]) });
    const { data } = plot.jacobian(module, tensor([0.5, -1]));
    expect(data.shape).toEqual([3, 2]);
    expect([...data.matrix]).toEqual(weight.flat());
    expect(data.singularValues[0]).toBeCloseTo(4, 10);
    expect(data.singularValues[1]).toBeCloseTo(3, 10);
    expect(data.rank).toBe(2);
    expect(data.condition).toBeCloseTo(4 / 3, 10);
  });

  test("knows a matrix that is not of full rank", () => {
    const { data, description } = plot.jacobian(
      tensor([
        [1, 2],
        [2, 4],
      ]),
    );
    expect(data.rank).toBe(1);
    expect(data.condition).toBe(Number.POSITIVE_INFINITY);
    expect(description).toContain("rank 1 of 2, condition number ∞");
  });

  test("takes states of several axes", () => {
    const { data } = plot.jacobian(
      (x) => ops.square(x),
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(data.shape).toEqual([4, 4]);
    expect([...data.matrix].filter((value) => value !== 0)).toEqual([2, 4, 6, 8]);
  });

  test("refuses what has none", () => {
    refuses(() => plot.jacobian(3 as never), "ERR_ARGUMENT");
    refuses(() => plot.jacobian(tensor([1, 2])), "ERR_SHAPE");
    refuses(() => plot.jacobian(net(), [1, 2] as never), "ERR_ARGUMENT");
    refuses(() => plot.jacobian(tensor([[1, Number.NaN]])), "ERR_DATA");
    refuses(() => plot.jacobian(tensor([[1]]), { titel: "a" } as never), "ERR_OPTION");
  });
});

describe("plot.gradients", () => {
  test("has the norms of the gradients of a loss, which backward gives too", () => {
    const [model, set] = [net(), circle()];
    const log = new plot.GradientLog(model, cost.crossEntropy, set);
    log.record();
    cost.crossEntropy(model.forward(set.x), set.y).backward();
    const own = model.parameters().map(({ grad }) => ops.norm(grad as Tensor).item());
    const { data } = plot.gradients(log, { by: "parameter" });
    data.lines.forEach(({ norms }, i) => {
      expect(norms[0]).toBeCloseTo(own[i] as number, 5);
    });
    const read = new plot.GradientLog(model);
    read.record();
    expect(read.norms[0]?.[0]).toBeCloseTo(own[0] as number, 6);
    // Weight and bias of a module together.
    const [first] = plot.gradients(read).data.lines;
    expect(first?.norms[0]).toBeCloseTo(Math.hypot(own[0] as number, own[1] as number), 6);
  });

  test("follows a training without changing it", async () => {
    const train = async (watched: boolean): Promise<number[]> => {
      const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Dropout(0.5), new nn.Linear(4, 2));
      for (const [k, { data }] of model.parameters().entries()) data.set(data.map((_, i) => Math.sin(i + k)));
      const log = new plot.GradientLog(model, cost.crossEntropy, circle());
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const onStep = watched ? { onStep: { every: 2, run: log.record } } : {};
      const history = await fit(model, {
        data: circle(),
        cost: cost.crossEntropy,
        optimizer,
        epochs: 2,
        batchSize: 10,
        seed: 1,
        ...onStep,
      });
      if (watched) expect(log.norms).toHaveLength(6);
      expect(model.training).toBe(true);
      return history.map(({ loss }) => loss);
    };
    const { manualSeed } = await import("../../lib/index.js");
    manualSeed(3);
    const without = await train(false);
    manualSeed(3);
    expect(await train(true)).toEqual(without);
  });

  test("has a gap for a parameter without a gradient", () => {
    const log = new plot.GradientLog(line());
    log.record();
    expect(log.norms[0]).toEqual(Float64Array.of(Number.NaN, Number.NaN));
    expect(plot.gradients(log).svg).not.toMatch(/="[^"]*NaN/);
  });

  test("refuses a log without records, and what is none", () => {
    refuses(() => plot.gradients(new plot.GradientLog(line())), "ERR_DATA");
    refuses(() => plot.gradients([] as never), "ERR_ARGUMENT");
    refuses(() => new plot.GradientLog(line(), cost.mse, null as never), "ERR_ARGUMENT");
    refuses(() => new plot.GradientLog(new nn.ReLU() as never), "ERR_ARGUMENT");
  });
});

describe("plot.weights", () => {
  test("has the moments and the counts of each parameter", () => {
    const model = new nn.Linear(2, 2);
    model.loadStateDict({
      weight: tensor([
        [0, 1],
        [2, 3],
      ]),
      bias: tensor([5, 5]),
    });
    const [weight, bias] = plot.weights(model, { bins: 3 }).data.parameters as [
      plot.Distribution,
      plot.Distribution,
    ];
    expect(weight).toMatchObject({ name: "weight", shape: [2, 2], mean: 1.5, min: 0, max: 3, zeros: 0.25 });
    expect(weight.deviation).toBeCloseTo(Math.sqrt(1.25), 12);
    expect(weight.bins.map(({ count }) => count)).toEqual([1, 1, 2]);
    expect(bias.bins.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });

  test("chooses parameters by name and by module", () => {
    const names = (...parameters: string[]): string[] =>
      plot.weights(net(), { parameters }).data.parameters.map(({ name }) => name);
    expect(names("2")).toEqual(["2.weight", "2.bias"]);
    expect(names("0.bias", "0")).toEqual(["0.bias", "0.weight"]);
    refuses(() => names("1"), "ERR_ARGUMENT");
    refuses(() => plot.weights(new nn.ReLU()), "ERR_ARGUMENT");
    refuses(() => plot.weights(net(), { kind: "lines" as never }), "ERR_ARGUMENT");
  });
});

describe("plot.activations", () => {
  test("has the outputs of each module, and finds dead units", () => {
    const model = new nn.Sequential(new nn.Linear(1, 2), new nn.ReLU());
    model.loadStateDict({ "0.weight": tensor([[1], [-1]]), "0.bias": tensor([0, -10]) });
    const { modules } = plot.activations(model, tensor([[1], [-1], [3]])).data;
    expect(modules.map(({ name }) => name)).toEqual(["0 (Linear)", "1 (ReLU)"]);
    expect(modules[1]).toMatchObject({ dead: 0.5, zeros: 4 / 6, max: 3 });
    expect(modules[0]?.dead).toBe(0);
  });

  test("leaves the model as it was, also if it fails", () => {
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3), new nn.Dropout(0.5));
    const before = JSON.stringify(model.stateDict());
    plot.activations(
      model,
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    refuses(() => plot.activations(model, tensor([[1, 2, 3]])), "ERR_SHAPE");
    expect(JSON.stringify(model.stateDict())).toBe(before);
    expect([...model.namedModules()].every(([, module]) => module.training)).toBe(true);
    expect([...model.namedModules()].some(([, module]) => Object.hasOwn(module, "forward"))).toBe(false);
  });

  test("refuses inputs that are none", () => {
    refuses(() => plot.activations(net(), 3), "ERR_ARGUMENT");
    refuses(() => plot.activations(net(), []), "ERR_ARGUMENT");
    refuses(() => plot.activations({} as never, tensor([1])), "ERR_ARGUMENT");
  });
});

describe("plot.decision", () => {
  /** Class 1 where x₁ + x₂ > 1. */
  const plane = (): nn.Linear => {
    const model = new nn.Linear(2, 1);
    model.loadStateDict({ weight: tensor([[1, 1]]), bias: tensor([-1]) });
    return model;
  };
  const set = {
    x: tensor([
      [0, 0],
      [1, 1],
      [2, 0],
      [0, 2],
    ]),
    y: tensor([0, 1, 0, 1], { dtype: "int32" }),
  };

  test("has the class at each point of the grid, and which samples are right", async () => {
    const { data } = await plot.decision(plane(), set, { points: 11 });
    data.y.forEach((b, j) => {
      data.x.forEach((a, i) => {
        if (Math.abs(a + b - 1) > 1e-6) expect(data.classes[j * 11 + i]).toBe(a + b > 1 ? 1 : 0);
      });
    });
    expect(data.samples.map(({ predicted }) => predicted)).toEqual([0, 1, 1, 1]);
    expect(data.accuracy).toBe(0.75);
  });

  test("takes probabilities, and several classes", async () => {
    const { data } = await plot.decision(new nn.Sequential(plane(), new nn.Sigmoid()), set, {
      points: 5,
      outputs: "probabilities",
    });
    expect(data.accuracy).toBe(0.75);
    const three = new nn.Linear(2, 3);
    three.loadStateDict({
      weight: tensor([
        [1, 0],
        [0, 1],
        [-1, -1],
      ]),
      bias: tensor([0, 0, 0]),
    });
    const found = await plot.decision(three, set, { points: 5, classNames: ["a", "b", "c"] });
    expect(found.data.margins).toHaveLength(3);
    expect(found.data.samples[2]?.predicted).toBe(0);
  });

  test.each([
    ["three features", [new nn.Linear(3, 2), { x: tensor([[1, 2, 3]]), y: tensor([0]) }], "ERR_SHAPE"],
    [
      "labels that the model has not",
      [new nn.Linear(2, 2), { x: tensor([[1, 2]]), y: tensor([2]) }],
      "ERR_DATA",
    ],
    ["labels that are none", [new nn.Linear(2, 2), { x: tensor([[1, 2]]), y: tensor([0.5]) }], "ERR_DATA"],
    [
      "features that are not finite",
      [new nn.Linear(2, 2), { x: tensor([[1, Number.NaN]]), y: tensor([0]) }],
      "ERR_DATA",
    ],
    ["one name", [new nn.Linear(2, 2), set, { featureNames: ["a"] }], "ERR_ARGUMENT"],
    ["no model", [3, set], "ERR_ARGUMENT"],
  ])("refuses %s", async (_, args, code) => {
    await expect(plot.decision(...(args as [never, never, never]))).rejects.toMatchObject({ code });
  });
});

describe("plots of metrics", () => {
  test("have what the metrics give", () => {
    const [scores, labels] = [
      [0.1, 0.4, 0.35, 0.8],
      [0, 0, 1, 1],
    ];
    expect(plot.roc(scores, labels).data.classes[0]).toMatchObject({
      falsePositiveRate: [0, 0, 0.5, 0.5, 1],
      truePositiveRate: [0, 0.5, 0.5, 1, 1],
      area: 0.75,
    });
    expect(plot.precisionRecall(scores, labels).data.classes[0]?.averagePrecision).toBe(
      metrics.averagePrecision(scores, labels),
    );
    expect(plot.calibration(scores, labels).data.error).toBe(
      metrics.expectedCalibrationError(scores, labels),
    );
  });

  test("confusion has counts and shares, of outputs or of a matrix", () => {
    const [predicted, labels] = [
      [0, 1, 1, 1],
      [0, 0, 1, 1],
    ];
    const { data, description } = plot.confusion(predicted, labels, { classNames: ["cat", "dog"] });
    expect(data.values).toEqual([
      [1, 1],
      [0, 2],
    ]);
    expect(data.shares).toEqual([
      [0.5, 0.5],
      [0, 1],
    ]);
    expect(description).toContain("75 % are right. Most often wrong: cat taken for dog (1).");
    const matrix = metrics.confusionMatrix(predicted, labels);
    expect(plot.confusion(matrix, { classNames: ["cat", "dog"] }).data).toEqual(data);
  });

  test("residuals are actual less predicted", () => {
    const { data } = plot.residuals(tensor([[1], [2], [3]]), [1.5, 2, 2]);
    expect([...data.residuals]).toEqual([0.5, 0, -1]);
    expect(data.rmse).toBeCloseTo(Math.sqrt(1.25 / 3), 12);
    refuses(() => plot.residuals([1, 2], [1]), "ERR_SHAPE");
    refuses(() => plot.residuals([1, Number.NaN], [1, 2]), "ERR_DATA");
    refuses(() => plot.residuals([], []), "ERR_DATA");
  });

  test("refuse what the metrics refuse, and other names", () => {
    refuses(() => plot.roc([0.5], [2]), "ERR_DATA");
    refuses(() => plot.roc([0.5, 0.1], [0, 1], { classNames: [1] as never }), "ERR_ARGUMENT");
    refuses(() => plot.confusion([0, 1], [0]), "ERR_SHAPE");
    refuses(() => plot.calibration([0.5], [1], { bin: 3 } as never), "ERR_OPTION");
  });
});

describe("plot.lrFinder", () => {
  test("shows what findLearningRate found", () => {
    const model = line();
    const optimizer = new optim.SGD(model.parameters());
    const step = (): Tensor => {
      const loss = cost.mse(model.forward(lineData.x), lineData.y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    };
    const found = optim.findLearningRate(optimizer, step, { min: 1e-4, max: 10, steps: 40 });
    const { data } = plot.lrFinder(found);
    expect(data).toEqual(found);
  });

  test("takes losses that are not finite", () => {
    const losses = [2, 1, Number.POSITIVE_INFINITY, Number.NaN];
    const found = { rates: [0.01, 0.1, 1, 10], losses, suggestion: 0.1 };
    expect(plot.lrFinder(found, { scale: "log" }).data.losses).toEqual(losses);
    refuses(() => plot.lrFinder({ ...found, losses: [1, 2, 3, "4"] as never }), "ERR_ARGUMENT");
  });

  test("refuses what is not found by it", () => {
    refuses(() => plot.lrFinder({ rates: [1], losses: [], suggestion: 1 }), "ERR_DATA");
    refuses(() => plot.lrFinder({ rates: [-1], losses: [1], suggestion: 1 }), "ERR_ARGUMENT");
    refuses(() => plot.lrFinder(null as never), "ERR_ARGUMENT");
  });
});

describe("plot.schedule", () => {
  test("has the rate before each step and after the last", () => {
    const { schedules } = plot.schedule((o) => new optim.StepLR(o, { stepSize: 2, gamma: 0.5 }), {
      steps: 4,
      lr: 1,
    }).data;
    expect([...(schedules[0]?.rates ?? [])]).toEqual([1, 1, 0.5, 0.5, 0.25]);
  });

  test("gives a figure to schedules that go by one", () => {
    const make = (o: optim.Optimizer): optim.ReduceLROnPlateau =>
      new optim.ReduceLROnPlateau(o, { patience: 0, factor: 0.1 });
    const { schedules } = plot.schedule(
      { plateau: make as never },
      { steps: 3, lr: 1, figures: [1, 2, 3] },
    ).data;
    expect(schedules[0]?.rates.at(-1)).toBeLessThan(1);
    refuses(() => plot.schedule(make as never, { steps: 3, figures: [1] }), "ERR_ARGUMENT");
  });

  test("refuses what makes no schedule", () => {
    refuses(() => plot.schedule((() => 3) as never), "ERR_ARGUMENT");
    refuses(() => plot.schedule({} as never), "ERR_ARGUMENT");
    refuses(() => plot.schedule({ a: 3 } as never), "ERR_ARGUMENT");
    refuses(() => plot.schedule(() => 3 as never, { steps: 0 }), "ERR_ARGUMENT");
  });
});

describe("numbers", () => {
  test("are counted in bins whose last has its upper end", () => {
    expect(binned([0, 1, 2, 3, 4], 2).map(({ from, to, count }) => [from, to, count])).toEqual([
      [0, 2, 2],
      [2, 4, 3],
    ]);
    expect(binned([5, 5], 3).reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(binned([Number.NaN], 3)).toEqual([]);
    expect(momentsOf([0, 4]).deviation).toBe(2);
  });

  test("of large matrices stand as the means of blocks", () => {
    const values = Float64Array.from({ length: 128 * 3 }, (_, at) => Math.floor(at / 3));
    const small = reduced({ rows: 128, columns: 3, values });
    expect([small.rows, small.columns]).toEqual([64, 3]);
    expect([...Array.from(small.values).slice(0, 4)]).toEqual([0.5, 0.5, 0.5, 2.5]);
  });

  test("have ticks at powers of ten and at whole numbers", () => {
    expect(logTicks([0.02, 900])).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
    expect(logTicks([1, 9])).toEqual([1, 2, 5, 10, 20, 50]);
    expect(logTicks([0, -1])).toEqual([1]);
    expect(wholeTicks(1, 5, 600)).toEqual([1, 2, 3, 4, 5]);
    expect(wholeTicks(0, 100, 300)).toEqual([0, 20, 40, 60, 80, 100]);
  });
});
