import { describe, expect, test } from "vitest";
import { minimize, NelderMead } from "../../lib/gradient-free/index.js";
import { ArgumentError } from "../../lib/index.js";
import { readNelderMead } from "../oracle/read.js";

const FUNCTIONS: Readonly<Record<string, (x: Float64Array) => number>> = {
  rosenbrock: (x) =>
    x
      .subarray(1)
      .reduce(
        (sum, next, i) => sum + 100 * (next - (x[i] as number) ** 2) ** 2 + (1 - (x[i] as number)) ** 2,
        0,
      ),
  cusp: (x) => x.reduce((sum, xi, i) => sum + Math.sqrt(Math.abs(xi - 0.3)) * (i + 1), 0),
};

describe.each(
  readNelderMead().map((row) => [`${row.function} from ${row.x0}, adaptive ${row.adaptive}`, row] as const),
)("%s", (_, row) => {
  test("meets SciPy's values, evaluation by evaluation, and ends as it does", async () => {
    const values: number[] = [];
    const f = FUNCTIONS[row.function] as (x: Float64Array) => number;
    const result = await minimize(
      (x) => {
        values.push(f(x));
        return values.at(-1) as number;
      },
      row.x0,
      {
        method: "nelder-mead",
        adaptive: row.adaptive,
        maxEvaluations: 10_000,
        ...(row.bounds === null ? {} : { bounds: { lower: row.bounds[0], upper: row.bounds[1] } }),
      },
    );
    row.values.forEach((value, i) => {
      expect(Math.abs((values[i] as number) - value), `evaluation ${i}`).toBeLessThanOrEqual(
        1e-12 * Math.abs(value),
      );
    });
    expect(result.evaluations).toBe(row.evaluations);
    expect(result.reason).toBe("tolx");
    row.x.forEach((xi, i) => {
      expect(result.x[i]).toBeCloseTo(xi, 8);
    });
  });
});

test("begins with x0 and a step along each axis, or with the simplex it is given", () => {
  expect([...new NelderMead([2, 0]).ask()]).toEqual([2, 0, 2.1, 0, 2, 0.00025]);
  expect([...new NelderMead([2, 0], { sigma: [1, 3] }).ask()]).toEqual([2, 0, 3, 0, 2, 3]);
  const initialSimplex = [
    [1, 1],
    [4, 1],
    [1, 5],
  ];
  expect([...new NelderMead([2, 0], { initialSimplex }).ask()]).toEqual(initialSimplex.flat());
});

test("reflects first vertices above a bound into the box, where they differ from x0", () => {
  const bounds = { lower: [-1, -1], upper: [1, 1] };
  expect([...new NelderMead([1, 1], { bounds, sigma: 0.5 }).ask()]).toEqual([1, 1, 0.5, 1, 1, 0.5]);
});

test("refuses a simplex of another size, and one beside sigma", () => {
  const make = (options: object) => () => new NelderMead([1, 2], options);
  expect(make({ initialSimplex: [[1, 2]] })).toThrow(
    "nelder-mead: expected initialSimplex to have 3 points of 2 coordinates, got 1 of 2",
  );
  expect(make({ initialSimplex: [[1, 2], [1], [2, 3]] })).toThrow("got 3 of 2 and 1");
  expect(
    make({
      initialSimplex: [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
      sigma: 1,
    }),
  ).toThrow("nelder-mead: expected either sigma or initialSimplex, got both");
});

test("ends at once if no vertex of the first simplex has a finite value", () => {
  const search = new NelderMead([1, 2]);
  search.ask();
  search.tell([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(search.reason).toBe("notFinite");
});

test("goes on around vertices whose value is not finite", async () => {
  const { x } = await minimize(
    (p) =>
      (p[0] as number) < 0.5 ? Number.NaN : (FUNCTIONS["rosenbrock"] as (x: Float64Array) => number)(p),
    [0.51, 2],
    { method: "nelder-mead", tolerance: 1e-10 },
  );
  expect(x[0]).toBeCloseTo(1, 4);
  expect(x[1]).toBeCloseTo(1, 4);
});

test("refuses a state whose order is no order", () => {
  const search = new NelderMead([1, 2]);
  const state = search.stateDict();
  const own = { ...(state["own"] as object), order: [0, 0, 1] };
  expect(() => search.loadStateDict({ ...state, own } as never)).toThrow(ArgumentError);
});
