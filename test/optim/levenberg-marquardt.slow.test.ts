// NIST's certified values, from both starts of each of its problems of nonlinear least squares.
import { describe, expect, test } from "vitest";
import { optim, tensor } from "../../lib/index.js";
import { digitsOf, PROBLEMS, residualsOf } from "./nist-strd.js";

const runs = PROBLEMS.flatMap((problem) =>
  problem.starts.map((start, i) => [`${problem.name}, start ${i + 1}`, problem, start] as const),
);

// The valley from the first start of MGH10 takes about 2,000 steps.
describe("Levenberg and Marquardt's method finds 9 of the 11 certified digits", { timeout: 600_000 }, () => {
  test.each(runs)("%s", (_, problem, start) => {
    const b = tensor([...start], { dtype: "float64", requiresGrad: true });
    const residuals = residualsOf(problem);
    const lm = new optim.LevenbergMarquardt([b], {
      maxIter: 20_000,
      toleranceGrad: 0,
      toleranceChange: 1e-13,
    });
    lm.step(() => residuals(b));
    expect(lm.converged).toBe(true);
    expect(digitsOf(b, problem)).toBeGreaterThan(9);
  });
});
