// Gradients through samples of the gamma, beta, Dirichlet and Student distributions. PyTorch's are approximations of the
// exact ones, so these are compared with the definition: a sample keeps its place in the distribution function.
import { describe, expect, test } from "vitest";
import * as d from "../../lib/distributions/index.js";
import { Generator, grad, ops, type Tensor, tensor, vjp } from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const double = (...values: number[]): Tensor => tensor(values, { dtype: "float64" });
const COUNT = 200_000;

test("a gamma sample moves as its place in the distribution function says: dx/dα = −(∂F/∂α)/p", () => {
  const draw = (a: Tensor): Tensor => new d.Gamma(a, 2).rsample([], { generator: new Generator(5) });
  const a = double(0.2, 0.7, 1, 3, 12, 80);
  const x = draw(a);
  const slopes = grad((at: Tensor) => ops.sum(draw(at)))(a) as Tensor;
  const byShape = grad((at: Tensor) => ops.sum(new d.Gamma(at, 2).cdf(x)))(a) as Tensor;
  const densities = ops.exp(new d.Gamma(a, 2).logProb(x));
  const expected = ops.neg(ops.div(byShape, densities));
  expectNumbersClose(slopes.data, [...expected.data], { rtol: 1e-9, atol: 1e-12 });
});

test("a gamma sample is in inverse proportion to the rate", () => {
  const draw = (rate: Tensor): Tensor => new d.Gamma(3, rate).rsample([4], { generator: new Generator(5) });
  const slope = grad((rate: Tensor) => ops.sum(draw(rate)))(double(2)) as Tensor;
  expect(slope.item()).toBeCloseTo(-ops.sum(draw(double(2))).item() / 2, 12);
});

// E f(x) has a known gradient; the mean over samples must meet it within 5 standard errors.
describe("the mean of the gradients is the gradient of the mean", () => {
  const concentration = double(0.4, 1.5, 3);
  const total = 4.9;
  const dirichletMean = [0, 1, 0].map((own) => (own - 1.5 / total) / total);
  test.each<[string, Tensor, (at: Tensor) => Tensor, ArrayLike<number>]>([
    // E ln x = ψ(a) − ln rate
    ["Gamma: E ln x", double(0.8), (a) => ops.log(gammaOf(a)), [trigamma(0.8)]],
    // E x = a/(a + b)
    ["Beta: E x by a", double(0.6), (a) => betaOf(a, 2), [2 / 2.6 ** 2]],
    // E x² = a·(a + 1)/((a + b)·(a + b + 1))
    [
      "Beta: E x² by b",
      double(2),
      (b) => ops.square(betaOf(0.6, b)),
      [-(0.96 * (2 * 2.6 + 1)) / (2.6 * 3.6) ** 2],
    ],
    [
      "Dirichlet: E x₁",
      concentration,
      (a) => ops.slice(dirichletOf(a), -1, { start: 1, end: 2 }),
      dirichletMean,
    ],
    // E x² = ν/(ν − 2)
    ["StudentT: E x²", double(12), (df) => ops.square(studentOf(df)), [-2 / 100]],
  ])("%s", (_, at, f, expected) => {
    const batches = 20;
    const means = Array.from({ length: batches }, (_, i) => {
      seed = i;
      const [, pull] = vjp((x: Tensor) => ops.mean(f(x)), at);
      return [...(pull(tensor(1, { dtype: "float64" }))[0] as Tensor).data];
    });
    Array.from(expected).forEach((exact, k) => {
      const own = means.map((one) => one[k] as number);
      const mean = own.reduce((a, b) => a + b) / batches;
      const variance = own.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (batches - 1);
      expect(Math.abs(mean - exact)).toBeLessThan(5 * Math.sqrt(variance / batches));
    });
  });
});

let seed = 0;
const draws = (of: d.Distribution): Tensor => of.rsample([COUNT / 20], { generator: new Generator(seed) });
const gammaOf = (a: Tensor): Tensor => draws(new d.Gamma(a, 1));
const betaOf = (a: Tensor | number, b: Tensor | number): Tensor => draws(new d.Beta(a, b));
const dirichletOf = (a: Tensor): Tensor => draws(new d.Dirichlet(a));
const studentOf = (df: Tensor): Tensor => draws(new d.StudentT(df));
function trigamma(x: number): number {
  return ops.polygamma(1, double(x)).item();
}
