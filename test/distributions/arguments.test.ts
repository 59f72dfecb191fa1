// Bad arguments are refused with the name of the distribution, the parameter and what came.
import { describe, expect, test } from "vitest";
import * as d from "../../lib/distributions/index.js";
import {
  ArgumentError,
  DTypeError,
  OptionError,
  ShapeError,
  type Tensor,
  ThalwegError,
  tensor,
  zeros,
} from "../../lib/index.js";

const of = (...values: number[]): Tensor => tensor(values);
type Attempt = () => unknown;

describe("parameters", () => {
  test.each<[string, Attempt, string]>([
    [
      "a scale of 0",
      () => new d.Normal(0, of(1, 0)),
      "Normal: expected scale to be a number > 0, got 0 at position 1",
    ],
    ["NaN", () => new d.Laplace(Number.NaN, 1), "Laplace: expected loc to be a number, got NaN"],
    [
      "crossed bounds",
      () => new d.Uniform(of(0, 3), 2),
      "Uniform: expected low to be below high, got 3 at position 1",
    ],
    [
      "a probability",
      () => new d.Bernoulli({ probs: 1.5 }),
      "Bernoulli: expected probs to be a number in [0, 1], got 1.5",
    ],
    [
      "a success that cannot be",
      () => new d.Geometric({ probs: 0 }),
      "Geometric: expected probs to be a number in (0, 1], got 0",
    ],
    [
      "negative weights",
      () => new d.OneHotCategorical({ probs: of(1, -1) }),
      "OneHotCategorical: expected probs to be numbers ≥ 0, not all 0, along the last axis, got [1, -1]",
    ],
    [
      "infinite logits",
      () => new d.Categorical({ logits: of(-Infinity, -Infinity) }),
      "Categorical: expected logits to be numbers < ∞, not all -∞, along the last axis, got [-Infinity, -Infinity]",
    ],
    [
      "a count",
      () => new d.Binomial(2.5, { probs: 0.5 }),
      "Binomial: expected totalCount to be a whole number ≥ 0, got 2.5",
    ],
    ["a rate", () => new d.Poisson(-1), "Poisson: expected rate to be a number ≥ 0, got -1"],
    ["a concentration", () => new d.Gamma(0, 1), "Gamma: expected concentration to be a number > 0, got 0"],
    [
      "concentrations",
      () => new d.Dirichlet(of(1, -2)),
      "Dirichlet: expected concentration to be a number > 0, all along the last axis, got [1, -2]",
    ],
    [
      "a factor",
      () => new d.MultivariateNormal(of(0), { scaleTril: tensor([[-1]]) }),
      "MultivariateNormal: expected scaleTril to be a lower triangular matrix with a positive diagonal, got -1",
    ],
    [
      "a covariance that is not symmetric",
      () =>
        new d.MultivariateNormal(zeros([2]), {
          covarianceMatrix: tensor([
            [1, 0.5],
            [0, 1],
          ]),
        }),
      "MultivariateNormal: expected covarianceMatrix to be a symmetric matrix, got [1, 0.5, 0, 1]",
    ],
    [
      "a temperature",
      () => new d.RelaxedOneHotCategorical(0, { logits: of(0, 1) }),
      "RelaxedOneHotCategorical: expected temperature to be a number > 0, got 0",
    ],
    [
      "neither of both",
      () => new d.Bernoulli({} as never),
      "Bernoulli: expected one of probs, logits, got none",
    ],
    [
      "both",
      () => new d.Bernoulli({ probs: 0.5, logits: 0 } as never),
      "Bernoulli: expected one of probs, logits, got probs and logits",
    ],
    [
      "no tensor",
      () => new d.Dirichlet([1, 2] as never),
      "Dirichlet: expected concentration to be a tensor, got an array of 2",
    ],
    ["text", () => new d.Normal("0" as never, 1), 'Normal: expected loc to be a tensor or a number, got "0"'],
    [
      "what is no distribution",
      () => new d.Independent(1 as never, 1),
      "Independent: expected base to be a distribution, got 1",
    ],
    [
      "too many axes",
      () => new d.Independent(new d.Normal(0, 1), 1),
      "Independent: expected axes to be a whole number ≥ 0 and ≤ 0, got 1",
    ],
    [
      "weights of another kind",
      () => new d.Mixture(new d.Normal(0, 1) as never, new d.Normal(of(0, 1), 1)),
      "Mixture: expected weights to be a Categorical, got a Normal",
    ],
  ])("%s", (_, attempt, message) => {
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });

  test.each<[string, Attempt, abstract new (...args: never[]) => ThalwegError]>([
    ["shapes that do not broadcast", () => new d.Normal(of(0, 1), of(1, 1, 1)), ShapeError],
    ["a scalar for vectors", () => new d.Categorical({ logits: tensor(0) }), ShapeError],
    ["no classes", () => new d.Categorical({ logits: zeros([2, 0]) }), ShapeError],
    [
      "a factor of another size",
      () => new d.MultivariateNormal(of(0, 1), { scaleTril: tensor([[1]]) }),
      ShapeError,
    ],
    [
      "components of another number",
      () => new d.Mixture(new d.Categorical({ logits: of(0, 1) }), new d.Normal(of(0, 1, 2), 1)),
      ShapeError,
    ],
    [
      "a temperature per class",
      () => new d.RelaxedOneHotCategorical(of(1, 1), { logits: of(0, 1) }),
      ShapeError,
    ],
    ["two dtypes", () => new d.Normal(of(0), tensor([1], { dtype: "float64" })), DTypeError],
    ["int32", () => new d.Normal(tensor([0], { dtype: "int32" }), 1), DTypeError],
    ["another dtype than asked for", () => new d.Normal(of(0), 1, { dtype: "float64" }), DTypeError],
    ["a misspelt option", () => new d.Normal(0, 1, { validateArg: true } as never), OptionError],
  ])("%s", (_, attempt, kind) => {
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(/^\w+: /);
  });

  test("are not checked with validateArgs: false", () => {
    expect(new d.Normal(0, -1, { validateArgs: false }).scale.item()).toBe(-1);
    expect(new d.Normal(0, 1, { validateArgs: false }).expand([2]).validateArgs).toBe(false);
  });
});

