import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  type MinimizeModuleOptions,
  ModuleEvolution,
  minimizeModule,
  type StrategyState,
} from "../../lib/gradient-free/index.js";
import { batchedLoss } from "../../lib/gradient-free/module/ask-and-tell.js";
import { PopulationLoss } from "../../lib/gradient-free/module/losses.js";
import { Weights } from "../../lib/gradient-free/module/weights.js";
import { WITHIN } from "../../lib/gradient-free/module-evolution.js";
import {
  ArgumentError,
  cost,
  DataError,
  type DType,
  Generator,
  GraphError,
  manualSeed,
  nn,
  OptionError,
  ops,
  rand,
  setThreads,
  type Tensor,
  TraceError,
  tensor,
} from "../../lib/index.js";

/** Two layers, one parameter for two of their fields. */
class Net extends nn.Module {
  readonly first: nn.Linear;
  readonly second: nn.Linear;
  readonly tied: nn.Parameter | null;

  constructor(dtype: DType = "float32") {
    super();
    this.first = new nn.Linear(2, 6, { dtype });
    this.second = new nn.Linear(6, 2, { dtype });
    this.tied = this.second.bias;
  }

  forward(x: Tensor): Tensor {
    return this.second.forward(ops.tanh(this.first.forward(x)));
  }
}

const fresh = (dtype?: DType): Net => {
  manualSeed(3);
  return new Net(dtype);
};

afterEach(() => setThreads(availableParallelism()));

// Class 1 above the line x₀ + x₁ = 0.
const samplesOf = (count: number) => {
  const x = new Generator(2).normal([count, 2]);
  const y = tensor(
    Array.from({ length: count }, (_, i) =>
      (x.data[2 * i] as number) + (x.data[2 * i + 1] as number) > 0 ? 1 : 0,
    ),
    { dtype: "int32" },
  );
  return { x, y };
};
const data = samplesOf(60);

/** The part of wrong classes: a staircase. */
const errors = (model: Net, x: Tensor, y: Tensor): Tensor =>
  ops.mean(ops.to(ops.notEqual(ops.argmax(model.forward(x), { dim: 1 }), y), "float32"));
const entropy = (model: nn.Module, x: Tensor, y: Tensor): Tensor => cost.crossEntropy(model.forward(x), y);

const weightsOf = (model: nn.Module): number[] => model.parameters().flatMap((p) => [...p.data]);

const METHODS: readonly (MinimizeModuleOptions & { readonly method: string })[] = [
  { method: "openai-es", populationSize: 32, sigma: 0.3, lr: 0.1, seed: 1 },
  { method: "cma-es", sigma: 0.5, seed: 1 },
  { method: "random-search", sigma: 0.3, seed: 1 },
];

describe("the losses of a population", () => {
  const lossesOf = async (model: Net, points: number[][], chunk: number | null): Promise<Float64Array> => {
    const weights = new Weights("test", model);
    const loss = new PopulationLoss("test", model, weights, entropy as never);
    return batchedLoss({ weights, loss, chunk })(Float64Array.from(points.flat()), [data.x, data.y]);
  };

  test.each(["float32", "float64"] as const)(
    "are those of one candidate after the other, %s",
    async (dtype) => {
      const model = fresh(dtype);
      const own = dtype === "float32" ? data : { x: ops.to(data.x, dtype), y: data.y };
      const weights = new Weights("test", model);
      const n = weights.dimension;
      expect(n).toBe(2 * 6 + 6 + 6 * 2 + 2);
      const points = [...new Generator(5).normal([7, n], { dtype: "float64" }).data];
      const loss = new PopulationLoss("test", model, weights, entropy as never);
      const together = await batchedLoss({ weights, loss, chunk: null })(Float64Array.from(points), [
        own.x,
        own.y,
      ]);
      for (let i = 0; i < 7; i++) {
        weights.write(Float64Array.from(points.slice(i * n, (i + 1) * n)));
        const alone = entropy(model, own.x, own.y).item();
        const tolerance = dtype === "float32" ? 1e-5 : 1e-12;
        expect(Math.abs((together[i] as number) - alone)).toBeLessThanOrEqual(tolerance * (1 + alone));
      }
    },
  );

  test("are the same to rounding in chunks, of which the last may be smaller", async () => {
    const model = fresh();
    const n = new Weights("test", model).dimension;
    const points = Array.from({ length: 7 }, (_, i) => [...new Generator(i).normal([n]).data]);
    const whole = await lossesOf(model, points, null);
    for (const chunk of [1, 3, 7, 100]) {
      const parts = await lossesOf(model, points, chunk);
      parts.forEach((value, i) => {
        expect(value).toBeCloseTo(whole[i] as number, 5);
      });
    }
  });
});

