// What holds for every method of order zero: each that is registered is here, with the cases of its file.
import { describe, expect, test } from "vitest";
import * as gradientFree from "../../lib/gradient-free/index.js";
import { registeredMethods } from "../../lib/gradient-free/registry.js";
import { ArgumentError, OptionError } from "../../lib/index.js";

type Options = gradientFree.MinimizeOptions & { readonly batched?: false };

const X0 = [1, 2, 3, 4];
const D = X0.length;
const sphere = (x: Float64Array): number => x.reduce((sum, xi) => sum + xi * xi, 0);
const ellipsoid = (x: Float64Array): number =>
  x.reduce((sum, xi, i) => sum + 10 ** ((2 * i) / (D - 1)) * xi * xi, 0);

const METHODS = [...registeredMethods];

/** The values of points, [count, D]. */
const valuesOf = (points: Float64Array, f = sphere): Float64Array =>
  Float64Array.from({ length: points.length / D }, (_, i) => f(points.subarray(i * D, (i + 1) * D)));

/** What can be seen of a strategy. */
const seen = (strategy: gradientFree.Strategy): unknown => JSON.stringify(strategy.stateDict());

/** Asks and tells a number of times, unless it ends. @returns the points it asked for. */
function steps(strategy: gradientFree.Strategy, count: number, f = sphere): Float64Array[] {
  const asked: Float64Array[] = [];
  while (asked.length < count && strategy.reason === null) {
    const points = strategy.ask();
    asked.push(points);
    strategy.tell(valuesOf(points, f));
  }
  return asked;
}

