import { CMA_OPTIONS, type CMAOptions, CMAStrategy } from "./cma/strategy.js";
import type { Point } from "./read.js";
import { registerMethod } from "./registry.js";

/**
 * CMA-ES, the evolution strategy with covariance matrix adaptation (Hansen, 2016, arXiv:1604.00772), active, with the
 * constants and the ends of pycma.
 *
 * A generation is x ~ m + σ·N(0, C). Its better half, weighted by rank, moves the mean m. Where the steps of m point in
 * the same direction, σ grows; where they cancel, it shrinks. C learns the directions of good steps, as an inverse
 * Hessian would. Only the order of the values counts, so that f and any increasing function of f give the same points.
 *
 * It takes O(d²) memory and O(d²) time for a point; some 100·d to 1000·d² evaluations. Its ends are those of `StopReason`;
 * `maxGenerations` is by default 100 + ⌊150·(d + 3)² / √λ⌋ in each run.
 * After it has come to rest it evaluates the mean, which is often better than all points.
 * @example
 * const rosenbrock = ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
 * const { x, value } = await minimize(rosenbrock, [-1, 2], { method: "cma-es", sigma: 0.5, seed: 1 });
 * value < 1e-10                                              // true
 * Array.from(x, (xi) => Number(xi.toFixed(4)))               // [1, 1]
 * @throws ArgumentError, OptionError
 */
export class CMAES extends CMAStrategy {
  constructor(x0: Point, options: CMAOptions = {}) {
    super("cma-es", "full", x0, options);
  }
}

declare module "./registry.js" {
  interface Methods {
    "cma-es": CMAOptions;
  }
}

registerMethod("cma-es", {
  make: (x0, options) => new CMAES(x0, options),
  options: CMA_OPTIONS,
  cases: () => [
    { sigma: 0.5, seed: 1 },
    { sigma: [0.5, 1, 2, 1], populationSize: 5, bounds: { lower: 0.5, upper: [5, 5, 5, Infinity] } },
    { bounds: { lower: [-9, -9, 1, 1], upper: 4 }, boundary: "penalty", active: false },
    { sigma: 3, restarts: "bipop", maxRestarts: 3, tolerance: { tolfun: 3, tolx: 0.1 }, seed: 2 },
    { restarts: "ipop", tolerance: 20 },
  ],
  reaches: { evaluations: 2000, sphere: 1e-12, ellipsoid: 1e-12 },
});
