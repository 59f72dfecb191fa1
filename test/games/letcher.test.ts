// Games of two numbers x and y that Balduzzi et al. (2018), Letcher et al. (2019, "Differentiable Game Mechanics", and
// 2019, "Stable Opponent Shaping in Differentiable Games") use as examples, and where each method goes.
import { describe, expect, test } from "vitest";
import { Game, type GameOptions, type Players } from "../../lib/games/index.js";
import { ops, type Tensor, tensor } from "../../lib/index.js";

const { add, mul, neg, square, sub, sum } = ops;

type Cost = (x: Tensor, y: Tensor) => Tensor;

interface Example {
  readonly costs: readonly [Cost, Cost];
  readonly start: readonly [number, number];
  readonly lr: number;
  /** The distance from what the players should find. */
  readonly distance: (x: number, y: number) => number;
}

const EXAMPLES = {
  /** A Hamiltonian game: the gradient turns around the Nash equilibrium at 0. */
  "L₁ = xy, L₂ = −xy": {
    costs: [(x, y) => sum(mul(x, y)), (x, y) => neg(sum(mul(x, y)))],
    start: [0.6, 0.8],
    lr: 0.1,
    distance: Math.hypot,
  },
  /** A stable fixed point at 0 with a turn ten times as strong as the attraction. */
  "L₁ = x²/2 + 10xy, L₂ = y²/2 − 10xy": {
    costs: [
      (x, y) => sum(add(mul(square(x), 0.5), mul(10, mul(x, y)))),
      (x, y) => sum(sub(mul(square(y), 0.5), mul(10, mul(x, y)))),
    ],
    start: [0.6, 0.8],
    lr: 0.04,
    distance: Math.hypot,
  },
  /** A potential game: 0 is the worst point for both, an unstable fixed point that no player should find. */
  "L₁ = L₂ = −(x² + y²)/2": {
    costs: [
      (x, y) => mul(sum(add(square(x), square(y))), -0.5),
      (x, y) => mul(sum(add(square(x), square(y))), -0.5),
    ],
    start: [0.06, 0.08],
    lr: 0.1,
    distance: Math.hypot,
  },
  /** The tandem game: all points of x + y = 1 are stable fixed points. */
  "L₁ = (x + y)² − 2x, L₂ = (x + y)² − 2y": {
    costs: [
      (x, y) => sum(sub(square(add(x, y)), mul(2, x))),
      (x, y) => sum(sub(square(add(x, y)), mul(2, y))),
    ],
    start: [0.1, -0.2],
    lr: 0.1,
    distance: (x, y) => Math.abs(x + y - 1),
  },
} satisfies Record<string, Example>;

type Name = keyof typeof EXAMPLES;

interface Methods {
  readonly [name: string]: GameOptions;
}

const METHODS: Methods = {
  descent: { method: "descent" },
  "alternating descent": { method: "descent", order: "alternating" },
  extragradient: { method: "extragradient" },
  "past extragradient": { method: "extragradient", past: true },
  optimistic: { method: "optimistic" },
  consensus: { method: "consensus", gamma: 0.1 },
  "strong consensus": { method: "consensus", gamma: 2 },
  symplectic: { method: "symplectic", lambda: 0.1 },
  competitive: { method: "competitive" },
  lola: { method: "lola" },
};

/** Where a method goes: to the point, away from it, or around it at the same distance. */
type Way = "to" | "away" | "around";

const WAYS: Readonly<Record<Name, Readonly<Record<string, Way>>>> = {
  "L₁ = xy, L₂ = −xy": {
    descent: "away",
    "alternating descent": "around",
    extragradient: "to",
    "past extragradient": "to",
    optimistic: "to",
    consensus: "to",
    symplectic: "to",
    competitive: "to",
    lola: "to",
  },
  "L₁ = x²/2 + 10xy, L₂ = y²/2 − 10xy": {
    descent: "away",
    "alternating descent": "to",
    extragradient: "to",
    "past extragradient": "to",
    optimistic: "to",
    consensus: "to",
    symplectic: "to",
    competitive: "to",
    lola: "to",
  },
  "L₁ = L₂ = −(x² + y²)/2": {
    descent: "away",
    "alternating descent": "away",
    extragradient: "away",
    "past extragradient": "away",
    optimistic: "away",
    consensus: "away",
    // It goes down ‖ξ‖² to the worst point.
    "strong consensus": "to",
    symplectic: "away",
    competitive: "away",
    lola: "away",
  },
  "L₁ = (x + y)² − 2x, L₂ = (x + y)² − 2y": {
    descent: "to",
    "alternating descent": "to",
    extragradient: "to",
    "past extragradient": "to",
    optimistic: "to",
    consensus: "to",
    symplectic: "to",
    competitive: "to",
  },
};

function playersOf({ costs, start, lr }: Example): {
  players: Players<[Tensor, Tensor]>;
  w: [Tensor, Tensor];
} {
  const w = start.map((value) => tensor([value], { dtype: "float64" })) as [Tensor, Tensor];
  return {
    players: [
      { parameters: w[0], cost: costs[0], lr },
      { parameters: w[1], cost: costs[1], lr },
    ],
    w,
  };
}

/** The distances in a game of 800 steps. */
function distances(example: Example, options: GameOptions): number[] {
  const { players, w } = playersOf(example);
  const game = new Game(players, options);
  return Array.from({ length: 800 }, () => {
    game.step();
    return example.distance(w[0].item(), w[1].item());
  });
}

describe.each(Object.keys(EXAMPLES) as Name[])("%s", (name) => {
  const example: Example = EXAMPLES[name];
  const start = example.distance(...example.start);

  test.each(Object.entries(WAYS[name]))("%s goes %s it", (method, way) => {
    const found = distances(example, METHODS[method] as GameOptions);
    const end = found.at(-1) as number;
    if (way === "to") expect(end).toBeLessThan(0.05 * start);
    else if (way === "away") expect(end).toBeGreaterThan(5 * start);
    else {
      expect(Math.max(...found)).toBeLessThan(1.2 * start);
      expect(Math.min(...found)).toBeGreaterThan(0.8 * start);
    }
  });
});

describe("LOLA in the tandem game", () => {
  // Each pushes for the other to give way. With L₁(x, y − α·∂L₂/∂y) and s = x + y: ∂/∂x = 2·(1 − 2α)·(s − 2α·(s − 1)) − 2.
  const alpha = 0.1;
  const stands = (1 / (1 - 2 * alpha) - 2 * alpha) / (1 - 2 * alpha);

  test("comes to rest beyond the fixed points, where both pay more", () => {
    const example: Example = EXAMPLES["L₁ = (x + y)² − 2x, L₂ = (x + y)² − 2y"];
    const { players, w } = playersOf(example);
    const game = new Game(players, { method: "lola", opponentLr: alpha });
    let costs: Tensor[] = [];
    for (let step = 0; step < 200; step++) costs = game.step();
    expect(w[0].item() + w[1].item()).toBeCloseTo(stands, 8);
    // On x + y = 1 the costs add up to 0.
    expect(costs.reduce((total, cost) => total + cost.item(), 0)).toBeCloseTo(
      2 * stands ** 2 - 2 * stands,
      8,
    );
  });
});
