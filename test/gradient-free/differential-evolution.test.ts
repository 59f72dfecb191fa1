import { describe, expect, test } from "vitest";
import { DifferentialEvolution, minimize } from "../../lib/gradient-free/index.js";
import { ArgumentError } from "../../lib/index.js";

const sphere = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, xi) => sum + xi * xi, 0);
const rows = (points: Float64Array, d: number): number[][] =>
  Array.from({ length: points.length / d }, (_, i) => [...points.subarray(i * d, (i + 1) * d)]);

/** The first population, whose values are their numbers unless given: the first is the best. */
function begin(search: DifferentialEvolution, values?: readonly number[]): number[][] {
  const population = rows(search.ask(), search.dimension);
  search.tell(values ?? population.map((_, i) => i));
  return population;
}

/** Each choice of `count` numbers below n in order, all distinct and none of them `without`. */
function* choices(count: number, n: number, without: number, chosen: number[] = []): Generator<number[]> {
  if (chosen.length === count) yield chosen;
  else {
    for (let k = 0; k < n; k++) {
      if (k !== without && !chosen.includes(k)) yield* choices(count, n, without, [...chosen, k]);
    }
  }
}

const F = 0.75;
type Mutant = (best: number, target: number, ...others: number[]) => number;
const MUTANTS = {
  best1: [2, (b, _, x0 = 0, x1 = 0) => b + F * (x0 - x1)],
  best2: [4, (b, _, x0 = 0, x1 = 0, x2 = 0, x3 = 0) => b + F * (x0 + x1 - x2 - x3)],
  rand1: [3, (_b, _x, x0 = 0, x1 = 0, x2 = 0) => x0 + F * (x1 - x2)],
  rand2: [5, (_b, _x, x0 = 0, x1 = 0, x2 = 0, x3 = 0, x4 = 0) => x0 + F * (x1 + x2 - x3 - x4)],
  randtobest1: [3, (b, _x, x0 = 0, x1 = 0, x2 = 0) => x0 + F * (b - x0) + F * (x1 - x2)],
  currenttobest1: [2, (b, x, x0 = 0, x1 = 0) => x + F * (b - x) + F * (x0 - x1)],
} as const satisfies Record<string, readonly [number, Mutant]>;
const NAMES = Object.keys(MUTANTS) as (keyof typeof MUTANTS)[];
const SIZE = 7;

describe.each(NAMES)("%s", (name) => {
  test("makes its mutants of the best point, the target and others, all distinct", () => {
    const [count, mutant] = MUTANTS[name] as readonly [number, Mutant];
    const search = new DifferentialEvolution([1, 2], {
      strategy: `${name}bin`,
      populationSize: SIZE,
      mutation: F,
      recombination: 1,
    });
    const population = begin(search);
    const best = population[0] as number[];
    rows(search.ask(), 2).forEach((trial, target) => {
      const isMutant = (others: number[]): boolean =>
        trial.every((xi, i) => {
          const places = others.map((k) => (population[k] as number[])[i] as number);
          const wanted = mutant(best[i] as number, (population[target] as number[])[i] as number, ...places);
          return Math.abs(wanted - xi) < 1e-12;
        });
      expect([...choices(count, SIZE, target)].some(isMutant)).toBe(true);
    });
  });

  test.each(["bin", "exp"] as const)("with %s comes to the minimum", async (crossover) => {
    const { value, reason } = await minimize(sphere, [3, -2, 1], {
      method: "differential-evolution",
      strategy: `${name}${crossover}`,
      bounds: { lower: -5, upper: 5 },
      maxEvaluations: 60_000,
    });
    expect(value).toBeLessThan(1e-8);
    expect(reason).toBe("tolfun");
  });
});

