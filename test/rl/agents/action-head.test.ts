import { describe, expect, test } from "vitest";
import { Generator, type Tensor, tensor } from "../../../lib/index.js";
import { type ActionHead, actionHead } from "../../../lib/rl/agents/action-head.js";
import { Box, Discrete, MultiBinary, MultiDiscrete, type Space } from "../../../lib/rl/index.js";

const N = 20_000;
const SPACES: Readonly<Record<string, Space>> = {
  Discrete: new Discrete(3, { start: 2 }),
  MultiDiscrete: new MultiDiscrete([2, 3]),
  MultiBinary: new MultiBinary([2, 1]),
};
const LOGITS = [0.5, -1, 2, 0.25, -0.5];

/** The same distribution N times. */
const manyOf = (head: ActionHead): ReturnType<ActionHead["distribution"]> =>
  head.distribution(tensor(Array.from({ length: N }, () => LOGITS.slice(0, head.outputs))), null);

/** Rows of an action as text, with how often each came. */
function countsOf(action: Tensor): Map<string, number[]> {
  const width = action.size / N;
  const rows = new Map<string, number[]>();
  for (let i = 0; i < N; i++) {
    const key = Array.from(action.data.subarray(i * width, (i + 1) * width), Number).join();
    rows.set(key, [...(rows.get(key) ?? []), i]);
  }
  return rows;
}

describe("policies over finitely many actions", () => {
  for (const [name, space] of Object.entries(SPACES)) {
    const head = actionHead("test", space);
    const policy = manyOf(head);
    const action = policy.sample(new Generator(4));
    const logProb = policy.logProb(action).data;
    const counts = countsOf(action);

    test(`draw each as often as they say: ${name}`, () => {
      let sum = 0;
      let entropy = 0;
      for (const rows of counts.values()) {
        const p = Math.exp(Number(logProb[rows[0] as number]));
        sum += p;
        entropy -= p * Math.log(p);
        // Five standard deviations
        expect(Math.abs(rows.length / N - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / N));
      }
      expect(sum).toBeCloseTo(1, 4);
      expect(Number(policy.entropy().data[0])).toBeCloseTo(entropy, 3);
    });

    test(`have the most probable as mode, and give members of the space: ${name}`, () => {
      const [most] = [...counts.entries()].sort(([, a], [, b]) => b.length - a.length)[0] as [
        string,
        number[],
      ];
      const { mode } = policy;
      expect(mode.dtype).toBe(head.dtype);
      expect(Array.from(mode.data.subarray(0, mode.size / N), Number).join()).toBe(most);
      for (const member of head.toMembers(action.data.slice(0, (100 * action.size) / N))) {
        expect(space.contains(member)).toBe(true);
      }
    });
  }
});

test("normal policies have the density of the product of their coordinates", () => {
  const head = actionHead("test", new Box(-1, 1, { shape: [1, 2] }));
  const policy = head.distribution(tensor([[0.5, -1]]), tensor([Math.log(2), 0]));
  const density = (x: number, mean: number, scale: number): number =>
    -0.5 * ((x - mean) / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI);
  const expected = density(1.5, 0.5, 2) + density(0, -1, 1);
  expect(policy.logProb(tensor([[[1.5, 0]]])).item()).toBeCloseTo(expected, 5);
  expect(policy.entropy().item()).toBeCloseTo(Math.log(2) + 1 + Math.log(2 * Math.PI), 5);
  expect([...policy.mode.data]).toEqual([0.5, -1]);
});

test("actions are cut to their bounds, or squashed into them, the same in ops and in JavaScript", () => {
  const space = new Box([-1, 0], [1, 10]);
  const u = tensor([
    [-3, 20],
    [0.5, 0],
  ]);
  const expected = {
    cut: [-1, 10, 0.5, 0],
    squashed: [Math.tanh(-3), 5 + 5 * Math.tanh(20), Math.tanh(0.5), 5],
  };
  for (const [squash, values] of [
    [false, expected.cut],
    [true, expected.squashed],
  ] as const) {
    const head = actionHead("test", space, { squash });
    const members = head.toMembers(u.data).flatMap((row) => Array.from(row as Float32Array));
    const inOps = head.toDynamics(u).data;
    values.forEach((value, i) => {
      expect(members[i]).toBeCloseTo(value, 5);
      expect(inOps[i]).toBeCloseTo(value, 5);
    });
  }
});