describe.each(METHODS.map((options) => [options.method, options] as const))("%s", (_, options) => {
  const run = (more: object = {}, model = fresh()) =>
    minimizeModule(model, errors, { ...options, data, maxGenerations: 30, ...more } as MinimizeModuleOptions);

  test("learns a staircase, and gives the loss of the parameters that it leaves", async () => {
    const model = fresh();
    const before = errors(model, data.x, data.y).item();
    const { value, generations, evaluations, history, reason } = await run({}, model);
    expect(before).toBeGreaterThan(0.2);
    expect(value).toBeLessThan(0.12);
    expect(value).toBeCloseTo(errors(model, data.x, data.y).item(), 6);
    expect([generations, reason]).toEqual([30, "maxGenerations"]);
    expect(history.map(({ generation }) => generation)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(history.at(-1)?.evaluations).toBe(evaluations);
    const bests = history.map(({ best }) => best);
    expect(bests).toEqual([...bests].sort((a, b) => b - a));
    for (const { best, mean } of history) expect(mean).toBeGreaterThanOrEqual(best - 1e-6);
  });

  test("gives the same bits again, with one thread and with two", async () => {
    const results: unknown[] = [];
    for (const threads of [1, 2]) {
      setThreads(threads);
      const model = fresh();
      results.push([
        weightsOf(model).length,
        await run({ batchSize: 20, maxGenerations: 6 }, model),
        weightsOf(model),
      ]);
    }
    expect(results[0]).toEqual(results[1]);
  });

  test("takes mini-batches, and gives the value over all samples", async () => {
    const model = fresh();
    const { value } = await run({ batchSize: 25 }, model);
    expect(value).toBeLessThan(0.2);
    expect(value).toBeCloseTo(errors(model, data.x, data.y).item(), 6);
  });

  test("evaluates in chunks", async () => {
    const { value } = await run({ chunk: 5 });
    expect(value).toBeLessThan(0.2);
  });

  test("goes on to the bit from a state, also through JSON", async () => {
    const kept: StrategyState[] = [];
    const whole = fresh();
    const result = await run(
      {
        batchSize: 25,
        maxGenerations: 8,
        onGeneration: ({ stateDict }: { stateDict: () => StrategyState }) => kept.push(stateDict()),
      },
      whole,
    );
    const state = JSON.parse(JSON.stringify(kept[3])) as StrategyState;
    const other = fresh();
    const rest = await run({ batchSize: 25, maxGenerations: 8, state }, other);
    expect(weightsOf(other)).toEqual(weightsOf(whole));
    expect(rest.history).toEqual(result.history.slice(4));
    expect(rest.value).toBe(result.value);
  });

  test("leaves buffers, frozen parameters and gradients as they are", async () => {
    const model = fresh();
    model.first.weight.requiresGrad = false;
    const grad = tensor([1, 2]);
    (model.second.bias as Tensor).grad = grad;
    const frozen = [...model.first.weight.data];
    const before = weightsOf(model);
    await run({ maxGenerations: 3 }, model);
    expect([...model.first.weight.data]).toEqual(frozen);
    expect(weightsOf(model)).not.toEqual(before);
    expect((model.second.bias as Tensor).grad).toBe(grad);
    expect(model.second.bias).toBe(model.tied);
  });

  test("leaves what the last complete generation gave if it is aborted or a callback throws", async () => {
    const control = new AbortController();
    const reason = new Error("enough");
    const model = fresh();
    let reports = 0;
    const stopped = run(
      {
        signal: control.signal,
        onGeneration: () => {
          if (++reports === 4) control.abort(reason);
        },
      },
      model,
    );
    await expect(stopped).rejects.toBe(reason);
    const other = fresh();
    await run({ maxGenerations: 4 }, other);
    expect(weightsOf(model)).toEqual(weightsOf(other));

    const thrown = fresh();
    const error = new Error("mine");
    let calls = 0;
    const throwing = run(
      {
        onGeneration: () => {
          if (++calls === 4) throw error;
        },
      },
      thrown,
    );
    await expect(throwing).rejects.toBe(error);
    expect(weightsOf(thrown)).toEqual(weightsOf(other));

    const unchanged = fresh();
    await expect(run({ signal: AbortSignal.abort(reason) }, unchanged)).rejects.toBe(reason);
    expect(weightsOf(unchanged)).toEqual(weightsOf(fresh()));
  });

  test("ends by the target, and never evaluates more than maxEvaluations", async () => {
    const { reason, history } = await run({ target: 0.25, maxGenerations: 1000 });
    expect(reason).toBe("target");
    const { best, mean } = history.at(-1) as { best: number; mean: number };
    expect(options.method === "openai-es" ? mean : best).toBeLessThanOrEqual(0.25);
    const few = await run({ maxGenerations: undefined, maxEvaluations: 100 });
    expect(few.reason).toBe("maxEvaluations");
    expect(few.evaluations).toBeLessThanOrEqual(100);
  });

  test("ends if no loss is finite", async () => {
    const model = fresh();
    const nan = (m: Net, x: Tensor, y: Tensor): Tensor => ops.mul(errors(m, x, y), Number.NaN);
    const { reason, value } = await minimizeModule(model, nan, {
      ...options,
      data,
      maxGenerations: 100_000,
    } as MinimizeModuleOptions);
    expect([reason, value]).toEqual(["notFinite", Number.NaN]);
  });

  test("does without data", async () => {
    const model = new nn.Linear(3, 1, { bias: false });
    const { value } = await minimizeModule(model, (m) => ops.sum(ops.square(ops.sub(m.weight, 0.5))), {
      ...options,
      maxGenerations: 100,
    } as MinimizeModuleOptions);
    expect(value).toBeLessThan(0.1);
  });
});

test("lets the event loop go on while it evaluates", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const model = new nn.Linear(200, 200);
  const x = rand([100, 200]);
  await minimizeModule(model, (m, inputs) => ops.mean(m.forward(inputs)), {
    data: { x, y: x },
    populationSize: 64,
    maxGenerations: 10,
  });
  clearInterval(timer);
  await setTimeout(0);
  expect(turns).toBeGreaterThan(1);
});

