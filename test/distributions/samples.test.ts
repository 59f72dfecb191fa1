// Samples follow their distribution: Kolmogorov and Smirnov's test of continuous ones, Pearson's χ² of discrete ones, and
// moments, at fixed seeds.
import { describe, expect, test } from "vitest";
import * as d from "../../lib/distributions/index.js";
import { Generator, ops, type Tensor, tensor } from "../../lib/index.js";
import { fromOracle } from "../oracle/compare.js";
import { isResultOf, made, TITLED, tensorsOf } from "./cases.js";

const COUNT = 20_000;
const double = (...values: number[]): Tensor => tensor(values, { dtype: "float64" });

/** Samples as lists by the last axis, of one batch or one event. */
function columns(samples: Tensor): number[][] {
  const size = samples.shape.at(-1) as number;
  const { data } = ops.transpose(ops.reshape(samples, [-1, size]), 0, 1);
  const count = data.length / size;
  return Array.from({ length: size }, (_, i) => [...data.subarray(i * count, (i + 1) * count)]);
}

const draws = (of: d.Distribution): Tensor => of.sample([COUNT], { generator: new Generator(11) });

/**
 * √n·sup |F_n − F| of samples with distribution function F. By chance it exceeds 1.95 once in a thousand times.
 */
function kolmogorov(samples: readonly number[], cdf: (x: Tensor) => Tensor): number {
  const sorted = Float64Array.from(samples).sort();
  const n = sorted.length;
  const expected = cdf(tensor(sorted, { dtype: "float64" })).data;
  const largest = sorted.reduce((most, _, i) => {
    const at = expected[i] as number;
    return Math.max(most, at - i / n, (i + 1) / n - at);
  }, 0);
  return largest * Math.sqrt(n);
}

