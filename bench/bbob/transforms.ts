// What BBOB's functions are made of: maps of numbers and points, and penalties outside [−5, 5]^d.
import { rotation } from "./random.js";

/** An evaluation of a point [d]. Every function works in buffers of its own, so that a call makes no garbage. */
export type Evaluate = (x: Float64Array) => number;

/** `base` to the powers 0 … 1 in d equal steps. */
export function powers(base: number, d: number): Float64Array {
  return ramp(d).map((t) => base ** t);
}

/** 0 … 1 in d equal steps. */
export function ramp(d: number): Float64Array {
  return Float64Array.from({ length: d }, (_, i) => (i === d - 1 && d > 1 ? 1 : i / Math.max(1, d - 1)));
}

/** Writes x − shift to y. */
export function subtract(x: Float64Array, shift: Float64Array, y: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = (x[i] as number) - (shift[i] as number);
}

/** y [d] = x [d] · matrix [d, d]. x and y differ. */
export function multiply(x: Float64Array, matrix: Float64Array, y: Float64Array): void {
  const d = y.length;
  y.fill(0);
  for (let i = 0, at = 0; i < d; i++) {
    const xi = x[i] as number;
    for (let j = 0; j < d; j++, at++) y[j] = (y[j] as number) + xi * (matrix[at] as number);
  }
}

/** The matrix [d, d] of rotation(seed) · diag(scales) · rotation(seed + 10⁶); without the last if `once`. */
export function scaledRotation(
  seed: number,
  scales: Float64Array,
  { once = false }: { once?: boolean } = {},
): Float64Array {
  const d = scales.length;
  const scaled = rotation(seed, d).map((b, at) => b * (scales[at % d] as number));
  if (once) return scaled;
  const second = rotation(seed + 1e6, d);
  const product = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    multiply(scaled.subarray(i * d, (i + 1) * d), second, product.subarray(i * d, (i + 1) * d));
  }
  return product;
}

/** T_osz of a number: small oscillations around the identity. */
export function oscillate(x: number): number {
  if (x === 0) return 0;
  const [a, b] = x > 0 ? [1, 0.79] : [0.55, 0.31];
  const t = Math.log(Math.abs(x)) / 0.1;
  const size = Math.exp(t + 0.49 * (Math.sin(a * t) + Math.sin(b * t))) ** 0.1;
  return x > 0 ? size : -size;
}

/** T_osz of each number, in place. */
export function oscillateAll(x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = oscillate(x[i] as number);
}

/** T_asy, in place: x_i ← x_i^(1 + expo_i·√x_i) where x_i > 0. `expo` is β · i/(d − 1). */
export function bendPositive(x: Float64Array, expo: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const xi = x[i] as number;
    if (xi > 0) x[i] = xi ** (1 + (expo[i] as number) * Math.sqrt(xi));
  }
}

/** Σ max(0, |x_i| − limit)². */
export function outside(x: Float64Array, limit = 5): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const over = Math.abs(x[i] as number) - limit;
    if (over > 0) sum += over * over;
  }
  return sum;
}

/** Σ x_i². */
export function sumOfSquares(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (x[i] as number);
  return sum;
}

/** Σ scales_i · x_i². */
export function ellipsoid(x: Float64Array, scales: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (scales[i] as number) * (x[i] as number) * (x[i] as number);
  return sum;
}

/** 10·(d − Σ cos 2πx_i) + Σ x_i². */
export function rastrigin(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const xi = x[i] as number;
    sum += 10 * (1 - Math.cos(2 * Math.PI * xi)) + xi * xi;
  }
  return sum;
}
