// BBOB's functions are those of `cma.bbobbenchmarks`.
import { describe, expect, test } from "vitest";
import { FUNCTIONS, makeProblem, startPoint } from "../../bench/bbob/index.js";
import { readBbob } from "../oracle/read.js";

const rows = readBbob();

describe.each(FUNCTIONS)("f$id, $name", (definition) => {
  const own = rows
    .filter((row) => row.function === definition.id)
    .flatMap(({ d, fopt, xopt, values }) =>
      values.map((wanted, at) => ({
        problem: makeProblem(definition, at + 1, d),
        fopt: fopt[at] as number,
        xopt: xopt[at] as number,
        wanted,
      })),
    );

  test("has the optima and values of cma.bbobbenchmarks", () => {
    expect(own).not.toHaveLength(0);
    for (const { problem, wanted, ...optimum } of own) {
      const { xopt, fopt, instance, d } = problem;
      expect(fopt).toBeCloseTo(optimum.fopt, 9);
      expect(xopt.reduce((sum, x, i) => sum + (i + 1) * x, 0)).toBeCloseTo(optimum.xopt, 9);
      const start = startPoint(problem);
      const points = [start, start.map((x) => 2 * x), start.map((x, i) => (xopt[i] as number) + 1e-3 * x)];
      wanted.forEach((value, i) => {
        const off = Math.abs(problem.evaluate(points[i] as Float64Array) - value);
        const tolerance = 1e-9 * Math.abs(value - fopt) + 1e-12 * Math.abs(fopt);
        expect(off, `instance ${instance}, d ${d}, point ${i}`).toBeLessThanOrEqual(tolerance);
      });
    }
  });

  test("has the value fopt at xopt, and a greater one at the start", () => {
    for (const { problem } of own) {
      expect(problem.evaluate(problem.xopt)).toBeCloseTo(problem.fopt, 6);
      expect(problem.evaluate(startPoint(problem))).toBeGreaterThan(problem.fopt);
    }
  });
});
