import type { Players } from "../../lib/games/index.js";
import { eye, Generator, ops, type Tensor, tensor } from "../../lib/index.js";

const { concat, div, indexSelect, mul, reshape, sigmoid, slice, solve, sub, sum, transpose } = ops;

/** The discount γ. */
export const DISCOUNT = 0.96;

// States CC, CD, DC, DD: what player 0 did, then player 1. What each gets of it.
const PAYOFFS: readonly (readonly number[])[] = [
  [-1, -3, 0, -2],
  [-1, 0, -3, -2],
];

const float64 = (values: readonly number[]): Tensor => tensor([...values], { dtype: "float64" });

/** Player 1 sees the states from its side: CD is DC. */
const FROM_OTHER_SIDE = tensor([0, 2, 1, 3], { dtype: "int32" });

/** The probabilities of the four outcomes where the players cooperate with probabilities p and q, [...p, 4]. */
function outcomes(p: Tensor, q: Tensor): Tensor {
  const [n] = p.shape as [number];
  const column = (x: Tensor): Tensor => reshape(x, [n, 1]);
  const [np, nq] = [sub(1, p), sub(1, q)];
  return concat([mul(p, q), mul(p, nq), mul(np, q), mul(np, nq)].map(column), 1);
}

/**
 * The exact mean payoffs of two players who remember one round: (1 − γ)·Σ γᵗ·r_t. The logits [5] of a player are those
 * of cooperating in the first round, and after CC, CD, DC, DD, its own action first.
 */
export function payoffs(a: Tensor, b: Tensor): Tensor[] {
  const after = (w: Tensor): Tensor => sigmoid(slice(w, 0, { start: 1, end: 5 }));
  const first = (w: Tensor): Tensor => sigmoid(slice(w, 0, { start: 0, end: 1 }));
  const start = outcomes(first(a), first(b));
  const moves = outcomes(after(a), indexSelect(after(b), 0, FROM_OTHER_SIDE));
  // v = start·(1 − γ·P)⁻¹: how often each state is met, discounted.
  const met = solve(
    sub(eye(4, { dtype: "float64" }), mul(transpose(moves, 0, 1), DISCOUNT)),
    transpose(start, 0, 1),
  );
  return PAYOFFS.map((payoff) => mul(sum(mul(reshape(met, [4]), float64(payoff))), 1 - DISCOUNT));
}

/** The costs are the discounted sums, as in Foerster et al. (2018). */
const costOf =
  (i: number) =>
  (a: Tensor, b: Tensor): Tensor =>
    div(payoffs(a, b)[i] as Tensor, DISCOUNT - 1);

/** Players whose logits are drawn from N(0, 1). */
export function prisoners(seed: number): { players: Players<[Tensor, Tensor]>; logits: [Tensor, Tensor] } {
  const generator = new Generator(seed);
  const draw = (): Tensor => generator.normal([5], { dtype: "float64" });
  const logits: [Tensor, Tensor] = [draw(), draw()];
  const players: Players<[Tensor, Tensor]> = [
    { parameters: logits[0], cost: costOf(0) },
    { parameters: logits[1], cost: costOf(1) },
  ];
  return { players, logits };
}

/** The mean payoff of both. */
export const meanPayoff = ([a, b]: readonly [Tensor, Tensor]): number =>
  payoffs(a, b).reduce((total, one) => total + one.item() / 2, 0);

/** The probabilities of cooperating, in the first round and after CC, CD, DC, DD. */
export const policyOf = (logits: Tensor): number[] => [...sigmoid(logits).data];
