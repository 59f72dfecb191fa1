// f1 to f5: separable functions.
import type { Definition } from "./index.js";
import { optimum } from "./random.js";
import {
  bendPositive,
  ellipsoid,
  oscillateAll,
  outside,
  powers,
  ramp,
  rastrigin,
  subtract,
  sumOfSquares,
} from "./transforms.js";

const sphere: Definition = {
  id: 1,
  name: "sphere",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        return sumOfSquares(z);
      },
    };
  },
};

const separableEllipsoid: Definition = {
  id: 2,
  name: "separable ellipsoid",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const scales = powers(1e6, d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        oscillateAll(z);
        return ellipsoid(z, scales);
      },
    };
  },
};

const separableRastrigin: Definition = {
  id: 3,
  name: "separable Rastrigin",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const scales = powers(Math.sqrt(10), d);
    const expo = ramp(d).map((t) => 0.2 * t);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        oscillateAll(z);
        bendPositive(z, expo);
        for (let i = 0; i < d; i++) z[i] = (z[i] as number) * (scales[i] as number);
        return rastrigin(z);
      },
    };
  },
};

const bueche: Definition = {
  id: 4,
  name: "Rastrigin of Büche",
  seed: 3,
  make(seed, d) {
    const xopt = optimum(seed, d).map((x, i) => (i % 2 === 0 ? Math.abs(x) : x));
    const scales = powers(Math.sqrt(10), d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        oscillateAll(z);
        for (let i = 0; i < d; i++) {
          const zi = (z[i] as number) * (scales[i] as number);
          z[i] = i % 2 === 0 && zi > 0 ? 10 * zi : zi;
        }
        return rastrigin(z) + 100 * outside(x);
      },
    };
  },
};

const linearSlope: Definition = {
  id: 5,
  name: "linear slope",
  make(seed, d) {
    const xopt = optimum(seed, d).map((x) => 5 * Math.sign(x));
    const slopes = powers(10, d).map((s, i) => -Math.sign(xopt[i] as number) * s);
    return {
      xopt,
      evaluate(x) {
        let sum = 0;
        for (let i = 0; i < d; i++) {
          const best = xopt[i] as number;
          const xi = x[i] as number;
          // No better than the optimum beyond the bound that it lies on.
          const inside = xi * best > 25 ? best : xi;
          sum += 5 * Math.abs(slopes[i] as number) + (slopes[i] as number) * inside;
        }
        return sum;
      },
    };
  },
};

export const SEPARABLE: readonly Definition[] = [
  sphere,
  separableEllipsoid,
  separableRastrigin,
  bueche,
  linearSlope,
];
