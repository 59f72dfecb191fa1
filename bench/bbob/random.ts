// The random numbers of BBOB: an instance is made from its seed alone, with the same numbers on every machine.

const MODULUS = 2147483647;

/** The next state of the generator x ← 16807·x mod (2³¹ − 1), by Schrage's method. */
function next(state: number): number {
  const high = Math.floor(state / 127773);
  const product = 16807 * (state - high * 127773) - 2836 * high;
  return product < 0 ? product + MODULUS : product;
}

/** `count` numbers, uniform in (0, 1): a multiplicative generator that is shuffled through a table of 32. */
export function uniform(count: number, seed: number): Float64Array {
  let state = Math.max(1, Math.abs(seed));
  const shuffled = new Float64Array(32);
  for (let i = 39; i >= 0; i--) {
    state = next(state);
    if (i < 32) shuffled[i] = state;
  }
  let drawn = shuffled[0] as number;
  return Float64Array.from({ length: count }, () => {
    state = next(state);
    const at = Math.floor(drawn / 67108865);
    drawn = shuffled[at] as number;
    shuffled[at] = state;
    return drawn === 0 ? 1e-99 : drawn / MODULUS;
  });
}

/** `count` numbers, standard normal, by Box and Muller. */
export function gauss(count: number, seed: number): Float64Array {
  const u = uniform(2 * count, seed);
  return Float64Array.from({ length: count }, (_, i) => {
    const g = Math.sqrt(-2 * Math.log(u[i] as number)) * Math.cos(2 * Math.PI * (u[count + i] as number));
    return g === 0 ? 1e-99 : g;
  });
}

/** The place of the optimum: uniform in [−4, 4]^d, rounded to four digits, never 0. */
export function optimum(seed: number, d: number): Float64Array {
  return uniform(d, seed).map((u) => (8 * Math.floor(1e4 * u)) / 1e4 - 4 || -1e-5);
}

/** The value at the optimum: a Cauchy number, rounded to two digits and cut at ±1000. */
export function optimalValue(seed: number): number {
  const ratio = (gauss(1, seed)[0] as number) / (gauss(1, seed + 1)[0] as number);
  return Math.min(1000, Math.max(-1000, roundToEven(1e4 * ratio) / 100));
}

/** An orthogonal matrix [d, d], row-major: the rows of a Gaussian matrix by Gram and Schmidt. */
export function rotation(seed: number, d: number): Float64Array {
  const b = gauss(d * d, seed);
  for (let i = 0; i < d; i++) {
    const row = b.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < i; j++) {
      const other = b.subarray(j * d, (j + 1) * d);
      const along = dot(row, other);
      for (let k = 0; k < d; k++) row[k] = (row[k] as number) - along * (other[k] as number);
    }
    const norm = Math.sqrt(dot(row, row));
    for (let k = 0; k < d; k++) row[k] = (row[k] as number) / norm;
  }
  return b;
}

/** The order that sorts `count` uniform numbers. */
export function permutation(count: number, seed: number): number[] {
  const u = uniform(count, seed);
  return Array.from({ length: count }, (_, i) => i).sort((i, j) => (u[i] as number) - (u[j] as number));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

// 1.5·2⁵²: after it is added, no digit below 1 is left.
const NO_FRACTION = 6755399441055744;

/** The nearest whole number, the even one of two: for |x| < 2⁵¹. */
export function roundToEven(x: number): number {
  return x + NO_FRACTION - NO_FRACTION;
}
