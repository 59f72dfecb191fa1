import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  evaluate,
  nn,
  OptionError,
  ops,
  optim,
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

test("stands in for the weights while something runs, and not behind it", async () => {
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
