import { describe, expect, test, vi } from "vitest";
import {
  accuracy,
  cost,
  type EpochReport,
  evaluate,
  type FitOptions,
  fit,
  fromTypedArray,
  Generator,
  manualSeed,
  metrics,
  nn,
  ops,
  optim,
  perSampleLoss,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const planned = vi.hoisted(() => vi.fn());
vi.mock("../../lib/plan/index.js", async (original) => {
  const real = await original<typeof import("../../lib/plan/index.js")>();
  planned.mockImplementation(real.plan);
  return { ...real, plan: planned };
});

const generator = new Generator(5);
const x = generator.normal([20, 3]);
const y = generator.normal([20, 2]);
const labels = tensor(
  Array.from({ length: 20 }, (_, i) => i % 2),
  { dtype: "int32" },
);

/** How many programs a run plans. */
async function programsOf(run: () => Promise<unknown>): Promise<number> {
  planned.mockClear();
  await run();
  return planned.mock.calls.length;
}

function make() {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(0.2), new nn.Linear(4, 2));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  return {
    model,
    train: (more: Partial<FitOptions> = {}): Promise<EpochReport[]> =>
      fit(model, { data: { x, y }, cost: cost.mse, optimizer, epochs: 2, batchSize: 8, ...more }),
  };
}

describe("a function that is written anew in each call", () => {
  test.each<[string, () => Partial<FitOptions>]>([
    ["a cost", () => ({ cost: (a, b) => cost.mse(a, b) })],
    ["a cost with a constant", () => ({ cost: (a, b) => ops.sum(ops.mul(cost.mse(a, b), tensor([2]))) })],
    ["a defined cost", () => ({ cost: cost.defineCost("mine", { perSample: (a, b) => cost.mse(a, b) }) })],
    ["metrics", () => ({ metrics: { error: (a, b) => cost.mse(a, b), r2: metrics.r2.with({}) } })],
    ["augment", () => ({ augment: (a) => ops.neg(a) })],
  ])("is not compiled anew in fit: %s", async (_, given) => {
    const validation = { x, y };
    const { model, train } = make();
    expect(await programsOf(() => train({ ...given(), validation }))).toBeGreaterThan(0);
    expect(await programsOf(() => train({ ...given(), validation }))).toBe(0);
    // The training is the same as one with the same function.
    const again = make();
    const same = given();
    for (let i = 0; i < 2; i++) await again.train({ ...same, validation });
    expect(model.parameters().map((one) => [...one.data])).toEqual(
      again.model.parameters().map((one) => [...one.data]),
    );
  });

  test("is not compiled anew in evaluate and perSampleLoss, in a loop of any length", async () => {
    const { model } = make();
    const run = async (): Promise<number> => {
      const data = { x, y: labels };
      const own = (a: Tensor, b: Tensor): Tensor => cost.crossEntropy(a, b);
      const top = accuracy.with({ topK: 1 });
      const { loss } = await evaluate(model, { data, cost: own, metrics: { top, f1: "f1" } });
      await perSampleLoss(model, (a, b, options) => cost.crossEntropy(a, b, options), data);
      return loss;
    };
    const first = await run();
    for (let i = 0; i < 40; i++) {
      expect(await programsOf(async () => expect(await run()).toBe(first))).toBe(0);
    }
  });

  test("gives what it computes when a number that it uses has changed", async () => {
    const { model, train } = make();
    let factor = 1;
    const cost1 = (a: Tensor, b: Tensor): Tensor => ops.mul(cost.mse(a, b), factor);
    const array = Float32Array.of(1);
    const own = (by: number) => (a: Tensor, b: Tensor) => ops.mul(cost.mse(a, b), by);
    const of = (a: Tensor, b: Tensor): Tensor => ops.sum(ops.mul(cost.mse(a, b), fromTypedArray(array, [1])));
    const loss = async (given: FitOptions["cost"]): Promise<number> =>
      (await evaluate(model, { data: { x, y }, cost: given })).loss;
    const one = await loss(cost.mse);
    for (const by of [1, 2, 3, 2]) {
      factor = by;
      array[0] = by;
      for (const given of [own(by), cost1, of]) expect((await loss(given)) / one).toBeCloseTo(by, 5);
    }
    // Also in a training: with a factor of 0 nothing moves.
    const weights = (): number[] => model.parameters().flatMap((each) => [...each.data]);
    const before = weights();
    factor = 0;
    await train({ cost: cost1 });
    await train({ cost: own(0) });
    expect(weights()).toEqual(before);
    factor = 1;
    await train({ cost: cost1 });
    expect(weights()).not.toEqual(before);
  });

  test("reads the tensors of its scope in each run", async () => {
    const { model } = make();
    const scale = tensor([1]);
    const loss = async (): Promise<number> =>
      (await evaluate(model, { data: { x, y }, cost: (a, b) => ops.sum(ops.mul(cost.mse(a, b), scale)) }))
        .loss;
    const one = await loss();
    scale.data[0] = 3;
    expect(await programsOf(async () => expect((await loss()) / one).toBeCloseTo(3, 5))).toBe(0);
  });
});
