import { describe, expect, test } from "vitest";
import { Bernoulli, Categorical, Normal } from "../../lib/distributions/index.js";
import {
  type Baseline,
  estimateGradient,
  LearntBaseline,
  RunningMean,
  type ScoreFunctionEstimate,
} from "../../lib/gradient-estimation/index.js";
import {
  ArgumentError,
  compile,
  Generator,
  GraphError,
  nn,
  OptionError,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import {
  coins,
  exactGradient,
  expectation,
  expectedCost,
  LOGITS,
  lookUp,
  statistics,
  theta,
  varianceOfDraw,
  varianceOfLeaveOneOut,
} from "./exact.js";

const SAMPLES = 5;
const GENERATOR = new Generator(1);

/** Many estimates of the coins' gradient, and the mean cost of each. */
function estimates(
  count: number,
  options: Partial<ScoreFunctionEstimate<Tensor>>,
): { readonly gradients: number[][]; readonly values: number[][] } {
  const { gradient, costs } = estimateGradient(lookUp, theta(count), {
    method: "score-function",
    distribution: coins,
    samples: SAMPLES,
    generator: new Generator(7),
    ...options,
  });
  return {
    // The door averages over the estimates as well.
    gradients: gradient.mul(count).toArray() as number[][],
    values: costs.mean({ dim: 0 }).unsqueeze(1).toArray() as number[][],
  };
}

function expectMean(found: readonly (readonly number[])[], exact: readonly number[]): void {
  const { means, errors } = statistics(found);
  means.forEach((mean, k) => {
    expect(Math.abs(mean - (exact[k] as number))).toBeLessThan(4 * (errors[k] as number) + 1e-12);
  });
}

/** A learnt number, and a mean of earlier costs: both after they have seen some costs. */
function trained(baseline: Baseline): Baseline {
  for (let i = 0; i < 100; i++) estimates(20, { baseline, generator: GENERATOR });
  return baseline;
}

function learntNumber(): LearntBaseline {
  const b = zeros([], { dtype: "float64", requiresGrad: true });
  return new LearntBaseline(() => b, new optim.SGD([b], { lr: 0.05 }));
}

describe("the score function", () => {
  test.each([
    ["no baseline", () => "none" as const],
    ["a running mean", () => trained(new RunningMean())],
    ["a running mean that has seen nothing", () => new RunningMean({ decay: 0.9 })],
    ["a learnt number", () => trained(learntNumber())],
    ["the other draws", () => "leave-one-out" as const],
  ])("with %s is unbiased", (_, baseline) => {
    const { gradients, values } = estimates(10_000, { baseline: baseline() });
    expectMean(gradients, exactGradient);
    expectMean(values, [expectedCost]);
  });

  test("has the variances that theory gives, in their order", () => {
    const variance = (baseline: NonNullable<ScoreFunctionEstimate<Tensor>["baseline"]>) =>
      statistics(estimates(10_000, { baseline }).gradients).variance;
    const none = variance("none");
    const others = variance("leave-one-out");
    const running = variance(trained(new RunningMean()));
    const learnt = variance(trained(learntNumber()));

    const near = (found: number, exact: number) => {
      expect(found / exact).toBeGreaterThan(0.85);
      expect(found / exact).toBeLessThan(1.15);
    };
    near(none, varianceOfDraw(0) / SAMPLES);
    near(others, varianceOfLeaveOneOut(SAMPLES));
    near(running, varianceOfDraw(expectedCost) / SAMPLES);
    near(learnt, varianceOfDraw(expectedCost) / SAMPLES);
    // The mean of all costs is known better than that of four.
    expect(running).toBeLessThan(others);
    expect(others).toBeLessThan(none / 10);
  });

  test("takes a cost for each element of a batch", () => {
    const logits = tensor([0.2, -1], { dtype: "float64" });
    const generator = new Generator(2);
    const gradients = Array.from(
      { length: 200 },
      () =>
        estimateGradient((x) => x.mul(tensor([3, 5], { dtype: "float64" })), logits, {
          method: "score-function",
          distribution: (own) => new Bernoulli({ logits: own }),
          samples: 20,
          baseline: "leave-one-out",
          generator,
        }).gradient.toArray() as number[],
    );
    // E = 1/2 (3·p₀ + 5·p₁), and ∂p/∂θ = p(1 − p).
    const slope = (logit: number) => Math.exp(-logit) / (1 + Math.exp(-logit)) ** 2;
    expectMean(gradients, [(3 * slope(0.2)) / 2, (5 * slope(-1)) / 2]);
  });

  test("adds the derivative of a cost that depends on the parameters itself", () => {
    const logits = tensor(0.7, { dtype: "float64" });
    const generator = new Generator(3);
    let own = logits;
    const gradients = Array.from({ length: 200 }, () => [
      estimateGradient((x) => x.add(own.square()), logits, {
        method: "score-function",
        distribution: (given) => {
          own = given;
          return new Bernoulli({ logits: given });
        },
        samples: 20,
        generator,
      }).gradient.item(),
    ]);
    const p = 1 / (1 + Math.exp(-0.7));
    expectMean(gradients, [p * (1 - p) + 2 * 0.7]);
  });
});

describe("the reparametrized estimate", () => {
  test("is unbiased", () => {
    const generator = new Generator(4);
    const parameters = { loc: tensor(0.5, { dtype: "float64" }), scale: tensor(1.5, { dtype: "float64" }) };
    const gradients = Array.from({ length: 200 }, () => {
      const { gradient } = estimateGradient((x) => x.square().square(), parameters, {
        method: "reparametrized",
        distribution: ({ loc, scale }) => new Normal(loc, scale),
        samples: 50,
        generator,
      });
      return [gradient.loc.item(), gradient.scale.item()];
    });
    // E[x⁴] = μ⁴ + 6μ²σ² + 3σ⁴
    const [m, s] = [0.5, 1.5];
    expectMean(gradients, [4 * m ** 3 + 12 * m * s ** 2, 12 * m ** 2 * s + 12 * s ** 3]);
  });

  test("refuses a cost without derivative, and a distribution without rsample", () => {
    expect(() =>
      estimateGradient(lookUp, theta(1), { method: "reparametrized", distribution: coins }),
    ).toThrow(GraphError);
    expect(() =>
      estimateGradient(lookUp, theta(1), {
        method: "reparametrized",
        distribution: (logits) => {
          const p = coins(logits);
          return { mean: p.mean, sample: (shape) => p.sample(shape), logProb: (x) => p.logProb(x) };
        },
      }),
    ).toThrow(/expected a distribution with rsample/);
    expect(() =>
      estimateGradient((x) => Array.from({ length: x.size }, () => 1), tensor(0.5), {
        method: "reparametrized",
        distribution: (loc) => new Normal(loc, 1),
        samples: 3,
      }),
    ).toThrow(/expected costs that have a derivative .*"score-function" does without/);
  });
});

describe("the straight-through estimate", () => {
  const weights = tensor([1, -2, 0.5], { dtype: "float64" });
  const COUNT = 5000;
  const straight = (f: (x: Tensor) => Tensor) =>
    estimateGradient(f, theta(COUNT), {
      method: "straight-through",
      distribution: coins,
      samples: 10,
      generator: new Generator(5),
    })
      .gradient.mul(COUNT)
      .toArray() as number[][];
  const slopes = LOGITS.map((logit) => {
    const p = 1 / (1 + Math.exp(-logit));
    return p * (1 - p);
  });

  test("is unbiased for a linear cost", () => {
    const exact = slopes.map((slope, k) => slope * ([1, -2, 0.5][k] as number));
    expectMean(
      straight((x) => x.mul(weights).sum({ dim: 2 })),
      exact,
    );
  });

  test("has the bias of E[∂c/∂x]·∂E[x]/∂θ for another", () => {
    // c = x², and ∂c/∂x = 2x, whose mean is 2p, where the exact slope is c(1) − c(0) = 1.
    const found = straight((x) => x.square().sum({ dim: 2 }));
    const own = LOGITS.map(
      (_, k) => 2 * expectation(({ bits }) => bits[k] as number) * (slopes[k] as number),
    );
    expectMean(found, own);
    const { means, errors } = statistics(found);
    expect(Math.abs((means[1] as number) - (slopes[1] as number))).toBeGreaterThan(
      10 * (errors[1] as number),
    );
  });
});

describe("simultaneous perturbation", () => {
  const at = (w: Tensor, c: number, f: (w: Tensor) => Tensor | number) => {
    const generator = new Generator(6);
    return Array.from(
      { length: 1000 },
      () => estimateGradient(f, w, { method: "spsa", c, generator }).gradient.toArray() as number[],
    );
  };

  test("is unbiased on a quadratic, which may be a black box", () => {
    const w = tensor([1, -2], { dtype: "float64" });
    const f = (own: Tensor) => {
      const [a, b] = own.toArray() as [number, number];
      return a * a + 3 * a * b + 2 * b * b;
    };
    expectMean(at(w, 0.5, f), [2 - 6, 3 - 8]);
  });

  test("has a bias of c² on a cubic", () => {
    // ((w + c)³ − (w − c)³)/2c = 3w² + c²
    const w = tensor([2], { dtype: "float64" });
    for (const [own] of at(w, 0.5, (x) => x.pow(3).sum())) expect(own).toBeCloseTo(12.25, 10);
  });

  test("moves the parameters of a module, and leaves them as they were", () => {
    const model = new nn.Linear(2, 1);
    const before = model.weight.toArray();
    const x = tensor([[1, 2]]);
    const { gradient, value } = estimateGradient((own: nn.Linear) => own.forward(x).sum(), model, {
      method: "spsa",
      samples: 4,
    });
    expect(Object.keys(gradient)).toEqual(["weight", "bias"]);
    expect(gradient["weight"]?.shape).toEqual([1, 2]);
    expect(value.item()).toBeCloseTo(model.forward(x).item(), 4);
    expect(model.weight.toArray()).toEqual(before);
  });
});

describe("a compiled estimate", () => {
  test("draws what an eager one draws, and moves its baseline", () => {
    const run = (wrap: (f: () => Tensor) => () => Tensor) => {
      const generator = new Generator(8);
      const baseline = new RunningMean({ decay: 0.5 });
      const logits = tensor([0.1, 0.2, 0.3], { dtype: "float64" });
      const weights = tensor([4, 5, 6], { dtype: "float64" });
      const step = wrap(
        () =>
          estimateGradient((x) => x.mul(weights).sum({ dim: 1 }), logits, {
            method: "score-function",
            distribution: coins,
            samples: 10,
            baseline,
            generator,
          }).gradient,
      );
      return [step().toArray(), step().toArray(), step().toArray(), baseline.stateDict()];
    };
    expect(run((f) => compile(f))).toEqual(run((f) => f));
  });

  test("trains a policy by its costs alone", () => {
    // Three arms with different costs; the policy learns to take the cheapest.
    const logits = zeros([3], { requiresGrad: true });
    const optimizer = new optim.Adam([logits], { lr: 0.1 });
    const generator = new Generator(9);
    const costs = tensor([1, 0.2, 0.7]);
    const step = compile(() => {
      const { gradient, value } = estimateGradient((arm) => ops.indexSelect(costs, 0, arm), logits, {
        method: "score-function",
        distribution: (own) => new Categorical({ logits: own }),
        samples: 32,
        baseline: "leave-one-out",
        generator,
      });
      logits.grad = gradient;
      optimizer.step();
      return value;
    });
    for (let i = 0; i < 200; i++) step();
    expect(step().item()).toBeLessThan(0.25);
  });
});

describe("bad input", () => {
  const good = { method: "score-function", distribution: coins, samples: 4 } as const;
  const refuse = (options: object, kind: new (...args: never[]) => Error, message: RegExp) => {
    let calls = 0;
    const f = (x: Tensor) => {
      calls++;
      return lookUp(x);
    };
    const call = () => estimateGradient(f, theta(1), options as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
    expect(calls).toBe(0);
  };

  test.each([
    [{ ...good, method: "reinforce" }, ArgumentError, /method to be one of "score-function"/],
    [{ ...good, sample: 3 }, OptionError, /unknown option "sample"; did you mean "samples"/],
    [{ ...good, samples: 0 }, ArgumentError, /samples to be a whole number ≥ 1, got 0/],
    [
      { ...good, samples: 1, baseline: "leave-one-out" },
      ArgumentError,
      /samples to be a whole number ≥ 2, got 1/,
    ],
    [{ ...good, baseline: "mean" }, ArgumentError, /baseline to be "none", "leave-one-out" or an object/],
    [{ ...good, distribution: () => 3 }, ArgumentError, /expected distribution to give one with sample/],
    [{ ...good, generator: 3 }, ArgumentError, /generator to be a Generator, got 3/],
    [{ ...good, context: 3 }, ArgumentError, /context/],
    [{ method: "spsa", c: 0 }, ArgumentError, /c to be a number > 0, got 0/],
    [{ method: "spsa", distribution: coins }, OptionError, /unknown option "distribution"/],
  ] as const)("%o", (options, kind, message) => {
    refuse(options, kind, message);
  });

  test("says which costs were expected", () => {
    const call = (f: (x: Tensor) => never) => () => estimateGradient(f, theta(1), good);
    expect(call((() => [1, 2]) as never)).toThrow(ShapeError);
    expect(call((() => [1, 2]) as never)).toThrow(/one cost for each of 4 draws, got shape \[2\]/);
    expect(call((() => "cheap") as never)).toThrow(/expected f to give the costs of the draws, got "cheap"/);
  });

  test("gives the error of f as it is, and leaves the baseline alone", () => {
    const baseline = new RunningMean();
    const error = new Error("of the caller");
    const call = () =>
      estimateGradient(
        () => {
          throw error;
        },
        theta(1),
        { ...good, baseline },
      );
    expect(call).toThrow(error);
    expect(baseline.stateDict()).toEqual({ mean: 0, updates: 0 });
  });
});
