import { describe, expect, test } from "vitest";
import { Generator, tensor } from "../../../lib/index.js";
import { generalizedAdvantages, type Returned } from "../../../lib/rl/agents/advantages.js";
import { RewardScale } from "../../../lib/rl/agents/reward-scale.js";
import { RunningNorm } from "../../../lib/rl/agents/running-norm.js";
import {
  firstEpisodes,
  standardizePart,
  subtractMeanOfOthers,
  untilAllHaveEnded,
} from "../../../lib/rl/agents/whole-episodes.js";

const SETTINGS = { gamma: 0.97, lambda: 0.9 };

/** Episodes by chance: some come to their end, some are cut off, some are both in one step. */
function randomReturned(seed: number, steps = 40, n = 3): Returned & { readonly finalValue: Float64Array } {
  const generator = new Generator(seed);
  const normal = (count: number): Float64Array =>
    generator.normal([count], { dtype: "float64" }).data as Float64Array;
  const flags = (chance: number): Uint8Array =>
    Uint8Array.from(generator.uniform([steps * n]).data, (u) => (Number(u) < chance ? 1 : 0));
  return {
    n,
    steps,
    reward: normal(steps * n),
    terminated: flags(0.1),
    truncated: flags(0.1),
    value: normal(steps * n),
    lastValue: normal(n),
    finalValue: normal(steps * n),
  };
}

function advantagesOf(returned: Returned, settings = SETTINGS) {
  const [advantage, returns] = [
    new Float32Array(returned.steps * returned.n),
    new Float32Array(returned.steps * returned.n),
  ];
  generalizedAdvantages(returned, settings, advantage, returns);
  return { advantage, returns };
}

const at = (list: ArrayLike<number>, k: number): number => list[k] as number;

/** A_t = Σ_k (γλ)ᵏ·δ_{t+k} to the end of the episode or of the rollout, summed for each t alone. */
function bySums(r: Returned & { readonly finalValue: Float64Array }): number[] {
  const { n, steps } = r;
  const isEnd = (k: number): boolean => at(r.terminated, k) === 1 || at(r.truncated, k) === 1;
  const after = (k: number): number => {
    if (at(r.terminated, k) === 1) return 0;
    if (at(r.truncated, k) === 1) return at(r.finalValue, k);
    return k + n < steps * n ? at(r.value, k + n) : at(r.lastValue, k % n);
  };
  return Array.from({ length: steps * n }, (_, from) => {
    let sum = 0;
    let factor = 1;
    for (let k = from; k < steps * n; k += n) {
      sum += factor * (at(r.reward, k) + SETTINGS.gamma * after(k) - at(r.value, k));
      factor *= SETTINGS.gamma * SETTINGS.lambda;
      if (isEnd(k)) break;
    }
    return sum;
  });
}

/**
 * As stable_baselines3.common.buffers.RolloutBuffer.compute_returns_and_advantage has it, after its
 * OnPolicyAlgorithm.collect_rollouts has added γ·V to the reward where a time limit cut off.
 */
function byStableBaselines(r: Returned & { readonly finalValue: Float64Array }): number[] {
  const { n, steps } = r;
  const { gamma, lambda } = SETTINGS;
  const done = Array.from(
    { length: steps * n },
    (_, k) => at(r.terminated, k) === 1 || at(r.truncated, k) === 1,
  );
  const reward = Array.from(r.reward, (value, k) =>
    at(r.truncated, k) === 1 && at(r.terminated, k) === 0 ? value + gamma * at(r.finalValue, k) : value,
  );
  const advantages = new Array<number>(steps * n);
  for (let i = 0; i < n; i++) {
    let last = 0;
    for (let step = steps - 1; step >= 0; step--) {
      const k = step * n + i;
      // episode_starts[step + 1] is what done was after this step.
      const nextNonTerminal = done[k] ? 0 : 1;
      const nextValue = step === steps - 1 ? at(r.lastValue, i) : at(r.value, k + n);
      const delta = at(reward, k) + gamma * nextValue * nextNonTerminal - at(r.value, k);
      last = delta + gamma * lambda * nextNonTerminal * last;
      advantages[k] = last;
    }
  }
  return advantages;
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let k = 0; k < got.length; k++) expect(at(got, k)).toBeCloseTo(at(expected, k), 5);
}

