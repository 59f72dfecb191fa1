import { CMA_OPTIONS, type CMAOptions, CMAStrategy } from "./cma/strategy.js";
import type { Point } from "./read.js";
import { registerMethod } from "./registry.js";

/**
 * Separable CMA-ES: CMA-ES with a diagonal covariance matrix, in time and memory that are linear in d, for many
 * coordinates (Ros & Hansen, 2008, "A simple modification in CMA-ES achieving linear time and space complexity"). It learns a
 * standard deviation for each coordinate, about d/3 times as fast as `CMAES` learns all directions, and none for
 * pairs: it suits functions of many coordinates whose scales differ along the axes.
 * The rates and the exponential update are those of pycma's `CMA_diagonal`.
 * @example
 * const f = (x) => x.reduce((sum, xi, i) => sum + (1 + i) * xi * xi, 0);
 * const { value } = await minimize(f, new Float64Array(200).fill(1), { method: "sep-cma-es", sigma: 0.5, target: 1e-6 });
 * value <= 1e-6   // true
 * @throws ArgumentError, OptionError
 */
export class SeparableCMAES extends CMAStrategy {
  constructor(x0: Point, options: CMAOptions = {}) {
    super("sep-cma-es", "diagonal", x0, options);
  }
}

declare module "./registry.js" {
  interface Methods {
    "sep-cma-es": CMAOptions;
  }
}

registerMethod("sep-cma-es", {
  make: (x0, options) => new SeparableCMAES(x0, options),
  options: CMA_OPTIONS,
  cases: () => [
    { sigma: 0.5, seed: 1 },
    { sigma: [0.5, 1, 2, 1], populationSize: 7, bounds: { lower: 0.5, upper: [5, 5, 5, Infinity] } },
    { bounds: { lower: [-9, -9, 1, 1], upper: 4 }, boundary: "penalty", active: false },
    { sigma: 3, restarts: "bipop", maxRestarts: 3, tolerance: { tolfun: 3, tolx: 0.1 }, seed: 2 },
  ],
  reaches: { evaluations: 2000, sphere: 1e-12, ellipsoid: 1e-12 },
});
