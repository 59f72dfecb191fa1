import { describe, expect, test } from "vitest";
import { type PlayOptions, play } from "../../lib/games/index.js";
import { meanPayoff, policyOf, prisoners } from "./iterated-prisoners-dilemma.js";

const SEEDS = 100;

/** The mean payoffs of both players after learning, for each seed, and all policies. */
async function learn(options: PlayOptions): Promise<{ payoffs: number[]; policies: number[][] }> {
  const payoffs: number[] = [];
  const policies: number[][] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const { players, logits } = prisoners(seed);
    await play(players, options);
    payoffs.push(meanPayoff(logits));
    policies.push(...logits.map(policyOf));
  }
  return { payoffs, policies };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one) / values.length;

// Foerster et al. (2018): LOLA −1.06 on average, and 81 % tit-for-tat; naive learners −1.98.
describe(`${SEEDS} iterated prisoner's dilemmas`, () => {
  test.each(["simultaneous", "alternating"] as const)(
    "LOLA, %s: at least −1.1 on average and with 80 of them, most by tit-for-tat",
    { timeout: 600_000 },
    async (order) => {
      const { payoffs, policies } = await learn({ method: "lola", order, lr: 1, opponentLr: 2, steps: 200 });
      expect(mean(payoffs)).toBeGreaterThanOrEqual(-1.1);
      expect(payoffs.filter((payoff) => payoff >= -1.1).length).toBeGreaterThanOrEqual(80);
      // More likely to cooperate after the other has cooperated than after it has defected.
      const reciprocal = policies.filter(([, cc = 0, cd = 0, dc = 0, dd = 0]) => cc > cd && dc > dd);
      expect(reciprocal.length / policies.length).toBeGreaterThanOrEqual(0.8);
    },
  );

  test.each(["descent", "extragradient", "optimistic"] as const)(
    "%s ends in defection with all of them",
    { timeout: 600_000 },
    async (method) => {
      const { payoffs } = await learn({ method, lr: 1, steps: 100 });
      expect(Math.max(...payoffs)).toBeLessThan(-1.9);
    },
  );
});
