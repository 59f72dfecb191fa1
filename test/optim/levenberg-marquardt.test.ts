import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DTypeError,
  defineFunction,
  Generator,
  GraphError,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { digitsOf, PROBLEMS, residualsOf } from "./nist-strd.js";

const parameter = (values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

describe("finds NIST's certified values", () => {
  const few = PROBLEMS.filter(({ name }) =>
    ["Misra1a", "DanWood", "BoxBOD", "Rat42", "Nelson", "ENSO", "MGH09", "Thurber"].includes(name),
  );
  const runs = few.flatMap((problem) =>
    problem.starts.map((start, i) => [`${problem.name}, start ${i + 1}`, problem, start] as const),
  );
  test.each(runs)("of %s", (_, problem, start) => {
    const b = parameter([...start]);
    const residuals = residualsOf(problem);
    const lm = new optim.LevenbergMarquardt([b], {
      maxIter: 1000,
      toleranceGrad: 0,
      toleranceChange: 1e-13,
    });
    lm.step(() => residuals(b));
    expect(lm.converged).toBe(true);
    expect(digitsOf(b, problem)).toBeGreaterThan(9);
    expect(lm.loss / problem.residual).toBeCloseTo(1, 9);
  });

  test("and the certified sums of squares are those of the models here", () => {
    for (const problem of PROBLEMS.filter(({ name }) => name !== "Lanczos1")) {
      const r = residualsOf(problem)(tensor([...problem.certified], { dtype: "float64" }));
      expect(ops.sum(ops.square(r)).item() / problem.residual, problem.name).toBeCloseTo(1, 8);
    }
  });
});

test("solves a linear problem in a few steps", () => {
  const a = new Generator(3).normal([20, 4], { dtype: "float64" });
  const y = new Generator(4).normal([20], { dtype: "float64" });
  const w = parameter([0, 0, 0, 0]);
  const lm = new optim.LevenbergMarquardt([w], { maxIter: 20 });
  const first = lm.step(() => ops.sub(ops.matmul(a, w), y));
  expect(first.item()).toBeCloseTo(ops.sum(ops.square(y)).item(), 10);
  expect(lm.converged).toBe(true);
  const { solution, residuals } = ops.lstsq(a, y);
  solution.data.forEach((value, i) => {
    expect(w.data[i]).toBeCloseTo(value, 9);
  });
  expect(lm.loss).toBeCloseTo(residuals.item(), 9);
});

test("trains a network on few samples, in float32", () => {
  const x = tensor(Array.from({ length: 20 }, (_, i) => [i / 10 - 1]));
  const y = ops.sin(ops.mul(x, 3));
  const model = new nn.Sequential(new nn.Linear(1, 6), new nn.Tanh(), new nn.Linear(6, 1));
  const lm = new optim.LevenbergMarquardt(model.parameters());
  lm.step(() => ops.sub(model.forward(x), y));
  expect(cost.mse(model.forward(x), y).item()).toBeLessThan(1e-4);
});

test("goes on where it stopped, with the damping that it has learnt", () => {
  const problem = PROBLEMS.find(({ name }) => name === "Misra1a") as (typeof PROBLEMS)[number];
  const residuals = residualsOf(problem);
  const b = parameter([500, 1e-4]);
  const lm = new optim.LevenbergMarquardt([b], { maxIter: 2 });
  let last = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20 && !lm.converged; i++) {
    lm.step(() => residuals(b));
    expect(lm.loss).toBeLessThanOrEqual(last);
    last = lm.loss;
  }
  expect(lm.converged).toBe(true);
  expect(lm.damping).toBeLessThan(1e-3);
});

test("a step that raises the loss is taken back", () => {
  const w = parameter([3]);
  const lm = new optim.LevenbergMarquardt([w], { maxIter: 1, damping: 1e-12 });
  lm.step(() => ops.atan(w));
  expect([...w.data]).toEqual([3]);
  expect(lm.damping).toBeGreaterThan(1e-12);
});