/** (χ² − k)/√(2k) of counts with k degrees of freedom, near N(0, 1); cells of few expected counts are one. */
function pearson(samples: readonly number[], probabilityOf: (k: number) => number): number {
  const counts = new Map<number, number>();
  for (const x of samples) counts.set(x, (counts.get(x) ?? 0) + 1);
  let [statistic, cells, restCount, restExpected] = [0, 0, samples.length, samples.length];
  for (let k = 0; k <= Math.max(...samples); k++) {
    const expected = samples.length * probabilityOf(k);
    if (expected < 10) continue;
    const count = counts.get(k) ?? 0;
    statistic += (count - expected) ** 2 / expected;
    restCount -= count;
    restExpected -= expected;
    cells++;
  }
  if (restExpected > 1) statistic += (restCount - restExpected) ** 2 / restExpected;
  else if (restCount > 12) return Number.POSITIVE_INFINITY;
  const freedom = Math.max(1, restExpected > 1 ? cells : cells - 1);
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

const CONTINUOUS: Readonly<Record<string, (dtype: "float32" | "float64") => d.Distribution>> = {
  Normal: (dtype) => new d.Normal(-1, 2, { dtype }),
  LogNormal: (dtype) => new d.LogNormal(0.5, 0.7, { dtype }),
  Uniform: (dtype) => new d.Uniform(-1, 3, { dtype }),
  Laplace: (dtype) => new d.Laplace(1, 0.5, { dtype }),
  Cauchy: (dtype) => new d.Cauchy(1, 0.5, { dtype }),
  Gumbel: (dtype) => new d.Gumbel(1, 0.5, { dtype }),
  Exponential: (dtype) => new d.Exponential(3, { dtype }),
  Gamma: (dtype) => new d.Gamma(2.5, 3, { dtype }),
  "Gamma of a small concentration": (dtype) => new d.Gamma(0.3, 1, { dtype }),
  Beta: (dtype) => new d.Beta(0.7, 2, { dtype }),
  "Beta of large concentrations": (dtype) => new d.Beta(30, 50, { dtype }),
  StudentT: (dtype) => new d.StudentT(3, 1, 2, { dtype }),
  "StudentT of few degrees of freedom": (dtype) => new d.StudentT(0.8, 0, 1, { dtype }),
  TanhNormal: (dtype) => new d.TanhNormal(0.3, 0.8, { dtype }),
  RelaxedBernoulli: (dtype) => new d.RelaxedBernoulli(0.8, { probs: 0.3, dtype }),
};

describe.each(Object.entries(CONTINUOUS))("%s", (_, make) => {
  test.each(["float64", "float32"] as const)("samples follow the distribution function in %s", (dtype) => {
    const of = make(dtype);
    const samples = [...of.sample([COUNT], { generator: new Generator(11) }).data];
    const exact = make("float64");
    expect(kolmogorov(samples, (x) => exact.cdf(x))).toBeLessThan(1.95);
    // The test sees a shift of a twentieth of the distance between the quartiles.
    const sorted = samples.toSorted((a, b) => a - b);
    const [low, high] = [sorted[COUNT / 4] as number, sorted[(COUNT * 3) / 4] as number];
    const shifted = samples.map((x) => x + (high - low) / 20);
    expect(kolmogorov(shifted, (x) => exact.cdf(x))).toBeGreaterThan(1.95);
  });

  test("has the distribution function whose slope is the density", () => {
    const of = make("float64");
    const x = double(...[...of.sample([50], { generator: new Generator(2) }).data]);
    const step = 1e-5;
    const at = (shift: number): Tensor => of.cdf(ops.add(x, ops.mul(ops.abs(x), shift)));
    const slopes = ops.div(ops.sub(at(step), at(-step)), ops.mul(ops.abs(x), 2 * step));
    const densities = ops.exp(of.logProb(x));
    slopes.data.forEach((slope, i) => {
      const density = densities.data[i] as number;
      expect(Math.abs(slope - density)).toBeLessThan(1e-4 * density + 1e-9);
    });
  });
});

describe("discrete samples have their probabilities", () => {
  const options = { dtype: "float64", validateArgs: false } as const;
  test.each<[string, d.Distribution]>([
    ["Bernoulli", new d.Bernoulli({ probs: 0.3, ...options })],
    ["Bernoulli from logits", new d.Bernoulli({ logits: 2, ...options })],
    ["Categorical", new d.Categorical({ probs: double(1, 2, 5, 2, 0.01), ...options })],
    ["Categorical from logits", new d.Categorical({ logits: double(0, 1, -2, 0.3, 0.5), ...options })],
    ["Binomial of few", new d.Binomial(10, { probs: 0.3, ...options })],
    ["Binomial of many", new d.Binomial(200, { logits: 0.4, ...options })],
    ["Poisson of a small rate", new d.Poisson(1.5, options)],
    ["Poisson of a large rate", new d.Poisson(40, options)],
    ["Geometric", new d.Geometric({ probs: 0.2, ...options })],
    ["Geometric from logits", new d.Geometric({ logits: 1, ...options })],
    [
      "Mixture",
      new d.Mixture(new d.Categorical({ probs: double(1, 3) }), new d.Poisson(double(1, 8), options), {
        validateArgs: false,
      }),
    ],
  ])("%s", (_, of) => {
    const probabilityOf = (k: number): number => Math.exp(of.logProb(k).item());
    const samples = [...draws(of).data];
    expect(pearson(samples, probabilityOf)).toBeLessThan(4);
    // The test sees a tenth of the samples moved by a standard deviation.
    const step = Math.ceil(of.stddev.item() || 1);
    const moved = samples.map((x, i) => (i % 10 === 0 ? x + step : x));
    expect(pearson(moved, probabilityOf)).toBeGreaterThan(4);
  });

  test("classes without probability are never drawn", () => {
    const drawn = (of: d.Categorical): Set<number> => new Set(draws(of).data);
    const first = new d.Categorical({ probs: double(0, 1, 0, 0, 2, 0) });
    const second = new d.Categorical({ logits: tensor([-Infinity, 0, -Infinity]) });
    expect(drawn(first)).toEqual(new Set([1, 4]));
    expect(drawn(second)).toEqual(new Set([1]));
  });

  test("one-hot samples name the classes that Categorical draws", () => {
    const logits = double(0, 1, -2);
    const [classes, vectors] = [new d.Categorical({ logits }), new d.OneHotCategorical({ logits })].map(
      draws,
    );
    expect(ops.argmax(vectors as Tensor, { dim: -1 }).data).toEqual((classes as Tensor).data);
  });

  test("rare classes are drawn as often as their probability says, in float32 too", () => {
    const of = new d.Bernoulli({ probs: 2 ** -26 });
    const drawn = ops.sum(of.sample([2 ** 22], { generator: new Generator(5) })).item();
    expect(drawn).toBeLessThan(3);
  });
});

describe("samples of vectors", () => {
  test("MultivariateNormal: the distances follow χ²", () => {
    const scaleTril = tensor(
      [
        [1.5, 0, 0],
        [0.25, 0.75, 0],
        [-0.5, 1, 2],
      ],
      { dtype: "float64" },
    );
    const of = new d.MultivariateNormal(double(1, -1, 0), { scaleTril });
    const centred = ops.sub(draws(of), of.loc);
    const z = ops.solveTriangular(scaleTril, ops.transpose(centred, 0, 1));
    const chiSquared = new d.Gamma(1.5, 0.5, { dtype: "float64" });
    const distances = [...ops.sum(ops.square(z), { dim: 0 }).data];
    expect(kolmogorov(distances, (x) => chiSquared.cdf(x))).toBeLessThan(1.95);
    const covariance = ops.div(ops.matmul(centred, centred, { transposeA: true }), COUNT);
    covariance.data.forEach((found, i) => {
      expect(Math.abs(found - (of.covarianceMatrix.data[i] as number))).toBeLessThan(0.25);
    });
  });

  test("Dirichlet: each element follows a beta distribution", () => {
    const concentration = [0.5, 2, 4];
    columns(draws(new d.Dirichlet(double(...concentration)))).forEach((samples, k) => {
      const a = concentration[k] as number;
      const marginal = new d.Beta(a, 6.5 - a, { dtype: "float64" });
      expect(kolmogorov(samples, (x) => marginal.cdf(x))).toBeLessThan(1.95);
    });
  });

  test("RelaxedOneHotCategorical: the largest element has the class's probability, two classes are RelaxedBernoulli", () => {
    const logits = double(0.5, -0.5, 1);
    const classes = [...ops.argmax(draws(new d.RelaxedOneHotCategorical(0.7, { logits })), { dim: -1 }).data];
    const categorical = new d.Categorical({ logits });
    expect(pearson(classes, (k) => Math.exp(categorical.logProb(k).item()))).toBeLessThan(4);
    const two = new d.RelaxedOneHotCategorical(0.7, { logits: double(0.5, 0) });
    const [first = []] = columns(draws(two));
    const same = new d.RelaxedBernoulli(0.7, { logits: 0.5, dtype: "float64" });
    expect(kolmogorov(first, (x) => same.cdf(x))).toBeLessThan(1.95);
  });

  test("Mixture: samples follow the distribution function", () => {
    const weights = new d.Categorical({ probs: double(1, 3) });
    const of = new d.Mixture(weights, new d.Normal(double(-2, 1), double(0.5, 1)));
    expect(kolmogorov([...draws(of).data], (x) => of.cdf(x))).toBeLessThan(1.95);
  });
});

describe.each(TITLED)("%s", (_, one) => {
  test("samples have the mean, and the mean of their log-densities is minus the entropy", () => {
    const of = made(one, tensorsOf(one));
    const [value, probability] = [fromOracle(one.value), fromOracle(one.probability)];
    const samples = of.sample([4000], { generator: new Generator(4) });
    const floats = ops.to(samples, "float64");
    const has = (result: "mean" | "variance" | "entropy"): boolean =>
      isResultOf(of, result, value, probability);
    if (has("mean") && has("variance")) {
      const [mean, variance] = [of.mean.data, of.variance.data];
      ops.mean(floats, { dim: 0 }).data.forEach((found, i) => {
        const error = Math.sqrt((variance[i] as number) / 4000);
        if (!Number.isFinite(error) || !Number.isFinite(mean[i])) return;
        expect(Math.abs(found - (mean[i] as number))).toBeLessThanOrEqual(5 * error + 1e-12);
      });
    }
    if (!has("entropy")) return;
    const logs = of.logProb(samples);
    const [mean, spread] = [ops.mean(logs, { dim: 0 }).data, ops.std(logs, { dim: 0 }).data];
    of.entropy().data.forEach((entropy, i) => {
      const error = (spread[i] as number) / Math.sqrt(4000);
      expect(Math.abs((mean[i] as number) + entropy)).toBeLessThanOrEqual(5 * error + 1e-9);
    });
  });
});