describe("values and samples", () => {
  const normal = new d.Normal(of(0, 1), 1);
  test.each<[string, Attempt, string]>([
    [
      "a value outside the support",
      () => new d.Exponential(1).logProb(of(1, -1)),
      "Exponential.logProb: expected value to be a number ≥ 0, got -1 at position 1",
    ],
    [
      "half a count",
      () => new d.Poisson(1).logProb(0.5),
      "Poisson.logProb: expected value to be a whole number ≥ 0, got 0.5",
    ],
    [
      "too large a count",
      () => new d.Binomial(2, { probs: 0.5 }).logProb(3),
      "Binomial.logProb: expected value to be a whole number in [0, totalCount], got 3",
    ],
    [
      "a class out of range",
      () => new d.Categorical({ logits: of(0, 1) }).logProb(2),
      "Categorical.logProb: expected value to be a whole number in [0, 1], got 2",
    ],
    [
      "a vector that is not one-hot",
      () => new d.OneHotCategorical({ logits: of(0, 1) }).logProb(of(1, 1)),
      "OneHotCategorical.logProb: expected value to be one 1 and else 0 along the last axis, got [1, 1]",
    ],
    [
      "a vector off the simplex",
      () => new d.Dirichlet(of(1, 1)).logProb(of(0.5, 0.6)),
      "Dirichlet.logProb: expected value to be numbers ≥ 0 of sum 1 along the last axis, got [0.5",
    ],
    ["NaN", () => normal.logProb(Number.NaN), "Normal.logProb: expected value to be a number, got NaN"],
    [
      "1 for tanh",
      () => new d.TanhNormal(0, 1).logProb(1),
      "TanhNormal.logProb: expected value to be a number in (-1, 1), got 1",
    ],
    [
      "what is no probability",
      () => normal.icdf(1.5),
      "Normal.icdf: expected p to be a number in [0, 1], got 1.5",
    ],
    [
      "no tensor",
      () => normal.logProb("1" as never),
      'Normal.logProb: expected value to be a tensor, got "1"',
    ],
    [
      "no generator",
      () => normal.sample([], { generator: 1 as never }),
      "Normal.sample: expected generator to be a Generator, got 1",
    ],
    [
      "what has no closed form",
      () => new d.Dirichlet(of(1, 1)).cdf(of(0.5, 0.5)),
      "Dirichlet.cdf: it is not available, as it has no closed form",
    ],
    [
      "an infinite list",
      () => new d.Poisson(1).enumerateSupport(),
      "Poisson.enumerateSupport: its values cannot be listed",
    ],
    [
      "counts that differ",
      () => new d.Binomial(of(1, 2), { probs: 0.5 }).enumerateSupport(),
      "Binomial.enumerateSupport: totalCount differs within the batch",
    ],
  ])("%s", (_, attempt, message) => {
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });

  test.each<[string, Attempt, abstract new (...args: never[]) => ThalwegError]>([
    ["a shape that does not broadcast", () => normal.logProb(of(1, 2, 3)), ShapeError],
    ["another event", () => new d.Dirichlet(of(1, 1)).logProb(of(0.5, 0.25, 0.25)), ShapeError],
    ["another dtype", () => normal.logProb(tensor([0], { dtype: "float64" })), DTypeError],
    ["no shape", () => normal.sample(3 as never), ShapeError],
    ["a misspelt option", () => normal.sample([], { generators: 1 } as never), OptionError],
  ])("%s", (_, attempt, kind) => {
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(/^\w+\.\w+: /);
  });
});

