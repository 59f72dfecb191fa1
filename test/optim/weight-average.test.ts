import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  DetachedError,
  evaluate,
  nn,
  OptionError,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const leaf = (value: number): Tensor => tensor([value], { dtype: "float64", requiresGrad: true });

describe.each([
  ["op by op", (f: () => void) => f],
  ["compiled", (f: () => void) => compile(f)],
] as const)("%s", (_, make) => {
  test.each<[object, number[]]>([
    [{}, [5, 4, 4, 4.75]],
    [{ decay: 0.75 }, [5, 4.5, 4.375, 5.03125]],
  ])("averages the weights %j", (options, expected) => {
    const w = leaf(0);
    const average = new optim.WeightAverage([w], options);
    const update = make(() => average.update());
    const found = [5, 3, 4, 7].map((value) => {
      w.data[0] = value;
      update();
      return average.averages[0]?.item() as number;
    });
    expectNumbersClose(found, expected);
  });
});

test("stands in for the weights while something runs, and not after it", async () => {
  const model = new nn.Linear(1, 1, { dtype: "float64" });
  model.loadStateDict({
    weight: tensor([[2]], { dtype: "float64" }),
    bias: tensor([1], { dtype: "float64" }),
  });
  const average = new optim.WeightAverage(model.parameters());
  average.update();
  model.weight.data[0] = 10;
  const x = tensor([[1], [2]], { dtype: "float64" });
  const data = { x, y: ops.add(ops.mul(x, 2), 1) };
  const run = async (): Promise<number> =>
    (await evaluate(model, { data, cost: cost.mse }))["loss"] as number;
  expect(await average.during(run)).toBe(0);
  expect(model.weight.item()).toBe(10);
  expect(await run()).toBeGreaterThan(1);
  const failing = average.during(() => {
    throw new Error("on the way");
  });
  await expect(failing).rejects.toThrow("on the way");
  expect(model.weight.item()).toBe(10);
  average.copyTo();
  expect([model.weight.item(), await run()]).toEqual([2, 0]);
});

describe("a state dict", () => {
  test("has another one go on as if it had been there", () => {
    for (const options of [{}, { decay: 0.75 }]) {
      const w = leaf(0);
      const [own, other] = [new optim.WeightAverage([w], options), new optim.WeightAverage([w], options)];
      const update = (value: number, ...which: optim.WeightAverage[]): void => {
        w.data[0] = value;
        for (const one of which) one.update();
      };
      for (const value of [5, 3]) update(value, own);
      other.loadStateDict(own.stateDict());
      for (const value of [4, 7]) update(value, own, other);
      expect(other.averages[0]?.item()).toBe(own.averages[0]?.item());
      expect(other.stateDict().n_averaged).toBe(4);
    }
  });

  test.each<[string, unknown, new (message: string) => Error, string]>([
    ["nothing", null, ArgumentError, "expected n_averaged to be a whole number ≥ 0, got undefined"],
    [
      "no list",
      { n_averaged: 1 },
      ArgumentError,
      "expected averages to be a list of 2 tensors, got undefined",
    ],
    [
      "another shape",
      { n_averaged: 1, averages: [leaf(1), tensor([1, 2], { dtype: "float64" })] },
      ShapeError,
      "averages[1]: expected shape [1], got [2]",
    ],
    [
      "no tensor",
      { n_averaged: 1, averages: [leaf(1), 2] },
      ArgumentError,
      "expected averages[1] to be a tensor, got 2",
    ],
  ])("of %s is refused, and nothing changes", (_, state, kind, message) => {
    const average = new optim.WeightAverage([leaf(5), leaf(6)]);
    average.update();
    expect(() => average.loadStateDict(state as optim.WeightAverageStateDict)).toThrow(
      new kind(`WeightAverage.loadStateDict: ${message}`),
    );
    expect(average.averages.map((one) => one.item())).toEqual([5, 6]);
    expect(average.stateDict().n_averaged).toBe(1);
  });
});

test("copies all averages into the parameters, or none where one is gone", async () => {
  const [a, b] = [leaf(1), leaf(2)];
  const average = new optim.WeightAverage([a, b]);
  average.update();
  for (const one of [a, b]) one.data[0] = 7;
  const { data } = average.averages[1] as Tensor;
  structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
  expect(() => average.copyTo()).toThrow(DetachedError);
  await expect(average.during(() => 1)).rejects.toThrow(DetachedError);
  expect([a.item(), b.item()]).toEqual([7, 7]);
});

test("refuses what it cannot average", async () => {
  expect(() => new optim.WeightAverage([])).toThrow(
    new ArgumentError("WeightAverage: expected at least one parameter, got an empty list"),
  );
  expect(() => new optim.WeightAverage([leaf(1)], { decay: 1 })).toThrow(
    new ArgumentError("WeightAverage: expected decay to be a number ≥ 0 and < 1, got 1"),
  );
  expect(() => new optim.WeightAverage([leaf(1)], { beta: 1 } as never)).toThrow(OptionError);
  await expect(new optim.WeightAverage([leaf(1)]).during(1 as never)).rejects.toThrow(
    new ArgumentError("WeightAverage: expected a function to run, got 1"),
  );
});