describe("crossover", () => {
  const D = 6;
  /** Which coordinates of each trial are not the target's. */
  const changes = (strategy: "rand1bin" | "rand1exp", recombination: number): boolean[][] => {
    const search = new DifferentialEvolution(new Float64Array(D).fill(1), {
      strategy,
      recombination,
      populationSize: 300,
    });
    const population = begin(search);
    return rows(search.ask(), D).map((trial, k) => trial.map((x, i) => x !== (population[k] as number[])[i]));
  };
  const counts = (changed: boolean[][]): number[] => changed.map((row) => row.filter(Boolean).length);

  test.each(["rand1bin", "rand1exp"] as const)(
    "%s takes one coordinate of the mutant with CR 0, and all with CR 1",
    (strategy) => {
      expect(new Set(counts(changes(strategy, 0)))).toEqual(new Set([1]));
      expect(new Set(counts(changes(strategy, 1)))).toEqual(new Set([D]));
    },
  );

  test("bin takes each coordinate with probability CR, and one anyhow", () => {
    const mean = counts(changes("rand1bin", 0.3)).reduce((sum, n) => sum + n, 0) / 300;
    // 1 + 0.3·5 = 2.5; the standard error is 0.06.
    expect(Math.abs(mean - 2.5)).toBeLessThan(0.3);
  });

  test("exp takes coordinates that follow each other, round the end", () => {
    const changed = changes("rand1exp", 0.7);
    expect(new Set(counts(changed)).size).toBeGreaterThan(3);
    for (const row of changed) {
      const begins = row.filter((is, i) => is && !row[(i + D - 1) % D]).length;
      expect(begins).toBeLessThanOrEqual(1);
    }
  });
});

test("draws the first population as a Latin hypercube with x0 as a point of it", () => {
  const size = 20;
  const search = new DifferentialEvolution([1, 2], {
    populationSize: size,
    bounds: { lower: [-1, 0], upper: [3, 5] },
  });
  const population = rows(search.ask(), 2);
  expect(population[0]).toEqual([1, 2]);
  for (const [i, lower, width] of [
    [0, -1, 4],
    [1, 0, 5],
  ] as const) {
    const intervals = population.slice(1).map((x) => Math.floor((((x[i] as number) - lower) / width) * size));
    // x0 has taken the place of one.
    expect(new Set(intervals).size).toBe(size - 1);
    expect(intervals.every((k) => k >= 0 && k < size)).toBe(true);
  }
});

test("draws it from x0 ± sigma where there are no bounds, and leaves that later", async () => {
  const search = new DifferentialEvolution([1, 2], { sigma: [0.5, 3] });
  for (const [x = 0, y = 0] of rows(search.ask(), 2)) {
    expect(Math.abs(x - 1)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(y - 2)).toBeLessThanOrEqual(3);
  }
  const { x } = await minimize((p) => sphere(p.map((xi) => xi - 40)), [1, 2], {
    method: "differential-evolution",
    sigma: 0.5,
  });
  expect(x[0]).toBeCloseTo(40, 3);
});

test("draws F anew for each generation from its range", () => {
  const search = new DifferentialEvolution([1], {
    mutation: [0.9, 0.2],
    populationSize: 6,
    recombination: 1,
  });
  const factors = new Set<string>();
  for (let generation = 0; generation < 5; generation++) {
    const population = generation === 0 ? begin(search) : [];
    if (population.length === 0) search.tell(new Float64Array(search.ask().length).fill(1e9));
    factors.add(JSON.stringify((search.stateDict()["own"] as { factor: number }).factor));
  }
  expect(factors.size).toBe(5);
  for (const text of factors) {
    const factor = JSON.parse(text) as number;
    expect(factor === 0 || (factor >= 0.2 && factor < 0.9)).toBe(true);
  }
});

