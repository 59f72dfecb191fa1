// CMA-ES against pycma's constants, bounds and numbers of evaluations, and what only it has: its ends and restarts.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BoundPenalty, BoundTransform } from "../../lib/gradient-free/cma/boundary.js";
import { type Kind, parametersOf } from "../../lib/gradient-free/cma/parameters.js";
import {
  CMAES,
  type CMAOptions,
  minimize,
  SeparableCMAES,
  type StopReason,
} from "../../lib/gradient-free/index.js";
import { ArgumentError } from "../../lib/index.js";

type F = (x: Float64Array) => number;

interface Answers {
  readonly parameters: readonly (Record<string, number> & {
    readonly d: number;
    readonly size: number;
    readonly kind: Kind;
    readonly weights: readonly number[];
  })[];
  readonly transform: readonly {
    readonly lower: number | null;
    readonly upper: number | null;
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly inverse: readonly number[];
  }[];
  readonly runs: readonly {
    readonly name: keyof typeof FUNCTIONS;
    readonly d: number;
    readonly kind: Kind;
    readonly evaluations: readonly (number | null)[];
  }[];
}

const pycma = JSON.parse(
  readFileSync(new URL("../oracle/evolution.json", import.meta.url), "utf8"),
) as Answers;

const sum = (x: Float64Array, term: (xi: number, i: number) => number): number =>
  x.reduce((total, xi, i) => total + term(xi, i), 0);

const FUNCTIONS = {
  sphere: (x) => sum(x, (xi) => xi * xi),
  elli: (x) => sum(x, (xi, i) => 10 ** ((6 * i) / (x.length - 1)) * xi * xi),
  rosen: (x) =>
    sum(x.subarray(1), (xi, i) => 100 * ((x[i] as number) ** 2 - xi) ** 2 + (1 - (x[i] as number)) ** 2),
  cigar: (x) => sum(x, (xi, i) => (i === 0 ? 1 : 1e6) * xi * xi),
  tablet: (x) => sum(x, (xi, i) => (i === 0 ? 1e6 : 1) * xi * xi),
  diffpow: (x) => Math.sqrt(sum(x, (xi, i) => Math.abs(xi) ** (2 + (4 * i) / (x.length - 1)))),
} satisfies Record<string, F>;

const rastrigin: F = (x) => sum(x, (xi) => 10 + xi * xi - 10 * Math.cos(2 * Math.PI * xi));

const make = (
  kind: Kind,
  x0: readonly number[] | Float64Array,
  options: CMAOptions,
): CMAES | SeparableCMAES => (kind === "full" ? new CMAES(x0, options) : new SeparableCMAES(x0, options));

/** Runs it to its end. */
function finish<S extends CMAES | SeparableCMAES>(
  strategy: S,
  f: F,
  watch: (strategy: S) => void = () => {},
): S {
  const d = strategy.dimension;
  while (strategy.reason === null) {
    const points = strategy.ask();
    const values = Float64Array.from({ length: points.length / d }, (_, i) =>
      f(points.subarray(i * d, (i + 1) * d)),
    );
    strategy.tell(values);
    watch(strategy);
  }
  return strategy;
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;

describe("as in pycma", () => {
  test.each(pycma.parameters.map((one) => [`${one.kind} d=${one.d} λ=${one.size}`, one] as const))(
    "weights and constants, %s",
    (_, { d, size, kind, weights, maxGenerations, ...rest }) => {
      const ours = parametersOf(d, size, kind, true);
      for (const [i, w] of weights.entries()) expect(ours.weights[i]).toBeCloseTo(w, 12);
      for (const name of ["mueff", "c1", "cmu", "cc", "cs", "damps"] as const) {
        expect(Math.abs(ours[name] / (rest[name] as number) - 1)).toBeLessThan(1e-12);
      }
    },
  );

  test("the map into bounds and back", () => {
    for (const { lower, upper, x, y, inverse } of pycma.transform) {
      const bounds = new BoundTransform({
        lower: Float64Array.of(lower ?? Number.NEGATIVE_INFINITY),
        upper: Float64Array.of(upper ?? Number.POSITIVE_INFINITY),
      });
      x.forEach((xi, i) => {
        expect(bounds.repair(xi, 0)).toBeCloseTo(y[i] as number, 12);
        expect(bounds.inverse(Float64Array.of(y[i] as number))[0]).toBeCloseTo(inverse[i] as number, 7);
      });
    }
  });

  // With more coordinates Rosenbrock has a second minimum, and a run takes one of two ways of different lengths.
  const quick = pycma.runs.filter(({ d, name }) => d <= (name === "rosen" ? 5 : 10));
  test.each(quick.map((one) => [`${one.name} d=${one.d} ${one.kind}`, one] as const))(
    "median of evaluations to 1e-8, %s",
    (_, { name, d, kind, evaluations }) => {
      const theirs = evaluations.filter((count) => count !== null);
      const counts = Array.from({ length: 21 }, (_, seed) => {
        const options = { sigma: 0.5, seed, target: 1e-8 };
        return finish(make(kind, new Float64Array(d).fill(1.5), options), FUNCTIONS[name]);
      }).filter(({ reason }) => reason === "target");
      expect(counts.length).toBeGreaterThanOrEqual(theirs.length - 3);
      const ratio = medianOf(counts.map((one) => one.evaluations)) / medianOf(theirs);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.2);
    },
  );
});

