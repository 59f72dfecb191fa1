import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  type Augment,
  cost,
  data,
  type EpochReport,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  predict,
  rand,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
} from "../../lib/index.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-augment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dtype = "float64";
const generator = new Generator(5);
const x = generator.normal([20, 3], { dtype });
const y = generator.normal([20, 1], { dtype });

interface Trained {
  readonly model: nn.Module;
  readonly history: readonly EpochReport[];
}

async function train(more: Partial<FitOptions> = {}, seed = 0): Promise<Trained> {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(3, 4, { dtype }),
    new nn.Tanh(),
    new nn.Linear(4, 1, { dtype }),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const options = { data: { x, y }, cost: cost.mse, optimizer, epochs: 3, batchSize: 6 };
  return { model, history: await fit(model, { ...options, ...more }) };
}

const bits = ({ model }: Trained): number[] => model.parameters().flatMap((one) => [...one.data]);
const results = (trained: Trained): unknown => [bits(trained), trained.history.map(({ loss }) => loss)];

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(1e-9);
  });
}

/** Multiplies each sample by a random number. */
const scaled: Augment = (samples) =>
  ops.mul(samples, rand([samples.shape[0] as number, 1], { dtype: samples.dtype }));

describe("augment", () => {
  test("trains on what it makes of each mini-batch, as steps by hand do", async () => {
    const augment: Augment = (samples) => ops.tanh(ops.mul(ops.flip(samples, 1), 2));
    const whole = await train({ data: { x: augment(x), y } });
    expectClose(bits(await train({ augment })), bits(whole));
    expect(bits(whole)).not.toEqual(bits(await train()));
  });

  test("draws new numbers in each step, of the run's own forks", async () => {
    const seen: number[] = [];
    const one = { data: { x: ops.slice(x, 0, { end: 1 }), y: ops.slice(y, 0, { end: 1 }) }, epochs: 1 };
    const still = { ...one, onEpoch: ({ loss }: EpochReport) => void seen.push(loss) };
    // A learning rate of 0: the loss changes only with the draws.
    manualSeed(2);
    const model = new nn.Linear(3, 1, { dtype });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    await fit(model, { ...still, cost: cost.mse, optimizer, epochs: 5, augment: scaled });
    expect(new Set(seen).size).toBe(5);
    const first = await train({ augment: scaled }, 3);
    expect(results(await train({ augment: scaled }, 3))).toEqual(results(first));
    expect(results(await train({ augment: scaled }, 4))).not.toEqual(results(first));
  });

  test("gives the numbers of a seeded generator that it draws from", async () => {
    const make = (): Augment => {
      const own = new Generator(8);
      return (samples) => ops.add(samples, own.normal(samples.shape, { dtype }));
    };
    expect(results(await train({ augment: make() }))).toEqual(results(await train({ augment: make() })));
  });

  test("leaves validation, evaluate and predict as they are", async () => {
    const validation = { x, y };
    const metrics = { error: (a: Tensor, b: Tensor) => ops.mean(ops.abs(ops.sub(a, b))) };
    const { model, history } = await train({ augment: scaled, validation, metrics });
    const { loss, error } = await evaluate(model, { data: validation, cost: cost.mse, metrics });
    const last = history.at(-1) as EpochReport;
    expect(last.validation).toMatchObject({ loss, error });
    expectClose([loss], [cost.mse(model.forward(x), y).item()]);
    expectClose([...(await predict(model, x)).data], [...model.forward(x).data]);
    // The training's own figures are those of what it trains on.
    expect(last.metrics["error"]).not.toBeCloseTo(error, 6);
  });

  test("goes together with accumulate, weights, clipping and averages", async () => {
    const augment: Augment = (samples) => ops.mul(samples, ops.exp(samples));
    const average = (): optim.WeightAverage => new optim.WeightAverage([tensor([0], { dtype })]);
    for (const more of [
      { accumulate: 3 },
      { sampleWeight: Array.from({ length: 20 }, (_, i) => i % 3) },
      { accumulate: 2, sampleWeight: Array.from({ length: 20 }, (_, i) => 1 + (i % 2)), clipGradNorm: 0.1 },
      { dropLast: true, averageWeights: average() },
    ]) {
      const made = await train({ ...more, augment });
      expectClose(bits(made), bits(await train({ ...more, data: { x: augment(x), y } })));
    }
  });

  test("that makes a loss that is not finite ends the training", async () => {
    const run = train({ augment: (samples) => ops.log(ops.mul(samples, 0)) });
    await expect(run).rejects.toThrow(AnomalyError);
  });

  test("goes on with the same bits after a stop", async () => {
    const own = (): Augment => {
      const noise = new Generator(1);
      return (samples) => ops.add(scaled(samples), noise.normal(samples.shape, { dtype }));
    };
    const whole = await train({ augment: own() });
    for (const steps of [2, 4, 5]) {
      const path = join(folder, `${steps}`);
      const broken = new Error("broken off");
      const onCheckpoint = (): void => {
        throw broken;
      };
      const run = train({ augment: own(), checkpoint: { path, every: { steps } }, onCheckpoint });
      await expect(run).rejects.toBe(broken);
      expect(results(await train({ augment: own(), resume: path }, 9))).toEqual(results(whole));
    }
  });

  test("takes images of bytes as the numbers that they stand for, and may change their shape and dtype", async () => {
    const values = Uint8Array.from({ length: 20 * 6 }, (_, i) => (i * 37) % 256);
    const images = new data.Bytes(values, [20, 2, 3], { scale: 1 / 255 });
    const augment: Augment = (samples) => {
      expect(samples.shape.slice(1)).toEqual([2, 3]);
      expect(samples.dtype).toBe("float32");
      return ops.to(ops.select(samples, 1, 0), dtype);
    };
    const bytes = await train({ data: { x: images, y }, augment });
    const floats = ops.select(ops.to(images.toTensor(), dtype), 1, 0);
    expectClose(bits(bytes), bits(await train({ data: { x: floats, y } })));
  });

  test.each<[string, Augment, new (...made: never[]) => Error, RegExp]>([
    [
      "is no function",
      "flip" as unknown as Augment,
      ArgumentError,
      /^fit: expected augment to be a function/,
    ],
    ["gives no tensor", () => 3 as unknown as Tensor, ArgumentError, /^fit: augment: .*result.*3/],
    [
      "gives fewer samples",
      (samples) => ops.slice(samples, 0, { end: 2 }),
      ShapeError,
      /^fit: augment: expected x to have as many samples as before, 6, got \[2, 3\]/,
    ],
    ["gives a number", (samples) => ops.sum(samples), ShapeError, /^fit: augment: .*got \[\]/],
    [
      "reads a value",
      (samples) => (samples.sum().item() > 0 ? samples : ops.neg(samples)),
      TraceError,
      /^fit: augment: /,
    ],
    [
      "has an error of shapes",
      (samples) => ops.matmul(samples, samples),
      ShapeError,
      /^fit: augment: matmul: /,
    ],
    ["makes what the model does not take", (samples) => ops.concat([samples, samples], 1), ShapeError, /6/],
  ])("is refused where it %s, with the model unchanged", async (_, augment, type, message) => {
    manualSeed(1);
    const model = new nn.Linear(3, 1, { dtype });
    const before = [...model.weight.data];
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const run = fit(model, { data: { x, y }, cost: cost.mse, optimizer, batchSize: 6, augment });
    await expect(run).rejects.toThrow(type);
    await expect(run).rejects.toThrow(message);
    expect([...model.weight.data]).toEqual(before);
    expect(model.weight.grad).toBeNull();
  });

  test("is that of each call, also on the same model", async () => {
    manualSeed(1);
    const model = new nn.Linear(3, 1, { dtype });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const lossOf = async (augment?: Augment): Promise<number> => {
      const options = { data: { x, y }, cost: cost.mse, optimizer, batchSize: 20 };
      return (await fit(model, { ...options, ...(augment === undefined ? {} : { augment }) }))[0]?.loss ?? 0;
    };
    const expected = (samples: Tensor): number => cost.mse(model.forward(samples), y).item();
    expect(await lossOf(ops.neg)).toBeCloseTo(expected(ops.neg(x)), 9);
    expect(await lossOf()).toBeCloseTo(expected(x), 9);
    expect(await lossOf(ops.exp)).toBeCloseTo(expected(ops.exp(x)), 9);
  });

  test("takes several inputs in their form, and gives them back so", async () => {
    class Sum extends nn.Module<[{ left: Tensor; right: Tensor }], Tensor> {
      readonly layer = new nn.Linear(3, 1, { dtype });
      forward({ left, right }: { left: Tensor; right: Tensor }): Tensor {
        return this.layer.forward(ops.sub(left, right));
      }
    }
    const right = ops.flip(x, 0);
    const run = async (
      inputs: { left: Tensor; right: Tensor },
      augment: Augment<{ readonly left: Tensor; readonly right: Tensor }>,
    ): Promise<number[]> => {
      manualSeed(3);
      const model = new Sum();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      await fit(model, { data: { x: inputs, y }, augment, cost: cost.mse, optimizer, batchSize: 6 });
      return [...model.layer.weight.data];
    };
    const swapped = await run({ left: x, right }, ({ left, right: other }) => ({ left: other, right: left }));
    expectClose(swapped, await run({ left: right, right: x }, (inputs) => inputs));
    const lessOf = ({ left }: { left: Tensor }) => ({ left }) as { left: Tensor; right: Tensor };
    await expect(run({ left: x, right }, lessOf)).rejects.toThrow(
      /^fit: augment: expected the result to have the parts of x, x\.left, x\.right, got x\.left$/,
    );
    const shorter = ({ left }: { left: Tensor }) => ({ left, right: ops.slice(left, 0, { end: 1 }) });
    await expect(run({ left: x, right }, shorter)).rejects.toThrow(
      /^fit: augment: expected x\.right to have as many samples as before, 6, got \[1, 3\]$/,
    );
  });

  test("passes on an error of its own as it is", async () => {
    const own = new Error("no more");
    const augment: Augment = () => {
      throw own;
    };
    await expect(train({ augment })).rejects.toBe(own);
    expect(own.message).toBe("no more");
  });
});
