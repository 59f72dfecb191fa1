// The game x·A·y: player 0 pays it, and player 1 gets it. Each method's update is linear, and with A's singular values
// σ and s = η·σ its spectral radius is known. Each formula below is derived from the method's own update for A = σ.
import { describe, expect, test } from "vitest";
import {
  Game,
  type GameOptions,
  type Players,
  spectralRadius,
  updateJacobian,
} from "../../lib/games/index.js";
import { ops, type Tensor, tensor } from "../../lib/index.js";

const { add, matmul, mul, sum } = ops;

interface Row {
  readonly options: GameOptions;
  /** ρ at s = η·σ. */
  readonly radius: (s: number) => number;
}

/** The root of a function of one variable between two points where it has different signs. */
function rootOf(f: (x: number) => number, low: number, high: number): number {
  for (let k = 0; k < 200; k++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0 === f(high) > 0) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * w ← w − 2η·ξ_t + η·ξ_(t−1) with ξ = ±iσ·w: λ² − (1 − 2is)·λ − is = 0, so λ = (1 − 2is ± √(1 − 4s²))/2.
 * For s > 1/2 the root is imaginary, and both terms add up.
 */
const ofOptimistic = (s: number): number =>
  s <= 0.5
    ? Math.sqrt((1 + Math.sqrt(1 - 4 * s * s)) / 2)
    : Math.hypot(1, 2 * s + Math.sqrt(4 * s * s - 1)) / 2;

/**
 * λ·(λ − 1)² + s²·(2λ − 1)² = 0: one root r in (−1, 0), and two conjugate ones, whose product is −s²/r because that of
 * all three is −s².
 */
const ofAlternatingOptimistic = (s: number): number => {
  const r = rootOf((x) => x * (x - 1) ** 2 + s * s * (2 * x - 1) ** 2, -1, 0);
  return Math.max(-r, s / Math.sqrt(-r));
};

/** [[1, −s], [s, 1 − s²]]: determinant 1, trace 2 − s². */
const ofAlternatingDescent = (s: number): number => {
  const half = Math.abs(1 - (s * s) / 2);
  return s <= 2 ? 1 : half + Math.sqrt(half * half - 1);
};

const alternating = { order: "alternating" } as const;
const [gamma, lambda] = [0.6, 0.45];
// Jᵀ·ξ = σ²·w, and Aᵀ·ξ is the same since J is antisymmetric. With both, η·γ·σ² = s·(γ·σ).
const common = (weight: number) => (s: number) => Math.hypot(1 - (weight * s * s) / ETA, s);
const commonAlternating = (weight: number) => (s: number) => Math.abs(1 - (weight * s * s) / ETA);
const ETA = 0.3;

const ROWS: readonly Row[] = [
  // 1 ± is
  { options: { method: "descent" }, radius: (s) => Math.hypot(1, s) },
  { options: { method: "descent", ...alternating }, radius: ofAlternatingDescent },
  // 1 − s² ± is
  { options: { method: "extragradient" }, radius: (s) => Math.sqrt(1 - s ** 2 + s ** 4) },
  // Determinant 1 − s², complex
  { options: { method: "extragradient", ...alternating }, radius: (s) => Math.sqrt(1 - s * s) },
  { options: { method: "extragradient", past: true }, radius: ofOptimistic },
  // x ← (1 − s²)·x − s·y, y ← y + s·x: determinant 1 − s²
  { options: { method: "extragradient", past: true, ...alternating }, radius: (s) => Math.sqrt(1 - s * s) },
  { options: { method: "optimistic" }, radius: ofOptimistic },
  { options: { method: "optimistic", ...alternating }, radius: ofAlternatingOptimistic },
  { options: { method: "consensus", gamma }, radius: common(gamma) },
  { options: { method: "consensus", gamma, ...alternating }, radius: commonAlternating(gamma) },
  { options: { method: "symplectic", lambda }, radius: common(lambda) },
  { options: { method: "symplectic", lambda, ...alternating }, radius: commonAlternating(lambda) },
  // Δ solves (1 + s²)·Δ = −(s² ± is)·w, so w ← w·(1 ∓ is)/(1 + s²)
  { options: { method: "competitive" }, radius: (s) => 1 / Math.hypot(1, s) },
  // ∂/∂x x·A·(y + η·Aᵀ·x) = A·y + 2η·A·Aᵀ·x
  { options: { method: "lola" }, radius: (s) => Math.hypot(1 - 2 * s * s, s) },
  { options: { method: "lola", firstOrder: true }, radius: (s) => Math.hypot(1 - 2 * s * s, s) },
  { options: { method: "lola", ...alternating }, radius: (s) => Math.abs(1 - 2 * s * s) },
];

const named = ROWS.map((row) => [JSON.stringify(row.options), row] as const);

/** The players of x·A·y, as a zero-sum game or with a cost of its own for each. */
function bilinear(A: Tensor, x: Tensor, y: Tensor, isZeroSum: boolean): Players<[Tensor, Tensor]> {
  const cost = (u: Tensor, v: Tensor): Tensor => sum(mul(u, matmul(A, v)));
  const own = isZeroSum ? {} : { cost: (u: Tensor, v: Tensor) => ops.neg(cost(u, v)) };
  return [
    { parameters: x, cost },
    { parameters: y, ...own },
  ];
}

const float64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
const rotation = (angle: number): number[][] => [
  [Math.cos(angle), -Math.sin(angle)],
  [Math.sin(angle), Math.cos(angle)],
];
const SIGMA = [1.4, 0.5] as const;
const A = matmul(
  matmul(
    float64(rotation(0.4)),
    float64([
      [SIGMA[0], 0],
      [0, SIGMA[1]],
    ]),
  ),
  float64(rotation(-1.1)),
);
const START = [0.7, -0.3, 0.2, 0.9] as const;

const startOf = (): [x: Tensor, y: Tensor] => [float64([...START.slice(0, 2)]), float64([...START.slice(2)])];

describe("the spectral radius of the update", () => {
  test.each(named)("of %s is what it is known to be", (_, { options, radius }) => {
    const expected = Math.max(...SIGMA.map((sigma) => radius(ETA * sigma)));
    for (const isZeroSum of [true, false]) {
      const J = updateJacobian(bilinear(A, ...startOf(), isZeroSum), { ...options, lr: ETA });
      expect(Math.abs(spectralRadius(J) - expected)).toBeLessThan(1e-10);
    }
  });

  test("of alternating descent is 1 up to η·σ = 2, and larger beyond", () => {
    for (const eta of [0.5, 1.2, 1.9, 2.5]) {
      const players = bilinear(float64([[1]]), float64([1]), float64([1]), true);
      const J = updateJacobian(players, { method: "descent", order: "alternating", lr: eta });
      expect(Math.abs(spectralRadius(J) - ofAlternatingDescent(eta))).toBeLessThan(1e-10);
      expect(ofAlternatingDescent(eta) > 1).toBe(eta > 2);
    }
  });

  test("of optimistic steps passes 1 at η·σ = 1/√3", () => {
    for (const eta of [0.1, 0.4, 0.57, 0.58, 0.9]) {
      const players = bilinear(float64([[1]]), float64([1]), float64([1]), true);
      for (const options of [{ method: "optimistic" }, { method: "extragradient", past: true }] as const) {
        const found = spectralRadius(updateJacobian(players, { ...options, lr: eta }));
        expect(Math.abs(found - ofOptimistic(eta))).toBeLessThan(1e-10);
        expect(found > 1).toBe(eta > 1 / Math.sqrt(3));
      }
    }
  });

  test("counts learning rates that differ: η is their geometric mean for descent", () => {
    const [x, y] = startOf();
    const [first, second] = bilinear(A, x, y, true);
    const J = updateJacobian(
      [
        { ...first, lr: 0.1 },
        { ...second, lr: 0.4 },
      ],
      { method: "descent" },
    );
    expect(Math.abs(spectralRadius(J) - Math.hypot(1, 0.2 * SIGMA[0]))).toBeLessThan(1e-10);
  });
});

describe("a trajectory", () => {
  const STEPS = 40;

  test.each(named)("of %s is that of the update's Jacobian", (_, { options }) => {
    const [x, y] = startOf();
    const players = bilinear(A, x, y, true);
    const J = updateJacobian(players, { ...options, lr: ETA });
    const game = new Game(players, { ...options, lr: ETA, ...EXACT[options.method] });
    // What is kept begins with 0.
    let state = float64([...START, ...new Array(J.shape[0] as number).fill(0)].slice(0, J.shape[0]));
    for (let step = 0; step < STEPS; step++) {
      game.step();
      state = matmul(J, state);
      [...x.data, ...y.data].forEach((w, i) => {
        expect(Math.abs(w - (state.data[i] as number))).toBeLessThan(1e-10);
      });
    }
  });

  test.each(named)("of %s spirals out or in as its radius says", (_, { options, radius }) => {
    const sigma = 1.1;
    const [x, y] = [float64([0.8]), float64([0.6])];
    const players = bilinear(float64([[sigma]]), x, y, true);
    const game = new Game(players, { ...options, lr: ETA });
    const rho = radius(ETA * sigma);
    let turned = 0;
    const lengths: number[] = [];
    for (let step = 0; step < 200; step++) {
      const before = [x.item(), y.item()] as const;
      lengths.push(Math.hypot(...before));
      game.step();
      const [u, v] = before;
      turned += Math.atan2(u * y.item() - v * x.item(), u * x.item() + v * y.item());
    }
    expect(Math.abs(turned)).toBeGreaterThan(2 * Math.PI);
    // An ellipse at most around the circle that the radius gives.
    const grown = Math.log((lengths.at(-1) as number) / (lengths[0] as number)) / (lengths.length - 1);
    expect(Math.abs(grown - Math.log(rho))).toBeLessThan(0.01);
    if (rho > 1) expect(Math.min(...lengths.slice(100))).toBeGreaterThan(Math.max(...lengths.slice(0, 10)));
    if (rho < 1) expect(Math.max(...lengths.slice(100))).toBeLessThan(Math.min(...lengths.slice(0, 10)));
  });

  test("of descent has exactly the length that the radius gives", () => {
    const [x, y] = [float64([0.8]), float64([0.6])];
    const game = new Game(bilinear(float64([[2]]), x, y, true), { method: "descent", lr: 0.1 });
    for (let step = 1; step <= 30; step++) {
      game.step();
      expect(Math.abs(Math.hypot(x.item(), y.item()) / Math.hypot(1, 0.2) ** step - 1)).toBeLessThan(1e-10);
    }
  });
});

/** What makes the steps as exact as the Jacobian. */
const EXACT: Readonly<Record<string, object>> = { competitive: { tolerance: 1e-14, iterations: 8 } };

describe("spectralRadius", () => {
  test("is that of complex pairs, of real eigenvalues of both signs, and of nilpotent matrices", () => {
    expect(
      spectralRadius(
        float64([
          [0.6, -0.8],
          [0.8, 0.6],
        ]),
      ),
    ).toBeCloseTo(1, 12);
    expect(
      spectralRadius(
        float64([
          [1, 100],
          [0, -3],
        ]),
      ),
    ).toBeCloseTo(3, 10);
    expect(
      spectralRadius(
        float64([
          [2, 0, 0],
          [0, 0, -2],
          [0, 2, 0],
        ]),
      ),
    ).toBeCloseTo(2, 12);
    expect(
      spectralRadius(
        float64([
          [0, 1],
          [0, 0],
        ]),
      ),
    ).toBe(0);
    expect(spectralRadius(tensor([], { shape: [0, 0] }))).toBe(0);
    expect(spectralRadius(float64([[Number.NaN]]))).toBeNaN();
    expect(spectralRadius(add(float64([[1e-200]]), 0))).toBeCloseTo(1e-200, 210);
  });
});