describe("immediate updating", () => {
  test("asks for one point at a time and makes the next with it", () => {
    const search = new DifferentialEvolution([1], {
      updating: "immediate",
      strategy: "best1bin",
      mutation: 0,
      recombination: 1,
      populationSize: 6,
    });
    const [first] = begin(search) as [number[]];
    // With F = 0 a trial is the best point: first that of the population, then the one that was just told.
    expect([...search.ask()]).toEqual(first);
    search.tell([5]);
    expect([...search.ask()]).toEqual(first);
  });

  test("counts the trials of all targets as a generation", () => {
    const search = new DifferentialEvolution([1], { updating: "immediate", populationSize: 6 });
    begin(search);
    expect(search.generations).toBe(1);
    for (let k = 0; k < 6; k++) {
      expect(search.generations).toBe(1);
      search.ask();
      search.tell([k]);
    }
    expect(search.generations).toBe(2);
  });

  test("is what minimize does by default, unless the function gets all points at once", async () => {
    const shared = { method: "differential-evolution", maxEvaluations: 200 } as const;
    const byDefault = await minimize(sphere, [3, -2], shared);
    expect(byDefault).toEqual(await minimize(sphere, [3, -2], { ...shared, updating: "immediate" }));
    const all = (points: Float64Array, count: number): number[] =>
      Array.from({ length: count }, (_, k) => sphere(points.subarray(2 * k, 2 * k + 2)));
    const batched = await minimize(all, [3, -2], { ...shared, batched: true });
    expect(batched).toEqual(await minimize(sphere, [3, -2], { ...shared, updating: "deferred" }));
    expect(batched.x).not.toEqual(byDefault.x);
  });

  test("comes to the minimum", async () => {
    const { value } = await minimize(sphere, [3, -2], {
      method: "differential-evolution",
      updating: "immediate",
      maxEvaluations: 20_000,
    });
    expect(value).toBeLessThan(1e-10);
  });
});

test("ends once the spread of the values is within the tolerance, absolute and relative", () => {
  const ends = (tolerance: object, values: readonly number[]): boolean => {
    const search = new DifferentialEvolution([1], { tolerance, populationSize: 6 });
    begin(search, values);
    return search.reason === "tolfun";
  };
  // Their standard deviation is 1, their mean 10.
  const values = [9, 11, 9, 11, 9, 11];
  expect(ends({ tolfun: 1, tolrel: 0 }, values)).toBe(true);
  expect(ends({ tolfun: 0.99, tolrel: 0 }, values)).toBe(false);
  expect(ends({ tolfun: 0, tolrel: 0.1 }, values)).toBe(true);
  expect(ends({ tolfun: 0, tolrel: 0.099 }, values)).toBe(false);
});

test("has 15·d points, or fewer for a budget of less than 200 generations, but 30 at least", () => {
  const size = (d: number, options: object): number => {
    const search = new DifferentialEvolution(new Float64Array(d), options);
    return search.ask().length / d;
  };
  expect(size(4, {})).toBe(60);
  expect(size(4, { maxEvaluations: Number.POSITIVE_INFINITY })).toBe(60);
  expect(size(4, { maxEvaluations: 8000 })).toBe(40);
  expect(size(4, { maxEvaluations: 800 })).toBe(30);
});

test("keeps a target that is better, and takes a trial of the same value", () => {
  const search = new DifferentialEvolution([1], { populationSize: 6 });
  begin(search, [3, 3, 3, 3, 3, 9]);
  const trials = search.ask();
  search.tell([4, 3, 2, 5, 3, 8]);
  const { population } = search.stateDict()["own"] as { population: Float64Array };
  expect([1, 2, 4, 5].every((k) => population[k] === trials[k])).toBe(true);
  expect([0, 3].every((k) => population[k] !== trials[k])).toBe(true);
});

test.each([
  { options: { strategy: "best1" }, message: 'expected strategy to be one of "best1bin", "best1exp"' },
  { options: { mutation: [1] }, message: "expected mutation to be a number or a range of two, got [1]" },
  { options: { mutation: 2 }, message: "expected mutation to be a number ≥ 0 and < 2, got 2" },
  { options: { populationSize: 5 }, message: "expected populationSize to be a whole number ≥ 6" },
])("refuses $options", ({ options, message }) => {
  const make = (): unknown => new DifferentialEvolution([1, 2], options as object);
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});
