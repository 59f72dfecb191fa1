// Where results are exact although a factor is 0 or infinite, or digits cancel; some of it differs from PyTorch.
import { describe, expect, test } from "vitest";
import * as d from "../../lib/distributions/index.js";
import { logBeta } from "../../lib/distributions/log-beta.js";
import {
  ArgumentError,
  checkGradients,
  compile,
  Generator,
  grad,
  ops,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const double = (...values: number[]): Tensor => tensor(values, { dtype: "float64" });
const dtype = "float64";
const { POSITIVE_INFINITY: INF } = Number;
/** As numbers, −0 as 0. */
const numbers = (x: Tensor): number[] => [...x.data].map((value) => value + 0);

describe("at the ends of a parameter's range", () => {
  test("Bernoulli of probability 0 and 1: exact log-probabilities, entropy 0, finite gradients", () => {
    const of = new d.Bernoulli({ probs: double(0, 1) });
    expect(numbers(of.logProb(0))).toEqual([0, -INF]);
    expect(numbers(of.logProb(1))).toEqual([-INF, 0]);
    expect(numbers(of.entropy())).toEqual([0, 0]);
    const slope = grad((p: Tensor) => ops.sum(new d.Bernoulli({ probs: p }).logProb(double(0, 1))));
    expect([...(slope(double(0, 1)) as Tensor).data]).toEqual([-1, 1]);
  });

  test("Bernoulli of infinite logits", () => {
    const of = new d.Bernoulli({ logits: double(INF, -INF) });
    expect(numbers(of.logProb(1))).toEqual([0, -INF]);
    expect(numbers(of.entropy())).toEqual([0, 0]);
  });

  test("Bernoulli of large logits keeps the variance's digits", () => {
    const of = new d.Bernoulli({ logits: double(40, -40) });
    for (const variance of of.variance.data) expect(variance / Math.exp(-40)).toBeCloseTo(1, 12);
  });

  test("Categorical with a class without probability: entropy, divergence and gradients are finite", () => {
    for (const make of [
      (x: Tensor): d.Categorical => new d.Categorical({ logits: ops.log(x) }),
      (x: Tensor): d.Categorical => new d.Categorical({ probs: x }),
    ]) {
      const p = make(double(0, 1, 3));
      expect(p.logProb(0).item()).toBe(-INF);
      expect(p.entropy().item()).toBeCloseTo(0.5623351446188083, 14);
      expect(d.klDivergence(p, make(double(1, 1, 1))).item()).toBeCloseTo(
        Math.log(3) - 0.5623351446188083,
        14,
      );
      expect(d.klDivergence(make(double(1, 1, 1)), p).item()).toBe(INF);
    }
    const masked = double(-INF, 0, Math.log(3));
    const slope = grad((logits: Tensor) => {
      const of = new d.Categorical({ logits });
      return ops.add(of.entropy(), of.logProb(2));
    })(masked) as Tensor;
    expect([...slope.data].every(Number.isFinite)).toBe(true);
    expect(slope.data[0]).toBe(0);
  });

  test("Binomial of probability 0 and 1, and of no trials", () => {
    const of = new d.Binomial(3, { probs: double(0, 1) });
    expect(numbers(of.logProb(0))).toEqual([0, -INF]);
    expect(numbers(of.logProb(3))).toEqual([-INF, 0]);
    expect(numbers(of.entropy())).toEqual([0, 0]);
    expect(new d.Binomial(0, { probs: 0.3 }).logProb(0).item()).toBeCloseTo(0);
  });

  test("Geometric of probability 1, and of rare successes", () => {
    const of = new d.Geometric({ probs: double(1, 1e-12) });
    expect(of.logProb(0).data[0]).toBe(0);
    expect(of.logProb(1).data[0]).toBe(-INF);
    expect(of.logProb(1e12).data[1]).toBeCloseTo(Math.log(1e-12) - 1, 6);
    expect(of.cdf(0).data[1]).toBeCloseTo(1e-12, 24);
    expect(of.sample([4]).data[0]).toBe(0);
  });

  test("Poisson of rate 0", () => {
    const of = new d.Poisson(0, { dtype });
    expect([of.logProb(0).item(), of.logProb(1).item()]).toEqual([0, -INF]);
    expect(of.sample().item()).toBe(0);
    const bernoulli = new d.Bernoulli({ probs: 0.25, dtype });
    expect(d.klDivergence(of, bernoulli).item()).toBeCloseTo(-Math.log(0.75), 14);
    expect(d.klDivergence(new d.Poisson(1, { dtype }), bernoulli).item()).toBe(INF);
  });

  test("Exponential and Gamma at 0", () => {
    expect(new d.Exponential(2, { dtype }).logProb(0).item()).toBe(Math.log(2));
    const at0 = new d.Gamma(double(0.5, 1, 2), 2).logProb(0).data;
    expect([...at0]).toEqual([INF, Math.log(2), -INF]);
    const slope = grad((a: Tensor) => new d.Gamma(a, 1).logProb(0.5))(tensor(1, { dtype })) as Tensor;
    expect(slope.item()).toBeCloseTo(Math.log(0.5) + 0.5772156649015329, 12);
  });

  test("Uniform has its density at both ends", () => {
    const of = new d.Uniform(0, 4, { dtype });
    expect([of.logProb(0).item(), of.logProb(4).item()]).toEqual([-Math.log(4), -Math.log(4)]);
  });

  test("StudentT has no mean, and no finite variance, for few degrees of freedom", () => {
    const of = new d.StudentT(double(1, 2, 3));
    expect([...of.mean.data]).toEqual([Number.NaN, 0, 0]);
    expect([...of.variance.data]).toEqual([Number.NaN, INF, 3]);
  });

  test("the mode of Dirichlet is a corner where all concentrations are below 1", () => {
    expect([...new d.Dirichlet(double(0.5, 0.9, 0.2)).mode.data]).toEqual([0, 1, 0]);
    expect([...new d.Dirichlet(double(0.5, 3, 2)).mode.data]).toEqual([0, 2 / 3, 1 / 3]);
    expect(new d.Beta(3, 2, { dtype }).mode.item()).toBeCloseTo(2 / 3, 15);
  });
});

describe("in the tails", () => {
  test("distribution functions keep the digits of small probabilities", () => {
    // Φ(−20), from mpmath.
    expect(new d.Normal(0, 1, { dtype }).cdf(-20).item() / 2.7536241186062337e-89).toBeCloseTo(1, 12);
    expect(new d.Laplace(0, 1, { dtype }).cdf(-100).item() / (Math.exp(-100) / 2)).toBeCloseTo(1, 12);
    expect(new d.Cauchy(0, 1, { dtype }).cdf(-1e12).item() / (1e-12 / Math.PI)).toBeCloseTo(1, 12);
    expect(new d.Exponential(1, { dtype }).cdf(1e-20).item() / 1e-20).toBeCloseTo(1, 12);
  });

  test("Normal's quantiles keep the digits of small probabilities, and have their slope", () => {
    // From mpmath.
    const p = double(1e-20, 1e-300, 1e-5, 0.00009, 0.0002);
    const expected = [
      -9.2623400897984, -37.0470962993612, -4.264890793922825, -3.74554859323846, -3.540083799206145,
    ];
    const of = new d.Normal(0, 1, { dtype });
    expectNumbersClose(of.icdf(p).data, expected, { rtol: 1e-13, atol: 0 });
    expect(numbers(of.icdf(double(0, 1)))).toEqual([-INF, INF]);
    const slopes = grad((x: Tensor) => ops.sum(of.icdf(x)))(p) as Tensor;
    const densities = expected.map((z) => Math.exp(-of.logProb(z).item()));
    expectNumbersClose(slopes.data, densities, { rtol: 1e-10, atol: 0 });
    expect(new d.Normal(0, 1).icdf(1e-20).item()).toBeCloseTo(-9.26234, 4);
  });

  test("densities with large parameters keep their digits", () => {
    // From mpmath.
    expect(new d.StudentT(1e8, 0, 1, { dtype }).logProb(1.25).item()).toBeCloseTo(-1.700188537413657, 9);
    expect(new d.StudentT(1e6, 0, 1).logProb(1.25).item()).toBeCloseTo(-1.7001885, 4);
    const [a, b] = [double(0.5, 1e6, 3, 9.99), double(5e7, 2e6, 1e9, 10.01)];
    const expected = [-8.29140183627151, -1909548.290968533, -61.476650333279288, -13.736218710401053];
    expectNumbersClose(logBeta(a, b).data, expected, { rtol: 2e-15, atol: 0 });
    expectNumbersClose(logBeta(b, a).data, expected, { rtol: 2e-15, atol: 0 });
    checkGradients(logBeta, [double(0.5, 20, 3), double(30, 50, 3)], { order: 2 });
  });

  test("cdf is 0 below the support and 1 above", () => {
    const all: d.Distribution[] = [
      new d.Exponential(1),
      new d.LogNormal(0, 1),
      new d.Gamma(2, 1),
      new d.Beta(2, 3),
      new d.Uniform(0, 1),
      new d.TanhNormal(0, 1),
      new d.RelaxedBernoulli(1, { logits: 0 }),
      new d.Poisson(2),
      new d.Binomial(3, { probs: 0.5 }),
      new d.Geometric({ probs: 0.5 }),
      new d.Bernoulli({ probs: 0.5 }),
    ];
    for (const of of all) {
      expect(of.cdf(-3).item(), `${of}`).toBe(0);
      expect(of.cdf(500).item(), `${of}`).toBeCloseTo(1, 6);
    }
  });

  test("the distribution function of counts is a staircase", () => {
    const of = new d.Binomial(3, { probs: 0.5, dtype });
    expectNumbersClose(of.cdf(double(-0.5, 0, 0.9, 1, 2.5, 3, 4)).data, [0, 0.125, 0.125, 0.5, 0.875, 1, 1]);
  });

  test("icdf is the inverse of cdf", () => {
    const p = double(1e-6, 0.01, 0.25, 0.5, 0.75, 0.99);
    const all: d.Distribution[] = [
      new d.Normal(1, 2, { dtype }),
      new d.LogNormal(0.5, 0.7, { dtype }),
      new d.Uniform(-1, 3, { dtype }),
      new d.Laplace(1, 2, { dtype }),
      new d.Cauchy(1, 2, { dtype }),
      new d.Gumbel(1, 2, { dtype }),
      new d.Exponential(2, { dtype }),
      new d.TanhNormal(0.2, 0.7, { dtype }),
      new d.RelaxedBernoulli(0.7, { logits: 0.4, dtype }),
    ];
    for (const of of all) expectNumbersClose(of.cdf(of.icdf(p)).data, [...p.data], undefined, `${of}`);
  });

  test("TanhNormal's density of a draw near 1 is exact from the number below the tanh", () => {
    const of = new d.TanhNormal(18, 0.1, { dtype });
    const { value, logProb } = of.rsampleWithLogProb([50], { generator: new Generator(1) });
    const { value: same } = of.rsampleWithLogProb([50], { generator: new Generator(1) });
    expect(same.data).toEqual(value.data);
    const u = new d.Normal(18, 0.1, { dtype }).sample([50], { generator: new Generator(1) }).data;
    const base = new d.Normal(18, 0.1, { dtype });
    const expected = [...u].map(
      (at) => base.logProb(at).item() - 2 * (Math.LN2 - at - Math.log1p(Math.exp(-2 * at))),
    );
    expectNumbersClose(logProb.data, expected);
    expect([...value.data].every((x) => x < 1)).toBe(true);
    // Away from the ends both ways agree.
    const middle = new d.TanhNormal(0, 1, { dtype }).rsampleWithLogProb([50]);
    expectNumbersClose(new d.TanhNormal(0, 1, { dtype }).logProb(middle.value).data, [
      ...middle.logProb.data,
    ]);
  });

  test("relaxed samples that round to a corner have a finite density", () => {
    const of = new d.RelaxedOneHotCategorical(0.01, { logits: double(0, 1, 2) });
    const { value, logProb } = of.rsampleWithLogProb([20], { generator: new Generator(1) });
    expect([...value.data].some((x) => x === 0)).toBe(true);
    expect([...logProb.data].every(Number.isFinite)).toBe(true);
  });
});

describe("values that cannot be read", () => {
  test("have log-density −∞ outside the support, and gradient 0", () => {
    const f = (x: Tensor): Tensor => new d.Exponential(2, { dtype }).logProb(x);
    const x = double(-1, 0.5);
    const expected = [-INF, Math.log(2) - 1];
    expectNumbersClose(compile(f)(x).data, expected);
    expectNumbersClose(vmap(f)(x).data, expected);
    const unchecked = new d.LogNormal(0, 1, { dtype, validateArgs: false });
    expect(unchecked.logProb(-1).item()).toBe(-INF);
    const slope = grad((at: Tensor) => ops.sum(unchecked.logProb(at)))(double(-1, 1)) as Tensor;
    expect([...slope.data]).toEqual([0, -1]);
  });

  test("a class out of range is −∞, and no index out of bounds", () => {
    const f = compile((k: Tensor) => new d.Categorical({ logits: double(0, 0) }).logProb(k));
    expectNumbersClose(f(tensor([0, 7, -1], { dtype: "int32" })).data, [-Math.LN2, -INF, -INF]);
  });

  test("icdf of what is no probability is NaN", () => {
    const f = compile((p: Tensor) => new d.Uniform(0, 2, { dtype }).icdf(p));
    expectNumbersClose(f(double(-0.1, 0.5, 1.1)).data, [Number.NaN, 1, Number.NaN]);
  });

  test("numbers as parameters are refused also within compile", () => {
    expect(() => compile(() => new d.Normal(0, -1).mean)()).toThrow(
      "Normal: expected scale to be a number > 0, got -1",
    );
  });
});

describe("straight-through samples", () => {
  const logits = double(0, 1, 2);
  test.each<[string, (x: Tensor) => Tensor]>([
    [
      "Bernoulli",
      (x) =>
        new d.Bernoulli({ logits: x }).rsample([2], { straightThrough: true, generator: new Generator(3) }),
    ],
    [
      "OneHotCategorical",
      (x) =>
        new d.OneHotCategorical({ logits: x }).rsample([2], {
          straightThrough: true,
          generator: new Generator(3),
        }),
    ],
    [
      "RelaxedOneHotCategorical",
      (x) =>
        new d.RelaxedOneHotCategorical(0.5, { logits: x }).rsample([2], {
          straightThrough: true,
          generator: new Generator(3),
        }),
    ],
    [
      "RelaxedBernoulli",
      (x) =>
        new d.RelaxedBernoulli(0.5, { logits: x }).rsample([2], {
          straightThrough: true,
          generator: new Generator(3),
        }),
    ],
  ])("%s: 0 and 1, with a gradient", (_, draw) => {
    expect([...draw(logits).data].every((x) => x === 0 || x === 1)).toBe(true);
    const weights = double(1, 3, -2);
    const slope = grad((x: Tensor) => ops.sum(ops.mul(draw(x), weights)))(logits) as Tensor;
    expect([...slope.data].every((x) => x !== 0)).toBe(true);
    expect(compile(draw)(logits).data).toEqual(draw(logits).data);
  });

  test("OneHotCategorical's gradient is that of the probabilities", () => {
    const weights = double(1, 3, -2);
    const of = (x: Tensor): d.OneHotCategorical => new d.OneHotCategorical({ logits: x });
    const through = grad((x: Tensor) =>
      ops.sum(ops.mul(of(x).rsample([], { straightThrough: true }), weights)),
    );
    const mean = grad((x: Tensor) => ops.sum(ops.mul(of(x).mean, weights)));
    expectNumbersClose((through(logits) as Tensor).data, [...(mean(logits) as Tensor).data]);
  });
});

test("values of a discrete distribution get no gradient", () => {
  const value = tensor([1, 0], { dtype, requiresGrad: true });
  const probs = tensor([0.5, 0.5], { dtype, requiresGrad: true });
  new d.Bernoulli({ probs }).logProb(value).sum().backward();
  expect(value.grad).toBe(null);
  expect([...(probs.grad as Tensor).data]).toEqual([2, -2]);
});

test("enumerateSupport lists all values, whose probabilities add to 1", () => {
  const all: d.Distribution[] = [
    new d.Bernoulli({ probs: double(0.2, 0.7) }),
    new d.Categorical({ logits: tensor([[0, 1, 2]], { dtype }) }),
    new d.OneHotCategorical({ logits: tensor([[0, 1, 2]], { dtype }) }),
    new d.Binomial(4, { probs: double(0.2, 0.7) }),
  ];
  for (const of of all) {
    expect(of.hasEnumerateSupport).toBe(true);
    const total = ops.sum(ops.exp(of.logProb(of.enumerateSupport())), { dim: 0 });
    expectNumbersClose(total.data, Array<number>(total.size).fill(1));
  }
});

test("a distribution with infinitely many values says so", () => {
  expect(new d.Poisson(1).hasEnumerateSupport).toBe(false);
  expect(() => new d.Poisson(1).enumerateSupport()).toThrow(ArgumentError);
});

test("MultivariateNormal has the same density from each form", () => {
  const scaleTril = tensor(
    [
      [2, 0],
      [0.5, 1],
    ],
    { dtype },
  );
  const loc = double(1, -1);
  const of = new d.MultivariateNormal(loc, { scaleTril });
  const { covarianceMatrix, precisionMatrix } = of;
  const x = tensor(
    [
      [0, 0],
      [1, 3],
    ],
    { dtype },
  );
  const expected = [...of.logProb(x).data];
  expectNumbersClose(new d.MultivariateNormal(loc, { covarianceMatrix }).logProb(x).data, expected);
  expectNumbersClose(new d.MultivariateNormal(loc, { precisionMatrix }).logProb(x).data, expected);
});
