// f10 to f14: unimodal functions with high conditioning.
import type { Definition } from "./index.js";
import { optimum, rotation } from "./random.js";
import {
  bendPositive,
  ellipsoid,
  multiply,
  oscillateAll,
  powers,
  ramp,
  scaledRotation,
  subtract,
  sumOfSquares,
} from "./transforms.js";

const CONDITION = 1e6;

const rotatedEllipsoid: Definition = {
  id: 10,
  name: "ellipsoid",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = rotation(seed + 1e6, d);
    const scales = powers(CONDITION, d);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        oscillateAll(y);
        return ellipsoid(y, scales);
      },
    };
  },
};

const discus: Definition = {
  id: 11,
  name: "discus",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = rotation(seed + 1e6, d);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        oscillateAll(y);
        return sumOfSquares(y) + (CONDITION - 1) * (y[0] as number) ** 2;
      },
    };
  },
};

const bentCigar: Definition = {
  id: 12,
  name: "bent cigar",
  make(seed, d) {
    const xopt = optimum(seed + 1e6, d);
    const matrix = rotation(seed + 1e6, d);
    const expo = ramp(d).map((t) => 0.5 * t);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        bendPositive(y, expo);
        multiply(y, matrix, z);
        return CONDITION * sumOfSquares(z) + (1 - CONDITION) * (z[0] as number) ** 2;
      },
    };
  },
};

const sharpRidge: Definition = {
  id: 13,
  name: "sharp ridge",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = scaledRotation(seed, powers(Math.sqrt(10), d));
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    const others = y.subarray(1);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        return (y[0] as number) ** 2 + 100 * Math.sqrt(sumOfSquares(others));
      },
    };
  },
};

const differentPowers: Definition = {
  id: 14,
  name: "different powers",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = rotation(seed + 1e6, d);
    const exponents = ramp(d).map((t) => 2 + 4 * t);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        let sum = 0;
        for (let i = 0; i < d; i++) sum += Math.abs(y[i] as number) ** (exponents[i] as number);
        return Math.sqrt(sum);
      },
    };
  },
};

export const ILL_CONDITIONED: readonly Definition[] = [
  rotatedEllipsoid,
  discus,
  bentCigar,
  sharpRidge,
  differentPowers,
];
