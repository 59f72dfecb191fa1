import { describe, expect, test } from "vitest";
import { OpenAIES } from "../../lib/gradient-free/index.js";
import { centredRanks, pairWeights, weightedSteps } from "../../lib/gradient-free/openai-es/estimate.js";
import { ArgumentError, tensor } from "../../lib/index.js";

describe("centred ranks", () => {
  const ranksOf = (values: number[]): number[] => [...centredRanks(tensor(values)).data];

  test("go from −½ for the least value to ½ for the greatest, whatever the values are", () => {
    expect(ranksOf([3, -1e9, 7, 5, 4])).toEqual([-0.25, -0.5, 0.5, 0.25, 0]);
  });

  test("are the same for equal values, so that a plateau pulls nowhere", () => {
    expect(ranksOf([1, 1, 1, 1])).toEqual([0, 0, 0, 0]);
    expect(ranksOf([2, 1, 2, 0, 2])).toEqual([0.25, -0.25, 0.25, -0.5, 0.25]);
  });

  test("are the greatest for infinity and NaN", () => {
    expect(ranksOf([0, Infinity, 1])).toEqual([-0.5, 0.5, 0]);
    expect(ranksOf([0, NaN, 1])).toEqual([-0.5, 0.5, 0]);
  });

  test("are 0 for a single value", () => {
    expect(ranksOf([3])).toEqual([0]);
  });
});

test("the estimate is 1/(P·σ) Σ (u⁺ − u⁻)·ε", () => {
  const [sigma, population] = [0.5, 4];
  const epsilon = [
    [1, -2],
    [3, 0.5],
  ];
  const steps = tensor(
    epsilon.map((row) => row.map((e) => sigma * e)),
    { dtype: "float64" },
  );
  // u⁺ = (−½, ½), u⁻ = (1/6, −1/6)
  const weights = pairWeights(tensor([0, 9, 5, 3]), { sigma, population });
  const [d0, d1] = [-1 / 2 - 1 / 6, 1 / 2 + 1 / 6];
  const expected = [0, 1].map(
    (i) => (d0 * (epsilon[0]?.[i] as number) + d1 * (epsilon[1]?.[i] as number)) / (population * sigma),
  );
  [...weightedSteps(weights, steps).data].forEach((g, i) => {
    expect(g).toBeCloseTo(expected[i] as number, 6);
  });
});

test("asks for pairs that mirror each other", () => {
  const es = new OpenAIES([1, -2, 3], { populationSize: 6, sigma: 2 });
  const points = es.ask();
  for (let i = 0; i < 9; i++) {
    expect(((points[i] as number) + (points[9 + i] as number)) / 2).toBeCloseTo(
      [1, -2, 3][i % 3] as number,
      12,
    );
  }
});

test("steps by the plain estimate with the optimizer sgd without momentum", () => {
  const es = new OpenAIES([1, 2], { populationSize: 2, sigma: 0.5, optimizer: "sgd", momentum: 0, lr: 0.1 });
  const points = es.ask();
  es.tell([1, 0]);
  const after = es.stateDict()["own"] as { theta: Float64Array };
  // u⁺ − u⁻ = 1: θ ← θ − η·ε/(2σ)
  [0, 1].forEach((i) => {
    const theta = i + 1;
    const epsilon = ((points[i] as number) - theta) / 0.5;
    expect(after.theta[i]).toBeCloseTo(theta - (0.1 * epsilon) / (2 * 0.5), 12);
  });
});

test("refuses an odd population, a momentum of Adam and a σ of 0", () => {
  expect(() => new OpenAIES([1], { populationSize: 3 })).toThrow(
    "openai-es: expected populationSize to be even, got 3",
  );
  expect(() => new OpenAIES([1], { momentum: 0.5 })).toThrow(ArgumentError);
  expect(() => new OpenAIES([1], { sigma: 0 })).toThrow(ArgumentError);
});