describe("the order of the values alone counts", () => {
  test.each(["full", "diagonal"] as const)("%s", (kind) => {
    const trace = (f: F): number[][] => {
      const points: number[][] = [];
      const options = { seed: 3, maxEvaluations: 400, tolerance: { tolfun: 0, tolfunhist: 0 } };
      finish(make(kind, [1, 2, 3], options), (x) => {
        points.push([...x]);
        return f(x);
      });
      return points;
    };
    expect(trace((x) => FUNCTIONS.elli(x) ** 3 + 5)).toEqual(trace(FUNCTIONS.elli));
  });
});

test("asks for the same points whether values of some points are told again or at once", () => {
  const [whole, parts] = [new CMAES([1, 2, 3], { seed: 1 }), new CMAES([1, 2, 3], { seed: 1 })];
  finish(whole, FUNCTIONS.elli);
  while (parts.reason === null) {
    const points = parts.ask();
    const count = Math.ceil(points.length / 6);
    parts.tell(Array.from({ length: count }, (_, i) => FUNCTIONS.elli(points.subarray(3 * i, 3 * i + 3))));
  }
  expect(parts.stateDict()).toEqual(whole.stateDict());
});

test("learns scales of the coordinates that are too far apart for one matrix", () => {
  const f: F = (x) => sum(x, (xi, i) => 10 ** (10 * i) * xi * xi);
  const options = { sigma: 1, seed: 1, target: 1e-8, tolerance: { tolx: 0 } };
  expect(finish(new CMAES([1, 1, 1], options), f).reason).toBe("target");
});

test("is what minimize uses by default", async () => {
  const { x, ...result } = await minimize(FUNCTIONS.sphere, [1, 2], { sigma: 0.5, seed: 3 });
  const named = await minimize(FUNCTIONS.sphere, [1, 2], { method: "cma-es", sigma: 0.5, seed: 3 });
  expect({ x, ...result }).toEqual(named);
  expect(result.reason).toBe("tolfun");
});

test("learns a rotated ellipsoid as fast as an aligned one", () => {
  const turned: F = (x) => {
    const [a, b, c] = x as unknown as [number, number, number];
    return FUNCTIONS.elli(
      Float64Array.of((a + b + c) / 3 ** 0.5, (a - b) / 2 ** 0.5, (a + b - 2 * c) / 6 ** 0.5),
    );
  };
  const count = (f: F): number =>
    medianOf(
      Array.from(
        { length: 15 },
        (_, seed) => finish(new CMAES([1, 2, 3], { seed, target: 1e-8 }), f).evaluations,
      ),
    );
  expect(count(turned) / count(FUNCTIONS.elli)).toBeGreaterThan(0.75);
  expect(count(turned) / count(FUNCTIONS.elli)).toBeLessThan(1.3);
});

describe("ends", () => {
  let state = 1;
  const noise = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const zero = { tolfun: 0, tolfunhist: 0, tolx: 0 };
  // Along (1, 1) it is flat in comparison.
  const deepValley: F = (x) => {
    const [a, b] = x as unknown as [number, number];
    return (a + b) ** 2 + 1e20 * (a - b) ** 2;
  };
  const CASES: readonly (readonly [StopReason, F, CMAOptions, readonly number[]])[] = [
    ["tolfun", FUNCTIONS.sphere, { tolerance: 1e-3 }, [1, 2]],
    ["tolfunrel", FUNCTIONS.sphere, { tolerance: { ...zero, tolfunrel: 1e-3 } }, [1, 2]],
    ["tolfunhist", FUNCTIONS.sphere, { tolerance: { ...zero, tolfunhist: 1e-3 } }, [1, 2]],
    ["tolx", FUNCTIONS.sphere, { tolerance: { ...zero, tolx: 1e-3 } }, [1, 2]],
    ["tolflatfitness", () => 1, { tolerance: zero }, [1, 2]],
    ["tolfacupx", (x) => x[0] as number, {}, [1, 2]],
    ["noeffectcoord", (x) => x[1] as number, { sigma: 1e-3 }, [1e17, 1]],
    ["conditioncov", deepValley, { tolerance: zero, sigma: 1e6 }, [1, 2]],
    ["tolxstagnation", FUNCTIONS.sphere, { tolerance: zero }, [1, 2]],
    ["stagnation", noise, { tolerance: zero }, [1, 2]],
    ["maxGenerations", FUNCTIONS.sphere, { maxGenerations: 3 }, [1, 2]],
    ["target", FUNCTIONS.sphere, { target: 1e-3 }, [1, 2]],
  ];
  test.each(CASES)("%s", (reason, f, options, x0) => {
    expect(finish(new CMAES(x0, { seed: 2, ...options }), f).reason).toBe(reason);
  });
});

