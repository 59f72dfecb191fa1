import { describe, expect, test } from "vitest";
import { ArgumentError, nn, ShapeError } from "../../../lib/index.js";
import { CartPole, DQN, Pendulum, PPO, REINFORCE, SAC, TD3 } from "../../../lib/rl/index.js";
import { Pair } from "./pair.js";

describe("a network of one's own that gives another number of outputs is refused", () => {
  const CASES: Readonly<Record<string, readonly [() => unknown, string]>> = {
    "PPO, actor": [
      () => new PPO(new CartPole(), { actor: new nn.Linear(4, 3) }),
      "PPO: expected actor to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "PPO, critic of another shape": [
      () => new PPO(new CartPole(), { critic: new nn.Sequential(new nn.Linear(4, 1), new nn.Flatten(0)) }),
      "PPO: expected critic to give [2, 1] for 2 observations, got [2]",
    ],
    "REINFORCE, critic": [
      () => new REINFORCE(new CartPole(), { critic: new nn.Linear(4, 2) }),
      "REINFORCE: expected critic to give [2, 1] for 2 observations, got [2, 2]",
    ],
    "DQN, critic": [
      () => new DQN(new CartPole(), { critic: new nn.Linear(4, 3) }),
      "DQN: expected critic to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "SAC, actor": [
      () => new SAC(new Pendulum(), { actor: new nn.Linear(3, 3) }),
      "SAC: expected actor to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "TD3, critic": [
      () => new TD3(new Pendulum(), { critic: () => new Pair(new nn.Linear(4, 2)) }),
      "TD3: expected what critic makes to give [2, 1] for 2 observations, got [2, 2]",
    ],
  };
  for (const [title, [make, message]] of Object.entries(CASES)) {
    test(title, () => {
      expect(make).toThrow(ShapeError);
      expect(make).toThrow(message);
    });
  }

  test("one of other inputs, and what is no network", () => {
    expect(() => new PPO(new CartPole(), { actor: new nn.Linear(3, 2) })).toThrow(ShapeError);
    expect(() => new PPO(new CartPole(), { actor: 3 as never })).toThrow(ArgumentError);
  });
});
