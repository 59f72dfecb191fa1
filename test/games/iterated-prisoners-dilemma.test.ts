import { describe, expect, test } from "vitest";
import { play } from "../../lib/games/index.js";
import { tensor } from "../../lib/index.js";
import { meanPayoff, payoffs, policyOf, prisoners } from "./iterated-prisoners-dilemma.js";

const logits = (p: readonly number[]) =>
  tensor(
    p.map((one) => Math.log(one / (1 - one))),
    { dtype: "float64" },
  );

describe("the exact payoffs of the iterated prisoner's dilemma", () => {
  test("are those of a long sum over rounds", () => {
    const [p, q] = [
      [0.9, 0.8, 0.3, 0.6, 0.2],
      [0.4, 0.7, 0.5, 0.1, 0.9],
    ] as const;
    const rewards = [
      [-1, -3, 0, -2],
      [-1, 0, -3, -2],
    ] as const;
    let state: number[] = [p[0] * q[0], p[0] * (1 - q[0]), (1 - p[0]) * q[0], (1 - p[0]) * (1 - q[0])];
    const expected = [0, 0];
    for (let round = 0; round < 2000; round++) {
      const next = [0, 0, 0, 0];
      state.forEach((weight, s) => {
        rewards.forEach((reward, i) => {
          expected[i] = (expected[i] as number) + 0.04 * 0.96 ** round * weight * (reward[s] as number);
        });
        // Player 1 sees CD as DC.
        const [a, b] = [p[s + 1] as number, q[([0, 2, 1, 3][s] as number) + 1] as number];
        [a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)].forEach((chance, t) => {
          next[t] = (next[t] as number) + weight * chance;
        });
      });
      state = next;
    }
    payoffs(logits(p), logits(q)).forEach((found, i) => {
      expect(found.item()).toBeCloseTo(expected[i] as number, 10);
    });
  });

  test("are −1 where both cooperate and −2 where both defect", () => {
    const [always, never] = [tensor(new Array(5).fill(50)), tensor(new Array(5).fill(-50))].map((w) =>
      w.to("float64"),
    );
    if (always === undefined || never === undefined) throw new Error("no policies");
    expect(payoffs(always, always).map((one) => one.item())).toEqual([-1, -1]);
    expect(payoffs(never, never).map((one) => one.item())).toEqual([-2, -2]);
    payoffs(never, always).forEach((one, i) => {
      expect(one.item()).toBeCloseTo([0, -3][i] as number, 10);
    });
  });
});

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

// Foerster et al. (2018): LOLA −1.06 on average, naive learners −1.98.
describe("in the iterated prisoner's dilemma from random policies", () => {
  test("naive learners defect, with every one of 10 seeds", async () => {
    for (const seed of SEEDS) {
      const { players, logits: learnt } = prisoners(seed);
      await play(players, { method: "descent", lr: 1, steps: 100 });
      expect(meanPayoff(learnt)).toBeLessThan(-1.9);
      for (const own of learnt) expect(Math.max(...policyOf(own).slice(3))).toBeLessThan(0.2);
    }
  });

  test("LOLA finds tit-for-tat: a mean payoff of at least −1.1 with 8 of 10 seeds, and on average", async () => {
    const found: number[] = [];
    const policies: number[][] = [];
    for (const seed of SEEDS) {
      const { players, logits: learnt } = prisoners(seed);
      await play(players, { method: "lola", lr: 1, opponentLr: 2, steps: 200 });
      found.push(meanPayoff(learnt));
      if (meanPayoff(learnt) >= -1.1) policies.push(...learnt.map(policyOf));
    }
    expect(found.filter((payoff) => payoff >= -1.1).length).toBeGreaterThanOrEqual(8);
    expect(found.reduce((sum, payoff) => sum + payoff) / SEEDS.length).toBeGreaterThanOrEqual(-1.1);
    const mean = (k: number): number =>
      policies.reduce((sum, policy) => sum + (policy[k] as number), 0) / policies.length;
    // After CC and DC, where the other cooperated, the players cooperate; after CD and DD they mostly do not.
    expect(mean(1)).toBeGreaterThan(0.95);
    expect(mean(3)).toBeGreaterThan(0.7);
    expect(mean(2)).toBeLessThan(0.5);
    expect(mean(4)).toBeLessThan(0.4);
  });
});
