import { expect, test } from "vitest";
import { ArgumentError, DTypeError, nn, ops, randn, type Tensor, tensor, zeros } from "../../lib/index.js";
import { expectSame } from "../oracle/compare.js";

const model = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(6, 4),
    new nn.BatchNorm1d(4),
    new nn.ReLU(),
    new nn.Linear(4, 1000),
  );

test("summary lists layers, shapes, parameters and flops, and leaves the model as it was", () => {
  const one = model();
  const norm = one.modules[2] as nn.BatchNorm1d;
  (one.modules[1] as nn.Linear).weight.requiresGrad = false;
  expect(nn.summary(one, [2, 3, 2])).toBe(
    [
      "layer  kind         output     parameters   flops",
      "0      Flatten      [2, 6]              0       0",
      "1      Linear       [2, 4]             28      96",
      "2      BatchNorm1d  [2, 4]              8       0",
      "3      ReLU         [2, 4]              0       0",
      "4      Linear       [2, 1000]       5,000  16,000",
      "5,036 parameters, 24 of them frozen; 16,096 flops for an input [2, 3, 2]",
    ].join("\n"),
  );
  expect([norm.training, norm.numBatchesTracked?.item()]).toEqual([true, 0]);
  expect(nn.summary(new nn.Linear(6, 4), [6])).toContain("(model)  Linear  [4]");
  expect(() => nn.summary(1 as never, [1])).toThrow(
    new ArgumentError("summary: expected model to be a Module, got 1"),
  );
});

test("summary counts the products of every module that multiplies by matrices", () => {
  expect(nn.summary(new nn.GRUCell(3, 2), [5, 3])).toContain(`${2 * 5 * (6 * 3 + 6 * 2)} flops`);
  class Pair extends nn.Module {
    readonly form = new nn.Bilinear(3, 3, 2);
    forward(x: Tensor): Tensor {
      return this.form.forward(x, x);
    }
  }
  expect(nn.summary(new Pair(), [5, 3])).toContain(`${2 * 5 * 2 * 3 * 3} flops`);
});

test("to converts parameters and buffers of floats", () => {
  const one = model().to("float64");
  const state = Object.values(one.stateDict());
  expect(new Set(state.map(({ dtype }) => dtype))).toEqual(new Set(["float64", "int32"]));
  expect(one.forward(zeros([3, 6], { dtype: "float64" })).dtype).toBe("float64");
  const parameters = one.parameters();
  expect(one.to("float64").parameters()).toEqual(parameters);
  expect(() => one.to("int32")).toThrow(new DTypeError("to: expected dtype float32 or float64, got int32"));
});

test("the soft nearest neighbour becomes the nearest one as the temperature falls", () => {
  const samples = randn([5, 3], { dtype: "float64" });
  const x = randn([7, 3], { dtype: "float64" });
  const nearest = new nn.NearestNeighbor(samples);
  const soft = new nn.SoftNearestNeighbor(samples, 1e-6).forward(x);
  expectSame(soft, ops.oneHot(nearest.forward(x), 5, "float64"));
  const warm = new nn.SoftNearestNeighbor(samples, 2).forward(x);
  expectSame(warm, ops.softmax(ops.mul(nearest.distances(x), -0.5), { dim: 1 }));
  expect(() => new nn.SoftNearestNeighbor(samples, 0)).toThrow(ArgumentError);
  expect(() =>
    new nn.EmbeddingBag(3, 2).forward(tensor([[0]], { dtype: "int32" }), null, zeros([1, 1])),
  ).toThrow(new ArgumentError('EmbeddingBag: perSampleWeights go with mode "sum", not with "mean"'));
});