describe("klDivergence and registerKL", () => {
  const normal = new d.Normal(0, 1);
  test.each<[string, Attempt, string]>([
    [
      "a pair without a rule",
      () => d.klDivergence(normal, new d.Cauchy(0, 1)),
      "klDivergence: no rule is registered for Normal and Cauchy; registerKL adds one",
    ],
    [
      "what is no distribution",
      () => d.klDivergence(normal, 1 as never),
      "klDivergence: expected q to be a distribution, got 1",
    ],
    [
      "no class",
      () => d.registerKL(normal as never, d.Normal, () => zeros([])),
      "registerKL: expected p to be a class of distributions, got a Normal",
    ],
    [
      "no rule",
      () => d.registerKL(d.Normal, d.Normal, 1 as never),
      "registerKL: expected rule to be a function, got 1",
    ],
  ])("%s", (_, attempt, message) => {
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });

  test("refuses events of different shapes, and Independent of different axes", () => {
    const simple = (n: number): d.Dirichlet => new d.Dirichlet(of(...Array<number>(n).fill(1)));
    expect(() => d.klDivergence(simple(2), simple(3))).toThrow(ShapeError);
    const batch = new d.Normal(zeros([2, 2]), 1);
    const axes = (n: number): d.Independent => new d.Independent(batch, n);
    expect(() => d.klDivergence(axes(0), axes(1))).toThrow(ThalwegError);
  });

  test("takes the rule of the nearest classes, and a new rule", () => {
    class Own extends d.Normal {}
    class Nearer extends Own {}
    const [own, nearer] = [new Own(1, 1), new Nearer(1, 1)];
    expect(d.klDivergence(own, normal).item()).toBe(0.5);
    d.registerKL(Own, d.Normal, () => tensor(7));
    expect(d.klDivergence(nearer, normal).item()).toBe(7);
    expect(d.klDivergence(normal, nearer).item()).toBe(0.5);
    d.registerKL(Own, d.Normal, () => tensor(8));
    expect(d.klDivergence(own, normal).item()).toBe(8);
  });
});

test("a class of one's own has the base's checks and methods", () => {
  class Point extends d.Distribution {
    constructor(readonly at: Tensor) {
      super({ batchShape: at.shape, dtype: "float32", validateArgs: true });
    }
    get support(): d.Constraint {
      return new d.Normal(0, 1).support;
    }
    override get mean(): Tensor {
      return this.at;
    }
  }
  const point = new Point(of(1, 2));
  expect([...point.mean.data]).toEqual([1, 2]);
  expect(() => point.entropy()).toThrow("Point.entropy: it is not available");
  expect(() => point.sample()).toThrow("Point.sample: it is not available");
  expect(() => point.logProb(Number.NaN)).toThrow("Point.logProb: expected value to be a number, got NaN");
});
