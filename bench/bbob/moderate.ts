// f6 to f9: functions with low or moderate conditioning.
import type { Definition } from "./index.js";
import { optimum, rotation, roundToEven } from "./random.js";
import {
  ellipsoid,
  multiply,
  oscillate,
  outside,
  powers,
  scaledRotation,
  subtract,
  sumOfSquares,
} from "./transforms.js";

const attractiveSector: Definition = {
  id: 6,
  name: "attractive sector",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = scaledRotation(seed, powers(Math.sqrt(10), d));
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        for (let i = 0; i < d; i++) {
          if ((y[i] as number) * (xopt[i] as number) > 0) y[i] = 100 * (y[i] as number);
        }
        return oscillate(sumOfSquares(y)) ** 0.9;
      },
    };
  },
};

const stepEllipsoid: Definition = {
  id: 7,
  name: "step ellipsoid",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const first = scaledRotation(seed, powers(Math.sqrt(10), d), { once: true });
    const second = rotation(seed + 1e6, d);
    const scales = powers(100, d);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, first, y);
        const slope = 1e-4 * Math.abs(y[0] as number);
        for (let i = 0; i < d; i++) {
          const yi = y[i] as number;
          y[i] = Math.abs(yi) > 0.5 ? roundToEven(yi) : roundToEven(10 * yi) / 10;
        }
        multiply(y, second, z);
        return 0.1 * Math.max(slope, ellipsoid(z, scales)) + outside(x);
      },
    };
  },
};

/** Σ 100·(z_i² − z_{i+1})² + (z_i − 1)². */
function rosenbrock(z: Float64Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < z.length; i++) {
    const zi = z[i] as number;
    const off = zi * zi - (z[i + 1] as number);
    sum += 100 * off * off + (zi - 1) * (zi - 1);
  }
  return sum;
}

const original: Definition = {
  id: 8,
  name: "Rosenbrock",
  make(seed, d) {
    const xopt = optimum(seed, d).map((x) => 0.75 * x);
    const scale = Math.max(1, Math.sqrt(d) / 8);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        for (let i = 0; i < d; i++) z[i] = scale * ((x[i] as number) - (xopt[i] as number)) + 1;
        return rosenbrock(z);
      },
    };
  },
};

/** rotation · max(1, √d/8), and where x · matrix + ½ is 1 in all coordinates. */
export function rotatedRosenbrock(seed: number, d: number): { matrix: Float64Array; xopt: Float64Array } {
  const scale = Math.max(1, Math.sqrt(d) / 8);
  const matrix = rotation(seed, d).map((b) => scale * b);
  const xopt = Float64Array.from({ length: d }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += 0.5 * (matrix[i * d + j] as number);
    return sum / (scale * scale);
  });
  return { matrix, xopt };
}

const rotated: Definition = {
  id: 9,
  name: "rotated Rosenbrock",
  make(seed, d) {
    const { matrix, xopt } = rotatedRosenbrock(seed, d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        multiply(x, matrix, z);
        for (let i = 0; i < d; i++) z[i] = (z[i] as number) + 0.5;
        return rosenbrock(z);
      },
    };
  },
};

export const MODERATE: readonly Definition[] = [attractiveSector, stepEllipsoid, original, rotated];