describe("generalized advantages of random episodes", () => {
  for (let seed = 0; seed < 5; seed++) {
    test(`are the sums of the definition, and stable-baselines3's: ${seed}`, () => {
      const returned = randomReturned(seed);
      const { advantage, returns } = advantagesOf(returned);
      expectNear(advantage, bySums(returned));
      expectNear(advantage, byStableBaselines(returned));
      expectNear(
        returns,
        Array.from(advantage, (value, k) => value + at(returned.value, k)),
      );
    });
  }

  test("with λ = 1 and without a critic are the discounted rewards of each episode", () => {
    const flags = (...on: number[]): Uint8Array =>
      Uint8Array.from({ length: 5 }, (_, k) => (on.includes(k) ? 1 : 0));
    const { advantage } = advantagesOf(
      {
        n: 1,
        steps: 5,
        reward: [1, 2, 3, 4, 5],
        terminated: flags(2),
        truncated: flags(4),
        value: new Float32Array(5),
        lastValue: [0],
        finalValue: new Float32Array(5),
      },
      { gamma: 0.5, lambda: 1 },
    );
    expect([...advantage]).toEqual([1 + 1 + 0.75, 2 + 1.5, 3, 4 + 2.5, 5]);
  });
});

/** Mean and variance of each column, over all rows, in two passes. */
function momentsOf(rows: readonly (readonly number[])[]): { mean: number[]; variance: number[] } {
  const columns = (rows[0] as readonly number[]).map((_, j) => rows.map((row) => row[j] as number));
  const mean = columns.map((column) => column.reduce((sum, x) => sum + x, 0) / column.length);
  const variance = columns.map(
    (column, j) => column.reduce((sum, x) => sum + (x - (mean[j] as number)) ** 2, 0) / column.length,
  );
  return { mean, variance };
}

test("running means and variances are those of all observations together", () => {
  const generator = new Generator(5);
  const batches = [7, 1, 30].map((n, i) =>
    Array.from({ length: n }, () =>
      Array.from(
        generator.normal([3], { dtype: "float64" }).data,
        (x, j) => 100 * j + (i + 1) * Math.fround(Number(x)),
      ),
    ),
  );
  const norm = new RunningNorm([3]);
  for (const batch of batches) norm.update(tensor(batch, { dtype: "float64" }));
  const { mean, variance } = momentsOf(batches.flat());
  mean.forEach((value, j) => {
    expect(norm.runningMean.data[j]).toBeCloseTo(value, 10);
    expect(norm.runningVar.data[j]).toBeCloseTo(at(variance, j), 10);
  });
  expect(norm.count.item()).toBe(38);
  const x = tensor([[1, 99, 1e6]]);
  const expected = [0, 1].map(
    (j) => (at(x.data as Float32Array, j) - at(mean, j)) / Math.sqrt(at(variance, j) + 1e-8),
  );
  expectNear(norm.forward(x).data as Float32Array, [...expected, 10]);
});

test("rewards are divided by the deviation of the discounted returns so far", () => {
  const scale = new RewardScale(2, 0.5);
  const reward = [1, 2, 3, -4, 5, 0.5];
  const terminated = [0, 0, 1, 0, 0, 0];
  const truncated = [0, 0, 0, 1, 0, 0];
  const scaled = scale.scale(reward, terminated, truncated);
  // The returns of both environments after each step; an end sets them back.
  const returns = [
    [1, 2],
    [3.5, -3],
    [5, 0.5],
  ];
  returns.forEach((_, step) => {
    const { variance } = momentsOf(
      returns
        .slice(0, step + 1)
        .flat()
        .map((value) => [value]),
    );
    for (const i of [0, 1]) {
      const expected = at(reward, 2 * step + i) / Math.sqrt(at(variance, 0) + 1e-8);
      expect(at(scaled, 2 * step + i)).toBeCloseTo(expected, 5);
    }
  });
});

