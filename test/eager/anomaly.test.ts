import { describe, expect, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  compile,
  cost,
  detectAnomaly,
  fit,
  grad,
  manualSeed,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

function caught(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error");
}

describe("detectAnomaly", () => {
  const x = tensor([1, -1, 4]);
  const wrong = (z: Tensor): Tensor => ops.sum(ops.log(ops.mul(z, 2)));

  test("names the op and the line of the first NaN or infinity", () => {
    const error = caught(() => detectAnomaly(() => wrong(x)));
    expect(error).toBeInstanceOf(AnomalyError);
    expect(error.message).toMatch(
      /^detectAnomaly: log gave NaN at position 1, called at wrong \(.*anomaly\.test\.ts:\d+:\d+\)$/,
    );
    expect(caught(() => detectAnomaly(() => ops.div(x, 0))).message).toContain(
      "div gave Infinity at position 0",
    );
  });

  test("accepts finite results, returns the function's result, and ends with the function", () => {
    expect(detectAnomaly(() => ops.exp(x)).shape).toEqual([3]);
    expect(ops.log(x).data[1]).toBeNaN();
    caught(() => detectAnomaly(() => wrong(x)));
    expect(ops.log(x).data[1]).toBeNaN();
  });

  test("names the op whose gradient it is, and the line that called the op", () => {
    const root = (z: Tensor): Tensor => ops.sqrt(z);
    const leaf = tensor([0, 1], { requiresGrad: true });
    const error = caught(() =>
      detectAnomaly(() => {
        const y = ops.sum(root(leaf));
        y.backward();
      }),
    );
    expect(error).toBeInstanceOf(AnomalyError);
    expect(error.message).toMatch(
      /^detectAnomaly: div, in the gradient of sqrt with respect to x, gave Infinity at position 0, called at root /,
    );
    expect(caught(() => detectAnomaly(() => grad((z) => ops.sum(root(z)))(leaf))).message).toContain(
      "of sqrt",
    );
  });

  test("works in compiled programs, which are not checked outside", () => {
    const compiled = compile(wrong);
    expect((compiled(x) as Tensor).item()).toBeNaN();
    const error = caught(() => detectAnomaly(() => compiled(x)));
    expect(error).toBeInstanceOf(AnomalyError);
    expect(error.message).toMatch(
      /^detectAnomaly: log gave NaN at position 1, called at wrong \(.*anomaly\.test\.ts/,
    );
    expect((detectAnomaly(() => compiled(tensor([1, 2, 3]))) as Tensor).item()).toBeCloseTo(Math.log(48), 5);
    expect((compiled(x) as Tensor).item()).toBeNaN();
  });

  test("checks a fit, and an anomaly leaves the model unchanged", async () => {
    manualSeed(1);
    const model = new nn.Linear(2, 1);
    const before = [...model.weight.data];
    const explode = cost.defineCost("explode", {
      perSample: (y, target) => ops.sum(ops.log(ops.sub(y, ops.add(y, target))), { dim: 1 }),
    });
    const run = (): Promise<unknown> =>
      fit(model, {
        data: { x: zeros([4, 2]), y: tensor([[1], [1], [1], [1]]) },
        cost: explode,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        epochs: 1,
        batchSize: 2,
      });
    await expect(detectAnomaly(run)).rejects.toThrow(/detectAnomaly: log gave NaN at position 0/);
    expect([...model.weight.data]).toEqual(before);
    expect(ops.log(x).data[1]).toBeNaN();
  });

  test("refuses an argument that is not a function", () => {
    expect(() => detectAnomaly(1 as never)).toThrow(ArgumentError);
  });
});