describe.each(METHODS)("%s", (method, { make, cases, options: names, reaches }) => {
  const all = cases();
  const call = (more: object = {}): Options => ({ ...all[0], method, ...more }) as Options;
  const fresh = (options: object = {}): gradientFree.Strategy => make(X0, { ...all[0], ...options });

  test("has each of its options in one of its cases", () => {
    const used = new Set(all.flatMap((options) => Object.keys(options)));
    expect(names.filter((name) => !used.has(name))).toEqual([]);
  });

  test("comes near the least value of the sphere and of the ellipsoid", async () => {
    const budget = { maxEvaluations: reaches.evaluations };
    expect((await gradientFree.minimize(sphere, X0, call(budget))).value).toBeLessThan(reaches.sphere);
    expect((await gradientFree.minimize(ellipsoid, X0, call(budget))).value).toBeLessThan(reaches.ellipsoid);
  });

  describe.each(all.map((options) => [JSON.stringify(options), options] as const))("%s", (_, options) => {
    test("goes on to the bit from its state, wherever it stops, also through JSON", () => {
      const whole = make(X0, options);
      const others: gradientFree.Strategy[] = [];
      for (let i = 0; i < 12 && whole.reason === null; i++) {
        const other = make(X0, { ...options, seed: 99 });
        other.loadStateDict(
          i % 2 === 0 ? structuredClone(whole.stateDict()) : JSON.parse(JSON.stringify(whole.stateDict())),
        );
        others.push(other);
        const asked = whole.ask();
        // Every third time between `ask` and `tell`, with one value told.
        const isPartial = i % 3 === 2 && asked.length > D;
        for (const each of [whole, ...others]) {
          expect(each.ask()).toEqual(asked);
          each.tell(valuesOf(isPartial ? asked.subarray(0, D) : asked));
        }
      }
      for (const other of others) expect(seen(other)).toBe(seen(whole));
    });

    test("asks for the same points with the same seed", () => {
      expect(steps(make(X0, options), 10)).toEqual(steps(make(X0, options), 10));
    });

    test("asks for finite points, another one for a value that is NaN or infinite, and goes on", () => {
      const strategy = make(X0, { ...options, maxEvaluations: 600 });
      let calls = 0;
      const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const asked = steps(strategy, 200, (x) => (calls++ % 4 === 1 ? (bad[calls % 3] as number) : sphere(x)));
      for (const points of asked) expect(points.every(Number.isFinite)).toBe(true);
      expect(strategy.best?.value).toBeLessThanOrEqual(sphere(Float64Array.from(X0)) + 10);
      expect(Number.isFinite(strategy.best?.value)).toBe(true);
    });

    test("ends if no value is ever finite", () => {
      const strategy = make(X0, { ...options, maxEvaluations: 20_000 });
      steps(strategy, 20_001, () => Number.NaN);
      expect(strategy.reason).not.toBe(null);
      expect(strategy.best).toBe(null);
    });

    test("never asks for more values than maxEvaluations", () => {
      for (const maxEvaluations of [1, 2, 7, 50, 301]) {
        const strategy = make(X0, { ...options, maxEvaluations });
        const asked = steps(strategy, 1000).reduce((sum, points) => sum + points.length / D, 0);
        expect(asked).toBe(strategy.evaluations);
        expect(asked).toBeLessThanOrEqual(maxEvaluations);
        if (strategy.reason === "maxEvaluations") expect(asked).toBe(maxEvaluations);
      }
    });

    test("is the same called point by point, at once, by promises and as an object", async () => {
      const most = { maxEvaluations: 100 };
      const strategy = make(X0, { ...options, ...most });
      steps(strategy, 1000);
      const given = { ...options, ...most, method } as Options;
      const plain = await gradientFree.minimize(sphere, X0, given);
      const later = await gradientFree.minimize(async (x) => sphere(x), X0, given);
      const batched = await gradientFree.minimize((points) => valuesOf(points), X0, {
        ...given,
        batched: true,
      });
      expect(plain).toEqual(later);
      expect(plain).toEqual(batched);
      expect(plain.value).toBe(strategy.best?.value);
      expect(plain.x).toEqual(strategy.best?.x);
      expect(plain.value).toBe(sphere(plain.x));
    });

    if ("bounds" in options) {
      test("never leaves its bounds", () => {
        const { lower, upper } = options.bounds as { lower: number | number[]; upper: number | number[] };
        const at = (side: number | number[], i: number): number =>
          typeof side === "number" ? side : (side[i] as number);
        for (const points of steps(make(X0, options), 60, (x) => -sphere(x))) {
          points.forEach((x, i) => {
            expect(x).toBeGreaterThanOrEqual(at(lower, i % D));
            expect(x).toBeLessThanOrEqual(at(upper, i % D));
          });
        }
      });

      test("refuses bounds in the wrong order, of another length, and a start outside", () => {
        for (const bounds of [
          { lower: 5, upper: -5 },
          { lower: [0, 0, 0] },
          { lower: 2 },
          { upper: [9, 9, 9, 3] },
          { lower: Number.NaN },
        ]) {
          expect(() => make(X0, { ...options, bounds } as object)).toThrow(ArgumentError);
        }
      });
    }
  });

  test("never writes again to a best point that it gave", () => {
    const strategy = fresh({ maxEvaluations: 500 });
    const given: { x: Float64Array; copy: Float64Array; value: number }[] = [];
    while (strategy.reason === null) {
      steps(strategy, 1);
      const { best } = strategy;
      expect(strategy.bestValue).toBe(best?.value);
      if (best !== null) given.push({ x: best.x, copy: best.x.slice(), value: best.value });
    }
    for (const { x, copy, value } of given) {
      expect(x).toEqual(copy);
      expect(sphere(x)).toBe(value);
    }
  });

  test("is refused bad options before the function is called", async () => {
    let calls = 0;
    const f = (): number => calls++;
    for (const bad of [
      { seed: -1 },
      { maxEvaluations: 0 },
      { maxGenerations: 0.5 },
      { target: Number.NaN },
    ]) {
      await expect(gradientFree.minimize(f, X0, call(bad))).rejects.toThrow(ArgumentError);
    }
    await expect(gradientFree.minimize(f, X0, call({ nonsense: 1 }))).rejects.toThrow(OptionError);
    for (const name of names) {
      for (const bad of [Symbol("bad"), { nonsense: 1 }]) {
        await expect(gradientFree.minimize(f, X0, call({ [name]: bad }))).rejects.toThrow(
          /ERR|expected|unknown/,
        );
      }
    }
    for (const x0 of [[], [1, Number.NaN], "1", null, [1, "2"]]) {
      await expect(gradientFree.minimize(f, x0 as number[], call())).rejects.toThrow(ArgumentError);
    }
    expect(calls).toBe(0);
  });

  test("is refused states of another kind, and has not changed then", () => {
    const strategy = fresh();
    steps(strategy, 3);
    strategy.ask();
    const before = seen(strategy);
    const good = strategy.stateDict();
    const other = make([1, 2, 3], { ...all[0] });
    other.ask();
    const states: unknown[] = [null, 1, [], {}, { ...good, method: "other" }, other.stateDict()];
    for (const name of Object.keys(good))
      states.push({ ...good, [name]: "bad" }, { ...good, [name]: undefined });
    for (const name of Object.keys(good["own"] as object)) {
      states.push({ ...good, own: { ...(good["own"] as object), [name]: "bad" } });
    }
    for (const state of states) {
      expect(() => strategy.loadStateDict(state as gradientFree.StrategyState)).toThrow(ArgumentError);
      expect(seen(strategy)).toBe(before);
    }
  });

  test("is refused values that are no numbers, too many or none, and has not changed then", () => {
    const strategy = fresh();
    expect(() => strategy.tell([1])).toThrow(ArgumentError);
    const points = strategy.ask();
    const before = seen(strategy);
    const values = [...valuesOf(points)];
    for (const bad of [[], [...values, 1], ["1"], null, undefined, 3, [null]]) {
      expect(() => strategy.tell(bad as number[])).toThrow(ArgumentError);
      expect(seen(strategy)).toBe(before);
    }
  });

  test("ends by the target", async () => {
    const result = await gradientFree.minimize(sphere, X0, call({ target: 29, maxEvaluations: 10_000 }));
    expect(result.reason).toBe("target");
    expect(result.value).toBeLessThanOrEqual(29);
  });

  test("goes on from the state that onGeneration kept", async () => {
    const kept: gradientFree.StrategyState[] = [];
    const whole = await gradientFree.minimize(
      sphere,
      X0,
      call({
        maxGenerations: 9,
        onGeneration: ({ strategy }: gradientFree.GenerationReport) => kept.push(strategy.stateDict()),
      }),
    );
    const rest = await gradientFree.minimize(sphere, X0, call({ maxGenerations: 9, state: kept[3] }));
    expect({ ...rest, history: null }).toEqual({ ...whole, history: null });
    expect(rest.history).toEqual(whole.history.slice(4));
  });
});