test("draws the random numbers of the loss for each candidate by itself", async () => {
  const model = new nn.Linear(1, 1);
  const weights = new Weights("test", model);
  const dropout = new nn.Dropout(0.5);
  const loss = new PopulationLoss("test", model, weights, (() =>
    ops.sum(dropout.forward(ops.add(rand([64]), 1)))) as never);
  const values = await batchedLoss({ weights, loss, chunk: null })(new Float64Array(8), []);
  expect(new Set(values).size).toBe(4);
});

describe("a compiled generation of OpenAI-ES", () => {
  const withoutBias = (): nn.Module => {
    manualSeed(3);
    return new nn.Sequential(new nn.Linear(2, 5, { bias: false }), new nn.Tanh(), new nn.Linear(5, 2));
  };
  const [sigma, lr, pairs] = [0.1, 0.2, 6];

  /** The weights after a generation, by one candidate after the other and plain loops. */
  function byHand(model: nn.Module, chunks: readonly number[]): number[] {
    const generator = new Generator(1);
    const theta = weightsOf(model);
    const weights = new Weights("test", model);
    const lossAt = (w: readonly number[]): number => {
      weights.write(Float64Array.from(w));
      return entropy(model, data.x, data.y).item();
    };
    const steps = chunks.flatMap((count) => {
      const drawn = model
        .parameters()
        .map(({ shape }) => generator.normal([count, ...shape], { std: sigma }));
      return Array.from({ length: count }, (_, i) =>
        drawn.flatMap(({ data: all }) => [
          ...all.slice((i * all.length) / count, ((i + 1) * all.length) / count),
        ]),
      );
    });
    const at = (sign: number): number[] =>
      steps.map((step) => lossAt(theta.map((w, k) => w + sign * (step[k] as number))));
    const losses = [...at(1), ...at(-1)];
    const sorted = [...losses].sort((a, b) => a - b);
    const u = losses.map((loss) => sorted.indexOf(loss) / (2 * pairs - 1) - 0.5);
    return theta.map((w, k) => {
      const sum = steps.reduce(
        (total, step, i) =>
          total + ((u[i] as number) - (u[pairs + i] as number)) * ((step[k] as number) / sigma),
        0,
      );
      return w - (lr * sum) / (2 * pairs * sigma);
    });
  }

  test.each([
    ["all at once", null, [6], fresh],
    ["in chunks", 8, [3, 3], fresh],
    ["pair by pair", 1, [1, 1, 1, 1, 1, 1], fresh],
    ["without bias", null, [6], withoutBias],
  ] as const)("does what plain loops over its candidates do, %s", async (_, chunk, chunks, make) => {
    const model: nn.Module = make();
    const expected = byHand(make(), chunks);
    await minimizeModule(model, entropy, {
      data,
      seed: 1,
      sigma,
      lr,
      populationSize: 2 * pairs,
      optimizer: "sgd",
      momentum: 0,
      maxGenerations: 1,
      ...(chunk === null ? {} : { chunk }),
    });
    weightsOf(model).forEach((w, k) => {
      expect(w).toBeCloseTo(expected[k] as number, 4);
    });
  });
});

