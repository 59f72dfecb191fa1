import { describe, expect, test } from "vitest";
import { FiniteDifferenceDescent, minimize } from "../../lib/gradient-free/index.js";

const METHOD = { method: "finite-difference-descent" } as const;
const rosenbrock = (p: Float64Array): number => {
  const [x, y] = p as unknown as [number, number];
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
};

test("asks for x ± h in each coordinate at once, h = ε^(1/3)·max(1, |x|)", () => {
  const search = new FiniteDifferenceDescent([0.5, -30]);
  expect([...search.ask()]).toEqual([0.5, -30]);
  search.tell([1]);
  const h = 2 ** (-52 / 3);
  const wanted = [0.5 + h, -30, 0.5 - h, -30, 0.5, -30 + 30 * h, 0.5, -30 - 30 * h];
  [...search.ask()].forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i] as number, 13);
  });
});

test("asks for x + h in each coordinate for forward differences, h = ε^(1/2)·max(1, |x|)", () => {
  const search = new FiniteDifferenceDescent([0.5, -30], { differences: "forward" });
  search.ask();
  search.tell([1]);
  const h = 2 ** -26;
  expect([...search.ask()]).toEqual([0.5 + h, -30, 0.5, -30 + 30 * h]);
});

test("goes against the slope, as far as initialStep in the steepest coordinate at first", () => {
  const slopes = [3, -6];
  const f = (x: ArrayLike<number>): number => 3 * (x[0] as number) - 6 * (x[1] as number);
  const search = new FiniteDifferenceDescent([1, 1], { initialStep: 0.5 });
  search.tell([f(search.ask())]);
  const points = search.ask();
  search.tell([0, 1, 2, 3].map((k) => f(points.subarray(2 * k, 2 * k + 2))));
  const [x, y] = search.ask() as unknown as [number, number];
  expect(x).toBeCloseTo(1 - (0.5 * (slopes[0] as number)) / 6, 8);
  expect(y).toBeCloseTo(1 - (0.5 * (slopes[1] as number)) / 6, 8);
});

test("takes a shorter step where the value is too great: the least point of a parabola", () => {
  const search = new FiniteDifferenceDescent([2], { initialStep: 5 });
  const f = (x: number): number => x * x;
  search.tell([f(search.ask()[0] as number)]);
  search.tell([...search.ask()].map(f));
  const trial = search.ask()[0] as number;
  expect(trial).toBeCloseTo(-3, 6);
  search.tell([f(trial)]);
  expect(search.ask()[0]).toBeCloseTo(0, 6);
});

describe.each(["central", "forward"] as const)("with %s differences", (differences) => {
  test("comes to the minimum of Rosenbrock's function", async () => {
    const { x, evaluations } = await minimize(rosenbrock, [-1.2, 1], { ...METHOD, differences });
    const digits = differences === "central" ? 6 : 3;
    expect(x[0]).toBeCloseTo(1, digits);
    expect(x[1]).toBeCloseTo(1, digits);
    expect(evaluations).toBeLessThan(3000);
  });

  test("comes to the bound where the minimum is outside", async () => {
    const f = (p: Float64Array): number => p.reduce((sum, xi, i) => sum + (xi - 3 * i) ** 2, 0);
    const bounds = { lower: [0.5, -1, -1], upper: [9, 9, 4] };
    const { x } = await minimize(f, [1, 1, 1], { ...METHOD, differences, bounds });
    expect(x[0]).toBe(0.5);
    expect(x[1]).toBeCloseTo(3, 5);
    expect(x[2]).toBe(4);
  });

  test("never leaves a domain where the value is no number", async () => {
    const f = (p: Float64Array): number => (p[0] as number) - Math.log(p[0] as number);
    const { x } = await minimize(f, [1e-6], { ...METHOD, differences });
    expect(x[0]).toBeCloseTo(1, 4);
  });
});

test("ends where it is flat", async () => {
  expect(await minimize(() => 3, [1, 2], METHOD)).toMatchObject({ reason: "tolfun", value: 3 });
});

test("ends if x0 has no finite value", async () => {
  const { reason, evaluations } = await minimize(() => Number.NaN, [1, 2], METHOD);
  expect({ reason, evaluations }).toEqual({ reason: "notFinite", evaluations: 1 });
});

test("ends once the point rests, or the values do", async () => {
  const square = (p: Float64Array): number => (p[0] as number) ** 2;
  expect((await minimize(square, [4], { ...METHOD, tolerance: { tolx: 1e-3 } })).reason).toBe("tolx");
  const slow = (p: Float64Array): number => (p[0] as number) ** 8;
  const { reason } = await minimize(slow, [1], {
    ...METHOD,
    initialStep: 0.1,
    tolerance: { tolfun: 1e-3, tolx: 0 },
  });
  expect(reason).toBe("tolfunhist");
});
