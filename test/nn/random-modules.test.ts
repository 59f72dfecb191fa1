// Modules that draw random numbers in training: their distribution, and that each call draws anew.
import { describe, expect, test } from "vitest";
import { compile, cost, fit, manualSeed, nn, ones, ops, optim, randn, type Tensor } from "../../lib/index.js";

const N = 200_000;
const meanOf = (x: Tensor): number => ops.mean(x).item();
const stdOf = (x: Tensor): number => ops.std(x).item();

describe("Dropout", () => {
  test("keeps the expectation, and is the identity in evaluation", () => {
    manualSeed(3);
    const drop = new nn.Dropout(0.3);
    const x = ones([N]);
    const y = drop.forward(x);
    const dropped = y.data.filter((v) => v === 0).length / N;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.005);
    expect(new Set(y.data)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect(Math.abs(meanOf(y) - 1)).toBeLessThan(0.01);
    expect(drop.eval().forward(x)).toBe(x);
  });

  test("at the ends drops nothing and all", () => {
    const x = randn([7]);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
    expect(ops.abs(new nn.Dropout(1).forward(x)).toArray()).toEqual(new Array(7).fill(0));
    expect(ops.abs(new nn.AlphaDropout(1).forward(x)).toArray()).toEqual(new Array(7).fill(0));
  });

  test("passes the gradient of what it kept", () => {
    const x = ops.add(ones([50]), 0);
    x.requiresGrad = true;
    const y = new nn.Dropout(0.5).forward(x);
    ops.sum(y).backward();
    expect(x.grad?.toArray()).toEqual(y.toArray());
  });

  test("draws anew in each call, compiled too, as op by op", () => {
    const drop = new nn.Dropout(0.5);
    const x = ones([64]);
    const compiled = compile((z: Tensor) => drop.forward(z));
    const draw = (f: (z: Tensor) => Tensor): unknown[] => {
      manualSeed(5);
      return [f(x).toArray(), f(x).toArray()];
    };
    const [first, second] = draw(compiled);
    expect(first).not.toEqual(second);
    expect([first, second]).toEqual(draw((z) => drop.forward(z)));
  });

  test("a compiled function follows train() and eval()", () => {
    const drop = new nn.Dropout(0.5);
    const f = compile((z: Tensor) => drop.forward(z));
    const x = ones([64]);
    expect(f(x).data.some((v) => v === 0)).toBe(true);
    drop.eval();
    expect(f(x).toArray()).toEqual(x.toArray());
    drop.train();
    expect(f(x).data.some((v) => v === 0)).toBe(true);
  });
});

test("AlphaDropout keeps mean 0 and variance 1", () => {
  manualSeed(4);
  const y = new nn.AlphaDropout(0.2).forward(randn([N]));
  expect(Math.abs(meanOf(y))).toBeLessThan(0.02);
  expect(Math.abs(stdOf(y) - 1)).toBeLessThan(0.02);
});

test("RReLU draws slopes from its range", () => {
  manualSeed(4);
  const y = new nn.RReLU(0.1, 0.3).forward(ops.neg(ones([N])));
  const slopes = [...y.data].map((v) => -v);
  expect(Math.min(...slopes.slice(0, 10_000))).toBeGreaterThanOrEqual(0.1);
  expect(Math.max(...slopes.slice(0, 10_000))).toBeLessThanOrEqual(0.3);
  expect(Math.abs(meanOf(y) + 0.2)).toBeLessThan(0.001);
});

test("fit trains a network with dropout and batch normalisation, and evaluates it without", async () => {
  manualSeed(1);
  const x = randn([400, 3]);
  const y = ops.to(ops.greater(ops.sum(x, { dim: 1 }), 0), "int32");
  const model = new nn.Sequential(
    new nn.Linear(3, 32),
    new nn.BatchNorm1d(32),
    new nn.GELU(),
    new nn.Dropout(0.2),
    new nn.Linear(32, 2),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const history = await fit(model, {
    data: { x, y },
    validation: { x, y },
    cost: cost.crossEntropy,
    optimizer,
    epochs: 12,
    batchSize: 40,
  });
  const last = history.at(-1);
  expect(last?.validation?.["loss"]).toBeLessThan(0.15);
  const norm = model.modules[1] as nn.BatchNorm1d;
  expect(norm.numBatchesTracked?.item()).toBe(120);
  expect(norm.training).toBe(true);
});
