// Two directions in the space of weights, and coordinates along them.
import { ArgumentError, DataError } from "../errors.js";
import { eigh } from "../ops/eigh.js";
import { matmul } from "../ops/matmul.js";
import { transpose } from "../ops/transpose.js";
import { describe } from "../options.js";
import { Generator } from "../random/generator.js";
import { Tensor } from "../tensor/tensor.js";
import type { Place, WeightSpace } from "./weight-space.js";

/** A direction d [n] and what its axis is called. */
export interface Direction {
  readonly name: string;
  readonly vector: Float64Array;
}

/** The plane w₀ + a·d₁ + b·d₂. */
export interface Plane {
  readonly origin: Float64Array;
  readonly directions: readonly [Direction, Direction];
  /** What a and b are at the origin: of axes of parameters their values, otherwise 0. */
  readonly offset: readonly [number, number];
  /** Of principal components: each one's share of the variance of the ways. */
  readonly explained: readonly [number, number] | null;
}

const product = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

const norm = (a: Float64Array): number => Math.sqrt(product(a, a));

/** "m0.weight[1, 0]" → the place of that element in w. @throws ArgumentError */
export function elementNamed(where: string, { places }: WeightSpace, name: unknown): number {
  const [, own = "", inner] = typeof name === "string" ? (/^(.*?)(?:\[([\d, ]*)\])?$/s.exec(name) ?? []) : [];
  const place = places.find((one) => one.name === own);
  if (place === undefined) {
    const known = places.map((one) => one.name).join(", ");
    throw new ArgumentError(
      `${where}: expected directions to name parameters, as "m0.weight[1, 0]", got ${describe(name)}; there are ${known}`,
    );
  }
  const index = inner === undefined || inner.trim() === "" ? [] : inner.split(",").map(Number);
  const { shape, start, size } = place;
  const fits = index.length === shape.length && index.every((at, axis) => at < (shape[axis] as number));
  if (fits) return start + index.reduce((at, i, axis) => at * (shape[axis] as number) + i, 0);
  if (inner === undefined && size === 1) return start;
  throw new ArgumentError(
    `${where}: expected an element of ${own} [${shape.join(", ")}], as "${own}[${shape.map(() => 0).join(", ")}]", got ${describe(name)}`,
  );
}

/** The name of an element of w: "m0.weight[1, 0]", or "m0.weight" where that is its only one. */
function nameOfElement({ places }: WeightSpace, at: number): string {
  const { name, shape, start, size } = places.find((one) => at < one.start + one.size) as Place;
  if (size === 1) return name;
  let rest = at - start;
  const index = [...shape].reverse().map((length) => {
    const i = rest % length;
    rest = (rest - i) / length;
    return i;
  });
  return `${name}[${index.reverse().join(", ")}]`;
}

/** The axes of two elements of w. */
export function elementPlane(space: WeightSpace, origin: Float64Array, at: readonly [number, number]): Plane {
  const axis = (i: number): Direction => {
    const vector = new Float64Array(space.dimension);
    vector[i] = 1;
    return { name: nameOfElement(space, i), vector };
  };
  const [a, b] = at;
  return {
    origin,
    directions: [axis(a), axis(b)],
    offset: [origin[a] as number, origin[b] as number],
    explained: null,
  };
}

/**
 * Two random directions d ~ N(0, 1), normalised by filters: d_f ← d_f·‖w_f‖/‖d_f‖ for each row f of a parameter's first
 * axis or of a sparse matrix, the weights of one unit; 0 for parameters of one axis, such as biases (Li et al., 2018, "Visualizing the loss
 * landscape of neural nets", 4).
 * @throws ArgumentError for a model whose parameters are all of one axis, or zero
 */
export function randomPlane(where: string, space: WeightSpace, origin: Float64Array, seed: number): Plane {
  const generator = new Generator(seed);
  const make = (name: string): Direction => {
    const draws = generator.normal([space.dimension], { dtype: "float64" }).storage.forReading();
    return { name, vector: normalisedByFilters(space.places, origin, Float64Array.from(draws)) };
  };
  const directions = [make("first direction"), make("second direction")] as const;
  if (directions.every(({ vector }) => norm(vector) > 0)) {
    return { origin, directions, offset: [0, 0], explained: null };
  }
  throw new ArgumentError(
    `${where}: expected a parameter of two axes that is not zero, since random directions are normalised by its rows; name two elements, such as "${nameOfElement(space, 0)}"`,
  );
}

/** Where the filters of a parameter begin, and its end: rows of a matrix. Parameters of one axis have none. */
function filtersOf({ shape, size, rowStarts }: Place): ArrayLike<number> {
  if (rowStarts !== undefined) return rowStarts;
  if (shape.length < 2) return [];
  const rows = shape[0] as number;
  return Array.from({ length: rows + 1 }, (_, row) => (row * size) / rows);
}