test("rewards of steps of which nothing is learnt do not move the scale of the others", () => {
  const [whole, part] = [new RewardScale(2, 0.5), new RewardScale(2, 0.5)];
  // The second environment's episode is over after its first step.
  const isPart = [1, 1, 1, 0, 1, 0, 0, 0];
  const of = (later: number) => [1, 2, 3, later, 5, later, later, later];
  const [none, ends] = [new Uint8Array(8), Uint8Array.of(0, 1, 0, 0, 1, 0, 0, 0)];
  const scaled = part.scale(of(100), ends, none, isPart);
  const other = whole.scale(of(-7), ends, none, isPart);
  for (const k of [0, 1, 2, 4]) expect(scaled[k]).toBe(other[k]);
  const { count, mean } = part.stateDict();
  expect(count).toBe(4);
  expect(mean).toBeCloseTo((1 + 2 + 3.5 + 6.75) / 4);
});

test("a scale of rewards takes over no state that is not one, and stays as it was", () => {
  const scale = new RewardScale(2, 0.5, "PPO.loadStateDict");
  scale.scale([1, 2], [0, 0], [0, 0]);
  const state = scale.stateDict();
  const bad: unknown[] = [
    undefined,
    {},
    { ...state, returns: [1, 2] },
    { ...state, returns: Float64Array.of(1) },
    { ...state, returns: Float64Array.of(1, Number.NaN) },
    { ...state, mean: "1" },
    { ...state, mean: Number.POSITIVE_INFINITY },
    { ...state, variance: -1 },
    { ...state, count: 0.5 },
  ];
  for (const one of bad) {
    expect(() => scale.loadStateDict(one)).toThrow(/^PPO\.loadStateDict: the scale of rewards/);
    expect(scale.stateDict()).toEqual(state);
  }
  const other = new RewardScale(2, 0.5);
  other.loadStateDict(state);
  expect(other.stateDict()).toEqual(state);
});

describe("whole episodes", () => {
  // Three environments, four steps; the first ends twice, the second is cut off, the third goes on.
  const terminated = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0);
  const truncated = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);

  test("are the first of each environment; one without an end is cut off by the last step", () => {
    const isPart = new Uint8Array(15).fill(1);
    const first = firstEpisodes({ terminated, truncated }, 3, 4, isPart);
    expect([...isPart]).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]);
    expect([...first.terminated]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...first.truncated]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  test("have been played when each environment has ended one", () => {
    const haveEnded = untilAllHaveEnded(2);
    const ends = { terminated: Uint8Array.of(1, 0, 1, 0, 0, 0), truncated: Uint8Array.of(0, 0, 0, 0, 0, 1) };
    expect([1, 2, 3].map((steps) => haveEnded(ends, steps))).toEqual([false, false, true]);
  });

  test("have the mean of the other environments' returns as a baseline", () => {
    const returns = Float32Array.of(1, 10, 3, 20, 5, 1000);
    subtractMeanOfOthers(returns, 2, Uint8Array.of(1, 1, 1, 1, 1, 0));
    expect([...returns]).toEqual([-14, 7, -12, 17, -10, 0]);
  });

  test("are standardized without the steps that are no part of them", () => {
    const x = Float32Array.of(1, 2, 3, 99);
    standardizePart(x, Uint8Array.of(1, 1, 1, 0));
    expectNear(x, [-1, 0, 1, 0]);
    const one = Float32Array.of(7, 99);
    standardizePart(one, Uint8Array.of(1, 0));
    expect(one[0]).toBe(7);
  });
});
