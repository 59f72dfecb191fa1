// f20 to f24: multimodal functions with a weak global structure.
import type { Definition } from "./index.js";
import { gauss, optimum, permutation, rotation, uniform } from "./random.js";
import { multiply, oscillate, outside, powers, ramp, scaledRotation, subtract } from "./transforms.js";

const schwefel: Definition = {
  id: 20,
  name: "Schwefel",
  make(seed, d) {
    const signs = uniform(d, seed).map((u) => Math.sign(u - 0.5));
    const xopt = signs.map((sign) => 0.5 * sign * 4.2096874633);
    const size = 4.2096874633;
    const scales = powers(Math.sqrt(10), d);
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        let sum = 0;
        for (let i = 0, before = size; i < d; i++) {
          const doubled = 2 * (signs[i] as number) * (x[i] as number);
          const leaning = doubled + 0.25 * (before - size);
          const zi = 100 * ((scales[i] as number) * (leaning - size) + size);
          z[i] = zi;
          sum += zi * Math.sin(Math.sqrt(Math.abs(zi)));
          before = doubled;
        }
        return 0.01 * (418.9828872724339 - sum / d) + 0.01 * outside(z, 500);
      },
    };
  },
};

interface Peaks {
  readonly count: number;
  /** Conditioning of the highest peak. */
  readonly condition: number;
  /** Share of [−5, 5]^d in which the peaks lie. */
  readonly spread: number;
}

/** The peaks [count, d] in rotated coordinates: heights, places, and inverse variances of each coordinate. */
function drawPeaks({ count, condition, spread }: Peaks, seed: number, d: number, matrix: Float64Array) {
  const others = powers(1000, count - 1);
  const order = permutation(count - 1, seed);
  const scales = new Float64Array(count * d);
  const places = new Float64Array(count * d);
  const drawn = uniform(count * d, seed).map((u) => spread * (10 * u - 5));
  for (let k = 0; k < count; k++) {
    const c = k === 0 ? condition : (others[order[k - 1] as number] as number);
    const sorted = ramp(d).map((t) => c ** (t - 0.5));
    const shuffled = permutation(d, seed + 1000 * k).map((i) => sorted[i] as number);
    scales.set(shuffled, k * d);
    multiply(drawn.subarray(k * d, (k + 1) * d), matrix, places.subarray(k * d, (k + 1) * d));
  }
  for (let i = 0; i < d; i++) places[i] = 0.8 * (places[i] as number);
  const heights = Float64Array.from([10, ...ramp(count - 1).map((t) => 1.1 + 8 * t)]);
  return { heights, places, scales };
}

const gallagher = (id: number, name: string, shape: Peaks): Definition => ({
  id,
  name,
  make(seed, d) {
    const matrix = rotation(seed, d);
    const { heights, places, scales } = drawPeaks(shape, seed, d, matrix);
    const xopt = Float64Array.from({ length: d }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (places[j] as number) * (matrix[i * d + j] as number);
      return sum;
    });
    const z = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        multiply(x, matrix, z);
        let highest = 0;
        for (let k = 0, at = 0; k < shape.count; k++) {
          let distance = 0;
          for (let i = 0; i < d; i++, at++) {
            const off = (z[i] as number) - (places[at] as number);
            distance += (scales[at] as number) * off * off;
          }
          highest = Math.max(highest, (heights[k] as number) * Math.exp((-0.5 / d) * distance));
        }
        return oscillate(10 - highest) ** 2 + outside(x);
      },
    };
  },
});

const katsuura: Definition = {
  id: 23,
  name: "Katsuura",
  make(seed, d) {
    const xopt = optimum(seed, d);
    const matrix = scaledRotation(seed, powers(10, d));
    const exponent = 10 / d ** 1.2;
    const scale = 10 / (d * d);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt,
      evaluate(x) {
        subtract(x, xopt, z);
        multiply(z, matrix, y);
        let product = 1;
        for (let i = 0; i < d; i++) {
          let sum = 0;
          for (let k = 1, power = 2; k <= 32; k++, power *= 2) {
            const t = power * (y[i] as number);
            sum += Math.abs(t - Math.round(t)) / power;
          }
          product *= 1 + (i + 1) * sum;
        }
        return scale * product ** exponent - scale + outside(x);
      },
    };
  },
};

const lunacek: Definition = {
  id: 24,
  name: "Lunacek bi-Rastrigin",
  make(seed, d) {
    const mu = 2.5;
    const signs = gauss(d, seed).map(Math.sign);
    const matrix = scaledRotation(seed, powers(10, d));
    const s = 1 - 0.5 / (Math.sqrt(d + 20) - 4.1);
    const mu2 = -Math.sqrt((mu * mu - 1) / s);
    const z = new Float64Array(d);
    const y = new Float64Array(d);
    return {
      xopt: signs.map((sign) => 0.5 * mu * sign),
      evaluate(x) {
        let first = 0;
        let second = 0;
        for (let i = 0; i < d; i++) {
          const xi = 2 * (signs[i] as number) * (x[i] as number);
          first += (xi - mu) ** 2;
          second += (xi - mu2) ** 2;
          z[i] = xi - mu;
        }
        multiply(z, matrix, y);
        let ripples = 0;
        for (let i = 0; i < d; i++) ripples += 1 - Math.cos(2 * Math.PI * (y[i] as number));
        return Math.min(first, d + s * second) + 10 * ripples + 1e4 * outside(x);
      },
    };
  },
};

export const WEAK_STRUCTURE: readonly Definition[] = [
  schwefel,
  gallagher(21, "Gallagher's 101 peaks", { count: 101, condition: Math.sqrt(1000), spread: 1 }),
  gallagher(22, "Gallagher's 21 peaks", { count: 21, condition: 1000, spread: 0.98 }),
  katsuura,
  lunacek,
];
