import { describe, expect, test } from "vitest";
import {
  BusyError,
  compile,
  nn,
  ones,
  ops,
  optim,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const parameter = (): Tensor => tensor([1, 2], { dtype: "float64", requiresGrad: true });

describe("optimizers", () => {
  test("take the learning rate that is set between steps", () => {
    const w = parameter();
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    expect(optimizer.lr).toBe(0.5);
    w.grad = ones([2], { dtype: "float64" });
    optimizer.step();
    expect(w.toArray()).toEqual([0.5, 1.5]);
    optimizer.lr = 0.25;
    expect(optimizer.lr).toBe(0.25);
    optimizer.step();
    expect(w.toArray()).toEqual([0.25, 1.25]);
    optimizer.lr = 0;
    optimizer.step();
    expect(w.toArray()).toEqual([0.25, 1.25]);
  });

  test("keep momentum while the learning rate changes", () => {
    const w = parameter();
    const optimizer = new optim.SGD([w], { lr: 1, momentum: 0.5 });
    w.grad = ones([2], { dtype: "float64" });
    optimizer.step(); // v = 1
    optimizer.lr = 0.1;
    optimizer.step(); // v = 1.5
    expect(w.data[0]).toBeCloseTo(1 - 1 - 0.15, 12);
  });

  test("have PyTorch's defaults", () => {
    expect(new optim.SGD([parameter()]).lr).toBe(0.001);
    expect(new optim.Adam([parameter()]).lr).toBe(0.001);
  });

  test("leave parameters without a gradient alone", () => {
    for (const make of [optim.SGD, optim.Adam]) {
      const [a, b] = [parameter(), parameter()];
      const optimizer = new make([a, b], { lr: 0.5, weightDecay: 0.1 });
      b.grad = ones([2], { dtype: "float64" });
      optimizer.step();
      expect(a.toArray()).toEqual([1, 2]);
      expect(b.toArray()).not.toEqual([1, 2]);
    }
  });

  test("count steps for each parameter from its own first gradient", () => {
    const [a, b] = [parameter(), parameter()];
    const optimizer = new optim.Adam([a, b], { lr: 0.5 });
    const grad = ones([2], { dtype: "float64" });
    a.grad = grad;
    optimizer.step();
    b.grad = grad;
    optimizer.step();
    // Adam's first step is η·sign(g) for any g.
    expect(b.data[0]).toBeCloseTo(0.5, 7);
  });

  test("by LAMB move parameters that are 0 as Adam does", () => {
    const moved = [optim.LAMB, optim.Adam].map((kind) => {
      const w = zeros([3], { dtype: "float64", requiresGrad: true });
      w.grad = tensor([1, -2, 0.5], { dtype: "float64" });
      new kind([w], { lr: 0.1, eps: 1e-8 }).step();
      return w.toArray() as number[];
    });
    expectNumbersClose(moved[0] as number[], moved[1] as number[]);
    expect(moved[0]).not.toContain(0);
  });

  test("forget gradients by zeroGrad", () => {
    const w = parameter();
    const optimizer = new optim.SGD([w], { lr: 1 });
    w.grad = ones([2], { dtype: "float64" });
    optimizer.zeroGrad();
    expect(w.grad).toBeNull();
    optimizer.step();
    expect(w.toArray()).toEqual([1, 2]);
  });

  test("take any iterable of parameters and show it as a list", () => {
    const model = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(new Set(model.parameters()), { lr: 1 });
    expect(optimizer.parameters).toEqual(model.parameters());
    ops.sum(model.forward(ones([1, 2]))).backward();
    const before = model.weight.toArray() as number[][];
    optimizer.step();
    expect(model.weight.toArray()).toEqual(before.map((row) => row.map((w) => Math.fround(w - 1))));
  });

  test("train float32 and float64 parameters side by side", () => {
    const [a, b] = [
      tensor([1], { requiresGrad: true }),
      tensor([1], { dtype: "float64", requiresGrad: true }),
    ];
    const optimizer = new optim.Adam([a, b], { lr: 0.25 });
    a.grad = ones([1]);
    b.grad = ones([1], { dtype: "float64" });
    optimizer.step();
    expect(a.data[0]).toBeCloseTo(0.75, 6);
    expect(b.data[0]).toBeCloseTo(0.75, 7);
  });

  test.each([3, 40])("divide by what float32 makes of a root that is infinite or 0, %i weights", (n) => {
    const stepped = (gradient: number, eps: number): Float32Array => {
      const w = ones([n], { requiresGrad: true });
      w.grad = ops.mul(ones([n]), gradient);
      new optim.Adam([w], { lr: 0.01, eps }).step();
      return w.data as Float32Array;
    };
    for (const w of stepped(1e30, 1e-8)) expect(w).toBe(1); // 1e60 is beyond float32: m / ∞
    for (const w of stepped(1e30, 1e35)) expect(w).toBe(1);
    // 1e-60 is 0 in float32: m / eps, where 1 / eps is a normal number or not
    for (const w of stepped(1e-30, 1e-28)) expect(w).toBeCloseTo(1 - 0.01 * 0.01, 6);
    for (const w of stepped(1e-30, 1e-32)) expect(w).toBeCloseTo(0, 4);
    for (const w of stepped(1e-36, 1e-38)) expect(w).toBeCloseTo(0, 4);
    for (const w of stepped(1e-30, 0)) expect(w).toBe(Number.NEGATIVE_INFINITY);
  });

  test("move all weights or none where a run reads one of them", async () => {
    const [small, large] = [new nn.Linear(2, 2), new nn.Linear(500, 500)];
    const parameters = [...small.parameters(), ...large.parameters()];
    const evaluate = compile((x: Tensor) => large.forward(large.forward(large.forward(x))));
    const x = randn([400, 500]);
    evaluate(x);
    const closure = (): Tensor => ops.sum(small.weight);
    for (const [optimizer, run] of [
      ...[optim.SGD, optim.Adam, optim.RMSprop].map((Make) => {
        const optimizer: optim.Optimizer = new Make(parameters, { lr: 0.1 });
        return [optimizer, () => optimizer.step()] as const;
      }),
      ...[
        new optim.GradientDescent([
          { parameters: small.parameters() },
          { parameters: large.parameters(), preconditioner: (v) => ops.mul(v, 1) },
        ]),
      ].map((optimizer) => [optimizer, () => optimizer.step()] as const),
      ...[new optim.LBFGS(parameters)].map(
        (optimizer) => [optimizer, () => optimizer.step(closure)] as const,
      ),
    ]) {
      for (const w of parameters) w.grad = ones(w.shape);
      const before = small.weight.toArray();
      const running = evaluate.runAsync(x);
      expect(run).toThrow(BusyError);
      expect(small.weight.toArray()).toEqual(before);
      expect(optimizer.stateDict().state).toEqual({});
      await running;
      run();
    }
    const average = new optim.WeightAverage(parameters);
    small.weight.data[0] = 99;
    const train = compile((input: Tensor) => {
      const loss = ops.sum(large.forward(input));
      for (const w of large.parameters()) w.grad = null;
      loss.backward();
      trainer.step();
      return loss;
    });
    const trainer = new optim.SGD(large.parameters(), { lr: 1e-6 });
    train(x);
    const before = average.averages[0]?.toArray();
    const running = train.runAsync(x);
    expect(() => average.update()).toThrow(BusyError);
    expect(average.averages[0]?.toArray()).toEqual(before);
    await running;
    average.update();
    expect(average.averages[0]?.data[0]).toBe(99);
  });
});
