// f15 to f19: multimodal functions with a global structure.
import type { Definition } from "./index.js";
import { rotatedRosenbrock } from "./moderate.js";
import { optimum, rotation } from "./random.js";
import {
  bendPositive,
  multiply,
  oscillateAll,
  outside,
  powers,
  ramp,
  rastrigin,
  scaledRotation,
  subtract,
} from "./transforms.js";

const rotatedRastrigin: Definition = {
  id: 15,
  name: "Rastrigin",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const first = rotation(seed + 1e6, d);
    const second = scaledRotation(seed, powers(Math.sqrt(10), d));
    const expo = ramp(d).map((t) => 0.2 * t);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, first, y);
        oscillateAll(y);
        bendPositive(y, expo);
        multiply(y, second, z);
        return rastrigin(z);
      },
    };
  },
};

const WAVES = 12;

/** Σ_k 2⁻ᵏ · cos 2π·3ᵏ·(x + ½). */
function waves(x: number): number {
  let sum = 0;
  for (let k = 0, height = 1, frequency = 1; k < WAVES; k++, height /= 2, frequency *= 3) {
    sum += height * Math.cos(frequency * (2 * Math.PI * (x + 0.5)));
  }
  return sum;
}

const weierstrass: Definition = {
  id: 16,
  name: "Weierstrass",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const first = rotation(seed + 1e6, d);
    const second = scaledRotation(seed, powers(0.1, d));
    const lowest = waves(0);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, first, y);
        oscillateAll(y);
        multiply(y, second, z);
        let sum = 0;
        for (let i = 0; i < d; i++) sum += waves(z[i] as number);
        return 10 * (sum / d - lowest) ** 3 + (10 / d) * outside(x);
      },
    };
  },
};

const schaffers = (id: number, name: string, condition: number): Definition => ({
  id,
  name,
  seed: 17,
  make(seed, d) {
    const xopt = optimum(seed, d);
    const first = rotation(seed + 1e6, d);
    const second = scaledRotation(seed, powers(Math.sqrt(condition), d), { once: true });
    const expo = ramp(d).map((t) => 0.5 * t);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, first, y);
        bendPositive(y, expo);
        multiply(y, second, z);
        let sum = 0;
        for (let i = 0; i + 1 < d; i++) {
          const s = (z[i] as number) ** 2 + (z[i + 1] as number) ** 2;
          sum += Math.sqrt(Math.sqrt(s)) * (Math.sin(50 * s ** 0.1) ** 2 + 1);
        }
        return (sum / (d - 1)) ** 2 + 10 * outside(x);
      },
    };
  },
});

const griewankRosenbrock: Definition = {
  id: 19,
  name: "Griewank–Rosenbrock",
  make(seed, d) {
    const { matrix, xopt } = rotatedRosenbrock(seed, d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        multiply(x, matrix, z);
        let sum = 0;
        for (let i = 0; i + 1 < d; i++) {
          const zi = (z[i] as number) + 0.5;
          const off = zi * zi - (z[i + 1] as number) - 0.5;
          const s = 100 * off * off + (1 - zi) * (1 - zi);
          sum += s / 4000 - Math.cos(s);
        }
        return 10 + (10 * sum) / (d - 1);
      },
    };
  },
};

export const MULTIMODAL: readonly Definition[] = [
  rotatedRastrigin,
  weierstrass,
  schaffers(17, "Schaffer's F7", 10),
  schaffers(18, "Schaffer's F7, ill-conditioned", 1000),
  griewankRosenbrock,
];