describe("bounds", () => {
  const BOUNDS = { lower: [1, -5, -2], upper: [4, Number.POSITIVE_INFINITY, 2] };
  test.each([
    ["full", "transform"],
    ["full", "penalty"],
    ["diagonal", "transform"],
    ["diagonal", "penalty"],
  ] as const)("%s, %s: finds a minimum on the bound and one within", (kind, boundary) => {
    const f: F = (x) =>
      sum(x, (xi, i) => ([1, 30, 1000][i] as number) * (xi - ([0, 1, 9][i] as number)) ** 2);
    const { best } = finish(make(kind, [2, 3, 0], { bounds: BOUNDS, boundary, seed: 1 }), f);
    expect(best?.x[0]).toBeCloseTo(1, 6);
    expect(best?.x[1]).toBeCloseTo(1, 3);
    expect(best?.x[2]).toBeCloseTo(2, 6);
  });

  test("a penalty weighs more the longer the mean is outside, and less where it no longer needs to", () => {
    const penalty = new BoundPenalty({ lower: Float64Array.of(0, 0), upper: Float64Array.of(1, 1) });
    const values = Float64Array.of(1, 2, 3, 4, 5, 6);
    const weigh = (mean: readonly number[], generation: number): number[] => {
      const distribution = { dimension: 2, size: 6, mueff: 40, generation, mean: Float64Array.from(mean) };
      penalty.learn(values, { ...distribution, deviation: () => 1 });
      return [penalty.penalty(-1, 0), penalty.penalty(-1, 1)];
    };
    expect(weigh([0.5, 0.5], 1)).toEqual([0, 0]);
    const [first, second] = weigh([-9, 0.5], 3) as [number, number];
    expect(first).toBeGreaterThan(second);
    expect(second).toBeGreaterThan(0);
    let last = first;
    for (let i = 4; i < 30; i++) last = (weigh([-9, 0.5], i) as [number, number])[0];
    expect(last).toBeGreaterThan(first);
    for (let i = 30; i < 60; i++) weigh([0.5, 0.5], i);
    expect((weigh([0.5, 0.5], 60) as [number, number])[0]).toBeLessThan(last);
  });

  test("its first sigma is 0.3 of the width, and the first given one is kept", () => {
    expect(new CMAES([0, 1], { bounds: { lower: -1, upper: [4, 4] } }).sigma).toBeCloseTo(1.5, 12);
    expect(new CMAES([0, 1]).sigma).toBe(1);
    expect(new CMAES([0, 1], { sigma: 0.7 }).sigma).toBe(0.7);
    expect(new CMAES([0, 1], { sigma: [1, 4] }).sigma).toBeCloseTo(2, 12);
  });
});