test.each([1, 2, 3, 4, 5])(
  "an error in call %i of the residuals leaves the last step that was taken",
  (last) => {
    const w = parameter([3]);
    const lm = new optim.LevenbergMarquardt([w], { damping: 1e-12 });
    const taken = new Set([3]);
    let calls = 0;
    const residuals = (): Tensor => {
      calls++;
      if (calls === last) throw new Error("out of reach");
      return ops.atan(w);
    };
    expect(() => lm.step(residuals)).toThrow("out of reach");
    // The step from 3 is rejected: atan is steeper at its end.
    expect(taken.has(w.data[0] as number)).toBe(true);
    if (last > 1) expect(lm.loss).toBeCloseTo(Math.atan(3) ** 2, 12);
  },
);

test("fits a line to more samples than the square of would fit into memory", () => {
  const count = 12_000;
  const x = new Generator(5).normal([count], { dtype: "float64" });
  const y = ops.add(ops.mul(x, 2), 1);
  const w = parameter([0, 0]);
  const lm = new optim.LevenbergMarquardt([w], { maxIter: 1, damping: 1e-12 });
  const part = (at: number): Tensor => ops.slice(w, 0, { start: at, end: at + 1 });
  lm.step(() => ops.sub(ops.add(ops.mul(part(0), x), part(1)), y));
  expect(w.data[0]).toBeCloseTo(2, 6);
  expect(w.data[1]).toBeCloseTo(1, 6);
});

test("finds weights of any size: columns of J that are more than 1e154 apart", () => {
  const x = new Generator(6).normal([30, 3], { dtype: "float64" });
  const scales = tensor([1e-200, 1, 1e200], { dtype: "float64" });
  const w = parameter([1e200, 1, 1e-200]);
  const lm = new optim.LevenbergMarquardt([w]);
  const y = ops.matmul(x, tensor([2, 3, 4], { dtype: "float64" }));
  lm.step(() => ops.sub(ops.matmul(x, ops.mul(w, scales)), y));
  expect(lm.converged).toBe(true);
  [2e200, 3, 4e-200].forEach((value, i) => {
    expect((w.data[i] as number) / value).toBeCloseTo(1, 12);
  });
});

test("J by columns and by rows lead to the same weights", () => {
  const x = new Generator(7).normal([40, 3], { dtype: "float64" });
  // The rules of a function that users define are only used backward.
  const backward = defineFunction("tanhOf", {
    forward: (z: Tensor) => ops.tanh(z),
    vjp: ({ y, dy }) => [ops.mul(dy, ops.sub(1, ops.square(y)))],
  });
  const found = [ops.tanh, backward].map((tanh) => {
    const [a, b] = [parameter([0.5, -0.5, 0.1]), parameter([0.3])];
    const lm = new optim.LevenbergMarquardt([a, b], { toleranceGrad: 0, toleranceChange: 1e-12 });
    const y = ops.sin(ops.sum(x, { dim: 1 }));
    const first = lm.step(() => ops.sub(ops.mul(tanh(ops.matmul(x, a)), b), y)).item();
    expect(lm.loss).toBeLessThan(0.5 * first);
    return [...a.data, ...b.data];
  });
  found[0]?.forEach((value, i) => {
    expect(value).toBeCloseTo(found[1]?.[i] as number, 10);
  });
});

describe("bad input", () => {
  const w = parameter([1, 2]);
  const lm = new optim.LevenbergMarquardt([w]);

  test("is refused, and changes nothing", () => {
    const wrong: unknown = undefined;
    expect(() => lm.step(wrong as () => Tensor)).toThrow(ArgumentError);
    expect(() => lm.step(() => tensor([1], { dtype: "float64" }))).toThrow(GraphError);
    expect(() => lm.step(() => ops.to(w, "float32"))).toThrow(DTypeError);
    expect(() => lm.step(() => ops.div(w, 0))).toThrow(/expected finite residuals at the start/);
    expect([...w.data]).toEqual([1, 2]);
  });

  test("of options is refused", () => {
    expect(() => new optim.LevenbergMarquardt([w], { damping: 0 })).toThrow(
      "LevenbergMarquardt: expected damping to be a number > 0, got 0",
    );
    expect(() => new optim.LevenbergMarquardt([w], { maxIter: 0 })).toThrow(/maxIter/);
    const both = [w, tensor([1], { requiresGrad: true })];
    expect(() => new optim.LevenbergMarquardt(both)).toThrow(/expected parameters of one dtype/);
  });
});
