// Costs at points where a derivative is infinite, while training and where values are refused.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  grad,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";

const f64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });

describe("binary cross-entropy of probabilities that reach 0 and 1", () => {
  // Far apart, so that float32's sigmoid is exactly 0 and 1 after a step.
  const x = tensor([[-40], [-30], [30], [50]]);
  const target = tensor([[0], [0], [1], [1]]);

  test.each([false, true])("trains separable points for many epochs, compiled: %s", (isCompiled) => {
    const layer = new nn.Linear(1, 1);
    layer.weight.data[0] = 0.01;
    const optimizer = new optim.SGD(layer.parameters(), { lr: 1 });
    const lossOf = (points: Tensor, labels: Tensor): Tensor =>
      cost.bce(ops.sigmoid(layer.forward(points)), labels);
    const step = (points: Tensor, labels: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = lossOf(points, labels);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const run = isCompiled ? compile(step) : step;
    for (let epoch = 0; epoch < 500; epoch++) run(x, target);
    expect([...ops.sigmoid(layer.forward(x)).data]).toEqual([0, 0, 1, 1]);
    expect(lossOf(x, target).item()).toBe(0);
    for (const { data } of layer.parameters()) expect([...data].every(Number.isFinite)).toBe(true);
  });

  test("has each sample's gradient under vmap, whichever input has the samples", () => {
    const samples = f64([
      [0, 1, 0.5],
      [1, 0, 0.25],
    ]);
    const one = f64([0, 1, 1]);
    const each = (argnums: number, inDims: (0 | null)[], ...inputs: Tensor[]): number[] => {
      const gradient = grad((a, b) => cost.bce(a, b, { reduction: "sum" }), { argnums });
      return [...vmap(gradient, { inDims })(...inputs).data];
    };
    expect(each(0, [0, null], samples, one)).toEqual([0, 0, -2, 1e12, -1e12, -4]);
    expect(each(1, [0, null], samples, one)).toEqual([
      100,
      -100,
      0,
      -100,
      100,
      expect.closeTo(Math.log(3), 12),
    ]);
    expect(each(0, [null, 0], one, samples)).toEqual([0, 0, 0.5e12, -1e12, 1e12, 0.75e12]);
  });
});

describe("the variance of gaussianNLL", () => {
  const y = f64([
    [1, 2],
    [3, 5],
  ]);
  const target = f64([
    [0, 0],
    [0, 0],
  ]);
  const ofVariance = (variance: Tensor): Tensor =>
    cost.gaussianNLL(y, target, variance, { reduction: "none" });

  test("is one of each row beside a square matrix, as PyTorch's", () => {
    const byRow = [0.5, 2, (Math.log(4) + 9 / 4) / 2, (Math.log(4) + 25 / 4) / 2];
    expect([...ofVariance(f64([1, 4])).data]).toEqual(byRow.map((value) => expect.closeTo(value, 12)));
  });

  test("is refused where it is negative, and makes the cost NaN within a program", () => {
    const variance = f64([1, -4]);
    expect(() => ofVariance(variance)).toThrow(ArgumentError);
    expect(() => ofVariance(variance)).toThrow(
      "gaussianNLL: expected variance not to be negative, got -4 at position 1",
    );
    const compiled = compile(ofVariance);
    expect([...compiled(variance).data]).toEqual([0.5, 2, Number.NaN, Number.NaN]);
    expect([...compiled(f64([1, 4])).data]).toEqual([...ofVariance(f64([1, 4])).data]);
  });

  test.each([[[3]], [[1, 3]], [[1, 1]], [[2, 2, 1]]])("is refused with shape %j", (shape) => {
    expect(() => ofVariance(ops.expand(f64([1]), shape))).toThrow(
      /^gaussianNLL: expected variance to be \[2, 2\]/,
    );
  });
});

test("cosine similarity of a column and a row is of the vectors they broadcast to", () => {
  const y = ops.cosineSimilarity(f64([[1], [2], [3]]), f64([[1, 1, 1]]), { dim: 1 });
  expect([...y.data]).toEqual([1, 1, 1].map((value) => expect.closeTo(value, 12)));
});

test("ctc has a finite gradient beside classes of probability 0", () => {
  const never = Number.NEGATIVE_INFINITY;
  const logProbs = ops.reshape(f64([never, Math.log(0.5), Math.log(0.5), 0, never, never]), [2, 1, 3]);
  const int = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
  const f = (v: Tensor): Tensor => cost.ctc(v, int([[1]]), int([2]), int([1]), { reduction: "sum" });
  expect(f(logProbs).item()).toBeCloseTo(Math.log(2), 12);
  const gradient = [...grad(f)(logProbs).data];
  expect(gradient).toEqual([0, -1, 0, -1, 0, 0].map((value) => expect.closeTo(value, 12)));
});
