// The weights and constants of CMA-ES, by the dimension d and the population size λ.

/** Which covariance matrix is learnt: a full one, or a diagonal one in linear time and memory. */
export type Kind = "full" | "diagonal";

export interface Parameters {
  /** λ, the number of points in a generation. */
  readonly size: number;
  /** μ, the number of points with a positive weight. */
  readonly parents: number;
  /** w [λ], decreasing; the positive ones sum to 1. */
  readonly weights: Float64Array;
  /** μ_eff = 1 / Σ w⁺². */
  readonly mueff: number;
  /** Learning rate of the rank-one update. */
  readonly c1: number;
  /** Learning rate of the rank-μ update. */
  readonly cmu: number;
  /** Rate of the evolution path of the covariance. */
  readonly cc: number;
  /** Rate of the evolution path of the step size. */
  readonly cs: number;
  /** Damping of the step size. */
  readonly damps: number;
}

/** The default population size: 4 + ⌊3·ln d⌋. */
export const defaultSize = (d: number): number => 4 + Math.floor(3 * Math.log(d));

/**
 * The constants as pycma has them. They are those of Hansen (2016), arXiv:1604.00772, table 1, apart from a larger
 * damping of σ for large populations. For a diagonal matrix the rates are those of Ros & Hansen (2008), as pycma has
 * them.
 * @param active Whether the worse half of the points has negative weights.
 */
export function parametersOf(d: number, size: number, kind: Kind, active: boolean): Parameters {
  const raw = Float64Array.from({ length: size }, (_, i) => Math.log((size + 1) / 2) - Math.log(i + 1));
  const parents = raw.filter((w) => w > 0).length;
  const positive = sumOf(raw.subarray(0, parents));
  const negative = -sumOf(raw.subarray(parents));
  const weights = raw.map((w, i) => (i < parents ? w / positive : negative > 0 ? w / negative : 0));
  const mueff = 1 / squares(weights.subarray(0, parents));
  const rates = kind === "full" ? ratesOfFull(d, size, mueff) : ratesOfDiagonal(d, mueff);
  const { c1, cmu } = rates;
  const worse = weights.subarray(parents);
  const mueffMinus = negative > 0 ? 1 / squares(worse) : 0;
  const limits = [1 + c1 / cmu, 1 + (2 * mueffMinus) / (mueff + 2)];
  // Keeps the matrix positive definite. The update of a diagonal one is exponential and needs no such limit.
  if (kind === "full") limits.push((1 - c1 - cmu) / cmu / d);
  const total = active ? Math.min(...limits) : 0;
  worse.forEach((w, i) => {
    worse[i] = w * total;
  });
  const cs = Math.min(0.5, (mueff + 2) / (d + mueff + 3));
  const inner = Math.max(1, 3 * (1 - 0.5 ** (d / 9)));
  const damps = 1 + 2 * Math.max(0, inner * Math.sqrt((mueff - 1) / (d + 1)) - 1) + cs;
  return { size, parents, weights, mueff, ...rates, cs, damps };
}

function ratesOfFull(d: number, size: number, mueff: number) {
  const c1 = (Math.min(1, size / 6) * 2) / ((d + 1.3) ** 2 + mueff);
  const cmu = Math.min(1 - c1, (2 * (0.25 + mueff + 1 / mueff - 2)) / ((d + 2) ** 2 + mueff));
  const cc = (4 + mueff / d) / (d + 4 + (2 * mueff) / d);
  return { c1, cmu, cc };
}

function ratesOfDiagonal(d: number, mueff: number) {
  const c1 = 1 / (d + 2 * Math.sqrt(d) + mueff / d);
  const cmu = Math.min(1 - c1, (0.25 + mueff + 1 / mueff - 2) / (d + 4 * Math.sqrt(d) + mueff / 2));
  const cc = (1 + 1 / d + mueff / d) / (Math.sqrt(d) + 1 / d + (2 * mueff) / d);
  return { c1, cmu, cc };
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
