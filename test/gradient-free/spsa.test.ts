import { expect, test } from "vitest";
import { minimize, SPSA } from "../../lib/gradient-free/index.js";

const sphere = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, xi) => sum + xi * xi, 0);
const rows = (points: Float64Array, d: number): Float64Array[] =>
  Array.from({ length: points.length / d }, (_, i) => points.slice(i * d, (i + 1) * d));

test("steps by a_k against the estimate from x ± c_k·Δ, as Spall writes it", () => {
  const slopes = [2, -1, 0.5];
  const f = (x: Float64Array): number => x.reduce((sum, xi, i) => sum + xi * (slopes[i] as number), 0);
  const options = { a: 0.2, c: 0.3, stability: 7, alpha: 0.7, gamma: 0.2 };
  const search = new SPSA([1, 2, 3], options);
  for (let k = 0; k < 5; k++) {
    const x = search.iterate;
    const [plus, minus] = rows(search.ask(), 3) as [Float64Array, Float64Array];
    const c = 0.3 / (k + 1) ** 0.2;
    const delta = [...plus].map((p, i) => (p - (x[i] as number)) / c);
    delta.forEach((one, i) => {
      expect(Math.abs(one)).toBeCloseTo(1, 12);
      expect(minus[i]).toBeCloseTo((x[i] as number) - c * one, 12);
    });
    search.tell([f(plus), f(minus)]);
    const gain = 0.2 / (7 + k + 1) ** 0.7;
    const along = delta.reduce((sum, one, i) => sum + one * (slopes[i] as number), 0);
    search.iterate.forEach((next, i) => {
      expect(next).toBeCloseTo((x[i] as number) - gain * along * (delta[i] as number), 12);
    });
  }
});

test("averages several estimates", () => {
  const search = new SPSA([1, 2], { a: 1, c: 1, stability: 0, averages: 3 });
  const points = rows(search.ask(), 2);
  expect(points).toHaveLength(6);
  const values = [5, 1, 2, 8, 3, 3];
  search.tell(values);
  const estimate = [0, 1].map(
    (i) =>
      [0, 1, 2].reduce((sum, k) => {
        const width = (points[2 * k]?.[i] as number) - (points[2 * k + 1]?.[i] as number);
        return sum + ((values[2 * k] as number) - (values[2 * k + 1] as number)) / width;
      }, 0) / 3,
  );
  search.iterate.forEach((next, i) => {
    expect(next).toBeCloseTo(([1, 2][i] as number) - (estimate[i] as number), 12);
  });
});

test("discards an estimate that has no finite value, and the others count", () => {
  const search = new SPSA([1, 2], { a: 1, c: 1, stability: 0, averages: 2 });
  const [plus, minus] = rows(search.ask(), 2) as [Float64Array, Float64Array];
  search.tell([3, 1, Number.NaN, 7]);
  search.iterate.forEach((next, i) => {
    expect(next).toBeCloseTo(([1, 2][i] as number) - 2 / ((plus[i] as number) - (minus[i] as number)), 12);
  });
});

test("finds its own gain: the first step moves a coordinate by about maxStep", () => {
  for (const scale of [1e-6, 1, 1e9]) {
    const search = new SPSA([5, 5, 5, 5], { maxStep: 0.25 });
    search.tell(rows(search.ask(), 4).map((x) => scale * sphere(x)));
    const moved = search.iterate.map((x) => Math.abs(x - 5));
    expect(Math.max(...moved)).toBeLessThanOrEqual(0.25 + 1e-12);
    expect(Math.max(...moved)).toBeGreaterThan(0.1);
  }
});

test("comes near the minimum of a function with noise", async () => {
  let state = 1;
  const noise = (): number => {
    state = (48271 * state) % 2147483647;
    return (state / 2147483647 - 0.5) * Math.sqrt(12);
  };
  const f = (x: Float64Array): number => sphere(x) + 0.3 * noise();
  const search = new SPSA([2, -2, 1], { c: 0.3, maxEvaluations: 6000, seed: 5 });
  while (search.reason === null) search.tell(rows(search.ask(), 3).map(f));
  expect(sphere(search.iterate)).toBeLessThan(0.4);
  expect((await minimize(f, [2, -2, 1], { method: "spsa", c: 0.3, maxEvaluations: 6000 })).reason).toBe(
    "maxEvaluations",
  );
});

test("with blocking never goes where the value is greater by more than it says", () => {
  const f = (x: Float64Array): number => sphere(x) * (2 + Math.sin(40 * (x[0] as number)));
  const go = (blocking?: number): number[] => {
    const search = new SPSA([2, -2], {
      a: 2,
      c: 0.1,
      maxEvaluations: 300,
      ...(blocking === undefined ? {} : { blocking }),
    });
    const values: number[] = [];
    while (search.reason === null) {
      search.tell(rows(search.ask(), 2).map(f));
      values.push(f(search.iterate));
    }
    return values;
  };
  const rises = (values: number[]): number[] =>
    values.slice(1).map((value, i) => value - (values[i] as number));
  expect(Math.max(...rises(go()))).toBeGreaterThan(0.5);
  expect(Math.max(...rises(go(0)))).toBe(0);
  expect(Math.max(...rises(go(0.5)))).toBeLessThanOrEqual(0.5);
  expect(Math.max(...rises(go(0.5)))).toBeGreaterThan(0);
});

test.each([5, 6, 31, 100])("spends the last of %i evaluations on x itself", (maxEvaluations) => {
  const search = new SPSA([2, -2], { maxEvaluations, averages: 2 });
  let last: number[][] = [];
  while (search.reason === null) {
    const iterate = [...search.iterate];
    const points = rows(search.ask(), 2);
    last = [iterate, ...points.map((x) => [...x])];
    search.tell(points.map(sphere));
  }
  expect(search.evaluations).toBe(maxEvaluations);
  expect(last[1]).toEqual(last[0]);
});

test("keeps both points within bounds, and apart", () => {
  const bounds = { lower: [0, 1.9], upper: [4, 2.1] };
  const search = new SPSA([0, 2], { bounds, c: 0.5, maxEvaluations: 400 });
  while (search.reason === null) {
    const points = rows(search.ask(), 2);
    for (const x of points) {
      x.forEach((xi, i) => {
        expect(xi).toBeGreaterThanOrEqual(bounds.lower[i] as number);
        expect(xi).toBeLessThanOrEqual(bounds.upper[i] as number);
      });
    }
    if (points.length > 2) {
      expect(points[0]?.every((xi, i) => xi !== points[1]?.[i])).toBe(true);
    }
    search.tell(points.map(sphere));
  }
});
