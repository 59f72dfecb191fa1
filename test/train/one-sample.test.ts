import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  data,
  evaluate,
  fit,
  nn,
  ops,
  optim,
  predict,
  randn,
  ShapeError,
  type Tensor,
  ThalwegError,
  tensor,
} from "../../lib/index.js";
import { bad } from "../errors/expect-error.js";

const vector = (): nn.Linear => new nn.Linear(3, 2);
const image = (): nn.Sequential => new nn.Sequential(new nn.Flatten(), new nn.Linear(20, 2));

/** Takes two inputs. */
class Both extends nn.Module<[Tensor, Tensor], Tensor> {
  readonly layer = new nn.Linear(6, 2);
  forward(a: Tensor, b: Tensor): Tensor {
    return this.layer.forward(ops.concat([a, b], 1));
  }
}

describe("one sample without an axis for samples", () => {
  test.each<[string, () => nn.Module, Parameters<typeof predict>[1], string]>([
    ["a vector", vector, randn([3]), "x [3]; add an axis with reshape or unsqueeze, to [1, 3] ("],
    ["an image", image, randn([4, 5]), "x [4, 5]; add an axis with reshape or unsqueeze, to [1, 4, 5] ("],
    [
      "an image of bytes",
      image,
      new data.Bytes(new Uint8Array(20), [4, 5]),
      "x [4, 5]; add an axis with reshape or unsqueeze, to [1, 4, 5] (",
    ],
    ["of more numbers than a mini-batch", () => new nn.Linear(2000, 2), randn([2000]), "x [2000]; add"],
    [
      "two inputs",
      () => new Both(),
      [randn([3]), randn([3])],
      "x[0] [3], x[1] [3]; add an axis with reshape or unsqueeze, to [1, 3], [1, 3] (",
    ],
  ])("is told by predict: %s", async (_, make, x, text) => {
    const run = predict(make(), x);
    await expect(run).rejects.toThrow(ThalwegError);
    await expect(run).rejects.toThrow(
      `predict: expected a batch of samples, [B, …], got one sample, ${text}`,
    );
  });

  test.each<[string, unknown, string]>([
    ["a list of numbers", [1, 2, 3], "an array of 3"],
    ["a typed array", Float32Array.of(1, 2, 3), "a Float32Array"],
  ])("is told by predict, with what makes a batch of it: %s", async (_, x, what) => {
    const numbers = x as number[];
    await expect(predict(vector(), bad(numbers))).rejects.toThrow(
      new ArgumentError(
        `predict: expected a batch of samples, [B, …], as a tensor, got the numbers of one sample, ${what}; tensor(x, { shape: [1, 3] }) makes a batch of it`,
      ),
    );
    expect((await predict(vector(), tensor(numbers, { shape: [1, 3] }))).shape).toEqual([1, 2]);
  });

  test("of one number is told by predict", async () => {
    await expect(predict(vector(), tensor(1))).rejects.toThrow(
      new ShapeError("predict: expected a batch of samples, [B, …], got one number, x []"),
    );
  });

  test("is told by fit and evaluate, and predict takes it with the axis", async () => {
    const model = vector();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { data: { x: randn([3]), y: randn([3, 2]) }, cost: cost.mse };
    const text = "expected a batch of samples, [B, …], got one sample, x [3]; add an axis";
    await expect(fit(model, { ...options, optimizer })).rejects.toThrow(`fit: ${text}`);
    await expect(evaluate(model, options)).rejects.toThrow(`evaluate: ${text}`);
    expect((await predict(model, randn([3]).reshape([1, 3]))).shape).toEqual([1, 2]);
    const one = { x: randn([3]), y: randn([1]) };
    await expect(fit(model, { ...options, data: one, optimizer })).rejects.toThrow(
      /as many targets as samples, got .*x \[3\] and .*y \[1\]; a single sample has an axis too: .*x \[1, 3\]/,
    );
  });

  test("is not suspected where the model takes it neither way", async () => {
    await expect(predict(vector(), randn([7, 4]))).rejects.toThrow(/^((?!one sample).)*$/);
    await expect(predict(image(), randn([4, 6]))).rejects.toThrow(/^((?!one sample).)*$/);
  });

  test("is not suspected where the cost refuses what the model gives", async () => {
    const run = evaluate(vector(), { data: { x: randn([4, 3]), y: randn([4, 7]) }, cost: cost.mse });
    await expect(run).rejects.toThrow(/^((?!one sample).)*$/);
  });
});