/** d_f·‖w_f‖/‖d_f‖ for each filter f. */
export function normalisedByFilters(
  places: readonly Place[],
  w: Float64Array,
  d: Float64Array,
): Float64Array {
  const result = new Float64Array(d.length);
  for (const place of places) {
    const bounds = filtersOf(place);
    for (let f = 0; f + 1 < bounds.length; f++) {
      const [from, to] = [bounds[f], bounds[f + 1]].map((at) => place.start + (at as number)) as [
        number,
        number,
      ];
      const own = d.subarray(from, to);
      const scale = norm(w.subarray(from, to)) / norm(own);
      result.set(
        own.map((value) => value * scale),
        from,
      );
    }
  }
  return result;
}

/**
 * The two leading principal components of points: unit vectors along which they vary most about their mean. They are
 * found from whichever is smaller of the covariance [n, n] and the Gram matrix [P, P]. Points on one line, such as those
 * of a single step, have one component; the second direction is then a random one at right angles to it.
 * @param seed of that random direction.
 * @throws DataError for points that are all the same, and for a model of one number
 */
export function principalPlane(
  where: string,
  origin: Float64Array,
  points: readonly Float64Array[],
  seed = 0,
): Plane {
  const n = origin.length;
  const count = points.length;
  const mean = new Float64Array(n);
  for (const point of points)
    for (let i = 0; i < n; i++) mean[i] = (mean[i] as number) + (point[i] as number) / count;
  const centred = new Float64Array(count * n);
  points.forEach((point, p) => {
    for (let i = 0; i < n; i++) centred[p * n + i] = (point[i] as number) - (mean[i] as number);
  });
  const m = new Tensor(centred, [count, n], "float64");
  const isTall = count > n;
  const { values, vectors } = eigenpairs(
    isTall ? matmul(m, m, { transposeA: true }) : matmul(m, m, { transposeB: true }),
  );
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const component = (k: number): Float64Array | null => {
    const own = vectors[k];
    if (own === undefined || !((values[k] ?? 0) > total * LEAST_SHARE)) return null;
    if (isTall) return oriented(own);
    const along = matmul(new Tensor(own, [1, count], "float64"), m).storage.forReading() as Float64Array;
    const length = norm(along);
    return oriented(along.map((value) => value / length));
  };
  const first = component(0);
  if (first === null || n === 1) {
    throw new DataError(
      `${where}: expected ways that go somewhere in two dimensions or more, got ${first === null ? "points that are all the same" : "a model of one number"}`,
    );
  }
  const second = component(1);
  const share = (k: number): number => Math.max(0, values[k] as number) / total;
  const explained = second === null ? ([1, 0] as const) : ([share(0), share(1)] as const);
  const named = (k: 0 | 1): string => `principal component ${k + 1} (${(100 * explained[k]).toFixed(1)} %)`;
  const directions = [
    { name: named(0), vector: first },
    second === null
      ? { name: "random direction beside it", vector: perpendicular(randomVector(n, seed), first) }
      : { name: named(1), vector: perpendicular(second, first) },
  ] as const;
  return { origin, directions, offset: [0, 0], explained };
}

const randomVector = (size: number, seed: number): Float64Array =>
  Float64Array.from(new Generator(seed).normal([size], { dtype: "float64" }).storage.forReading());

/** Less of the variance than this is rounding. */
const LEAST_SHARE = 1e-12;

/** The part of a vector at right angles to a unit vector, as a unit vector. */
function perpendicular(vector: Float64Array, unit: Float64Array): Float64Array {
  const share = product(vector, unit);
  const rest = vector.map((value, i) => value - share * (unit[i] as number));
  const length = norm(rest);
  return rest.map((value) => value / length);
}

/** Eigenvalues of a symmetric matrix, the largest first, and an eigenvector for each. */
function eigenpairs(matrix: Tensor): { values: number[]; vectors: Float64Array[] } {
  const [size] = matrix.shape as [number];
  const { eigenvalues, eigenvectors } = eigh(matrix);
  const columns = transpose(eigenvectors, 0, 1).data as Float64Array;
  const order = Array.from({ length: size }, (_, i) => size - 1 - i);
  const of = eigenvalues.data;
  return {
    values: order.map((i) => of[i] as number),
    vectors: order.map((i) => columns.slice(i * size, (i + 1) * size)),
  };
}

/** The sign of an eigenvector is free: its largest element is made positive. */
function oriented(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? vector.map((value) => -value) : vector;
}

/** The coordinates of a point in a plane: of the nearest point of the plane. */
export function coordinates({ origin, directions, offset }: Plane, point: Float64Array): [number, number] {
  const away = point.map((value, i) => value - (origin[i] as number));
  const [{ vector: u }, { vector: v }] = directions;
  // [uu uv; uv vv]·[a; b] = [u·away; v·away]: the directions need not be at right angles.
  const [uu, uv, vv] = [product(u, u), product(u, v), product(v, v)];
  const [pu, pv] = [product(u, away), product(v, away)];
  const determinant = uu * vv - uv * uv;
  return [(pu * vv - pv * uv) / determinant + offset[0], (pv * uu - pu * uv) / determinant + offset[1]];
}