describe("restarts", () => {
  /** The populations of all runs, and the evaluations of each. */
  function runsOf(options: CMAOptions): { sizes: number[]; spent: number[] } {
    const strategy = new CMAES([2, 2], { sigma: 1, seed: 5, ...options });
    const sizes = [strategy.populationSize];
    const ends: number[] = [];
    finish(strategy, rastrigin, ({ restarts, populationSize, evaluations }) => {
      // The values that end a run are the last of that run.
      ends[sizes.length - 1] = evaluations;
      if (sizes.length <= restarts) sizes.push(populationSize);
    });
    return { sizes, spent: ends.map((end, i) => end - (ends[i - 1] ?? 0)) };
  }

  test("ipop doubles the population", () => {
    expect(runsOf({ restarts: "ipop", maxRestarts: 4 }).sizes).toEqual([6, 12, 24, 48, 96]);
  });

  test("bipop does so in turn with small populations, which spend as much", () => {
    const { sizes, spent } = runsOf({ restarts: "bipop", maxRestarts: 5 });
    expect(sizes[1]).toBe(12);
    const large = [12, 24, 48, 96, 192];
    let next = 0;
    let [few, many] = [spent[0] as number, 0];
    sizes.slice(1).forEach((size, i) => {
      const isSmall = next > 0 && few < many;
      if (!isSmall) expect(size).toBe(large[next++]);
      else expect(size).toBeLessThanOrEqual(Math.max(6, (large[next - 1] as number) / 2));
      if (isSmall) few += spent[i + 1] as number;
      else many += spent[i + 1] as number;
    });
    expect(next).toBe(5);
    expect(sizes.length).toBeGreaterThan(6);
  });

  test.each(["ipop", "bipop"] as const)(
    "%s finds the least of many minima, where a single run does not",
    async (restarts) => {
      const options = {
        method: "cma-es",
        bounds: { lower: -5, upper: 5 },
        seed: 4,
        maxEvaluations: 60_000,
      } as const;
      const x0 = [4, 4, 4, 4, 4];
      const one = await minimize(rastrigin, x0, { ...options, sigma: 0.5 });
      expect(one.value).toBeGreaterThan(0.9);
      const many = await minimize(rastrigin, x0, { ...options, restarts, target: 1e-8 });
      expect(many.reason).toBe("target");
    },
  );

  test("ends by restarts after the last", () => {
    const strategy = finish(
      new CMAES([2, 2], { restarts: "ipop", maxRestarts: 0, seed: 1 }),
      FUNCTIONS.sphere,
    );
    expect(strategy.reason).toBe("restarts");
  });

  test("a state with restarts is none without, and the other way round", () => {
    const [plain, again] = [new CMAES([2, 2]), new CMAES([2, 2], { restarts: "ipop" })];
    expect(() => plain.loadStateDict(again.stateDict())).toThrow(ArgumentError);
    expect(() => again.loadStateDict(plain.stateDict())).toThrow(ArgumentError);
  });
});

describe("many coordinates", () => {
  test("separable CMA-ES minimises in 1,000 dimensions", () => {
    const strategy = new SeparableCMAES(new Float64Array(1000).fill(1), {
      sigma: 0.5,
      target: 1,
      maxEvaluations: 1e5,
    });
    expect(finish(strategy, FUNCTIONS.sphere).reason).toBe("target");
  });

  test("and takes 100,000", () => {
    const strategy = new SeparableCMAES(new Float64Array(100_000).fill(1), { sigma: 0.1, maxGenerations: 2 });
    finish(strategy, FUNCTIONS.sphere);
    expect(strategy.generations).toBe(2);
  });

  test("of which CMA-ES says that it keeps a matrix", () => {
    expect(() => new CMAES(new Float64Array(100_000))).toThrow('"sep-cma-es" takes more');
  });
});

test("its mean and sigma come to the minimum", () => {
  const strategy = finish(new CMAES([3, 4], { seed: 1 }), FUNCTIONS.sphere);
  expect(FUNCTIONS.sphere(strategy.mean)).toBeLessThan(1e-10);
  expect(strategy.sigma).toBeLessThan(1e-3);
});

describe("at the end of a run it evaluates the mean", () => {
  test("which is often the best point", () => {
    const strategy = new CMAES([3, 4, 5, 6, 7, 8, 9, 3, 4, 5], { seed: 1 });
    let before = 0;
    finish(strategy, FUNCTIONS.sphere, ({ evaluations, best }) => {
      if (evaluations % 10 === 0) before = best?.value ?? 0;
    });
    expect(strategy.evaluations % 10).toBe(1);
    expect(strategy.bestValue).toBeLessThan(before);
    expect(strategy.best?.x).toEqual(strategy.mean);
  });

  test("and ends also if its value is not finite, and from a state in between", () => {
    const strategy = new CMAES([3, 4], { seed: 1 });
    while (strategy.reason === null) {
      const points = strategy.ask();
      const values = Array.from({ length: points.length / 2 }, (_, i) =>
        FUNCTIONS.sphere(points.subarray(2 * i, 2 * i + 2)),
      );
      const other = new CMAES([3, 4]);
      other.loadStateDict(strategy.stateDict());
      strategy.tell(points.length > 2 ? values : [Number.NaN]);
      other.ask();
      other.tell(points.length > 2 ? values : [Number.NaN]);
      expect(other.reason).toBe(strategy.reason);
    }
    expect(strategy.reason).toBe("tolfun");
  });
});

test("a draw that is not finite is drawn again, and others are kept", () => {
  const strategy = new CMAES([1, 2], { seed: 1 });
  const points = strategy.ask();
  const values = Array.from({ length: points.length / 2 }, (_, i) => (i === 2 ? Number.NaN : i));
  strategy.tell(values);
  const again = strategy.ask();
  expect(again.length).toBe(2);
  expect([...again]).not.toEqual([...points.subarray(4, 6)]);
  strategy.tell([1]);
  expect(strategy.generations).toBe(1);
});