test("draws the steps of a large population again instead of keeping them, with the same bits", async () => {
  const results: number[][] = [];
  for (const memory of [1e6, 0]) {
    const model = fresh();
    const options = { data, populationSize: 12, chunk: 4, [WITHIN]: { memory } };
    const search = new ModuleEvolution(model, entropy as never, options);
    await search.run(2);
    await search.run(1);
    results.push(weightsOf(model));
  }
  expect(results[0]).toEqual(results[1]);
});

test("refuses what cannot be evaluated for all candidates at once, with the model unchanged", async () => {
  class Normalised extends Net {
    readonly norm = new nn.BatchNorm1d(2);
    override forward(x: Tensor): Tensor {
      return this.norm.forward(super.forward(x));
    }
  }
  for (const method of METHODS) {
    const model = new Normalised();
    const before = [...weightsOf(model), ...[...model.namedBuffers()].flatMap(([, b]) => [...b.data])];
    const options = { ...method, data, maxGenerations: 2 } as MinimizeModuleOptions;
    await expect(minimizeModule(model, errors, options)).rejects.toThrow(GraphError);
    const after = [...weightsOf(model), ...[...model.namedBuffers()].flatMap(([, b]) => [...b.data])];
    expect(after).toEqual(before);
    model.eval();
    await minimizeModule(model, errors, options);
  }
});

test("refuses bad arguments before anything has changed", async () => {
  const model = fresh();
  const before = weightsOf(model);
  const call = (options: unknown, loss: unknown = errors, m: unknown = model) =>
    minimizeModule(m as Net, loss as typeof errors, options as MinimizeModuleOptions);
  for (const options of [
    null,
    { data, method: "none" },
    { data, batchSize: 0 },
    { data, batchSize: 61 },
    { batchSize: 2 },
    { data, chunk: 0 },
    { data, seed: -1 },
    { data, signal: {} },
    { data, onGeneration: 1 },
    { data, populationSize: 3 },
    { data, state: 1 },
    { data, state: {} },
    { data, method: "cma-es", state: { method: "openai-es" } },
    { data: 3 },
    { data, maxGenerations: 0 },
    { data, target: Number.NaN },
  ]) {
    await expect(call(options), JSON.stringify(options)).rejects.toThrow(ArgumentError);
  }
  await expect(call({ data, sgma: 1 })).rejects.toThrow('did you mean "sigma"?');
  await expect(call({ data, method: "cma-es", lr: 1 })).rejects.toThrow(OptionError);
  await expect(call({ data }, 1)).rejects.toThrow("minimizeModule: expected loss to be a function, got 1");
  await expect(call({ data }, errors, {})).rejects.toThrow("expected model to be a module");
  await expect(call({ data }, () => 1)).rejects.toThrow(
    "minimizeModule: expected the loss's result to be a tensor, got 1",
  );
  await expect(call({ data }, (m: Net, x: Tensor) => m.forward(x))).rejects.toThrow(
    "minimizeModule: expected the loss to give a scalar, got [60, 2]",
  );
  await expect(call({ data }, (m: Net, x: Tensor) => tensor(m.forward(x).data[0] as number))).rejects.toThrow(
    GraphError,
  );
  await expect(call({ data }, (_: Net, x: Tensor) => tensor(x.data[0] as number))).rejects.toThrow(
    TraceError,
  );
  await expect(call({ data: { x: tensor([Number.NaN]), y: tensor([0]) } })).rejects.toThrow(DataError);
  const frozen = fresh();
  for (const parameter of frozen.parameters()) parameter.requiresGrad = false;
  const w = Array.from({ length: 60 }, () => 1);
  await expect(call({ data: { ...data, w } })).rejects.toThrow("expected data without weights w");
  await expect(call({ data }, errors, frozen)).rejects.toThrow(
    "minimizeModule: expected a model with parameters that are not frozen, got a Net without",
  );
  expect(weightsOf(model)).toEqual(before);
});
