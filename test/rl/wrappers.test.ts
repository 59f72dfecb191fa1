import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Generator, type Tensor, tensor } from "../../lib/index.js";
import * as rl from "../../lib/rl/index.js";

interface Oracle {
  readonly actions: readonly number[];
  readonly observations: readonly number[][];
  readonly rewards: readonly number[];
  readonly truncated: readonly boolean[];
}

/** Gymnasium's wrappers around its Pendulum, from the state [3, 0.5]. */
const { wrappers } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../oracle/environments.json"), "utf8"),
) as { wrappers: Readonly<Record<"clipped" | "rescaled" | "stacked" | "limited", Oracle>> };

type Any = rl.Environment<ArrayLike<number>, ArrayLike<number>>;

/** Begins in the oracle's state. */
class Given extends rl.Pendulum {
  override reset() {
    this.state = [3, 0.5];
    return { observation: this.observe(this.state), info: {} };
  }
}

describe("is Gymnasium's", () => {
  test.each<[keyof typeof wrappers, (environment: Given) => Any]>([
    ["clipped", (environment) => new rl.ClipAction(environment)],
    ["rescaled", (environment) => new rl.RescaleAction(environment, -0.5, 3)],
    ["stacked", (environment) => new rl.FrameStackObservation(environment, 3)],
    ["limited", (environment) => new rl.TimeLimit(environment, 12)],
  ])("%s", (name, wrap) => {
    const { actions, observations, rewards, truncated } = wrappers[name];
    const environment = wrap(new Given());
    const close = (seen: ArrayLike<number>, expected: readonly number[]) => {
      expect(seen.length).toBe(expected.length);
      expected.forEach((value, i) => {
        expect(Math.abs((seen[i] as number) - value)).toBeLessThan(1e-5);
      });
    };
    close(environment.reset().observation, observations[0] as number[]);
    actions.forEach((action, i) => {
      const result = environment.step([action]);
      close(result.observation, observations[i + 1] as number[]);
      expect(Math.abs(result.reward - (rewards[i] as number))).toBeLessThan(1e-5);
      expect(result.truncated).toBe(truncated[i]);
    });
  });
});

describe("in ops as in plain numbers", () => {
  test.each<[string, (environment: rl.Pendulum) => Any & { readonly dynamics: rl.TensorDynamics | null }]>([
    ["ClipAction", (environment) => new rl.ClipAction(environment)],
    ["RescaleAction", (environment) => new rl.RescaleAction(environment, [-0.5], 3)],
    ["FrameStackObservation", (environment) => new rl.FrameStackObservation(environment, 3)],
    ["TimeLimit", (environment) => new rl.TimeLimit(environment, 7)],
    [
      "all",
      (environment) => new rl.TimeLimit(new rl.FrameStackObservation(new rl.ClipAction(environment), 2), 7),
    ],
  ])("%s", (_, wrap) => {
    const pendulum = new rl.Pendulum();
    const one = wrap(pendulum);
    const dynamics = one.dynamics as rl.TensorDynamics;
    const many = new rl.TensorEnvironment(dynamics, 2, { dtype: "float64", seed: 4 });
    expect(`${dynamics.observationSpace}`).toBe(`${one.observationSpace}`);
    expect(`${dynamics.actionSpace}`).toBe(`${one.actionSpace}`);
    const { low, high } = one.actionSpace as rl.Box;
    const row = (all: Tensor): number[] => (all.toArray() as unknown[][])[1]?.flat() as number[];
    const same = (all: Tensor, observation: ArrayLike<number>): void => {
      expect(all.shape).toEqual([2, ...one.observationSpace.shape]);
      const other = (all.toArray() as unknown[][])[1]?.flat(2) as number[];
      other.forEach((value, i) => {
        expect(Math.abs(value - (observation[i] as number))).toBeLessThan(1e-5);
      });
    };
    for (let episode = 0; episode < 2; episode++) {
      // The plain one begins where the second of both is.
      one.reset();
      const [theta, omega] = many.state.map((column) => column.data[1] as number) as [number, number];
      pendulum.reset = () => {
        pendulum.state = [theta, omega];
        return { observation: Float32Array.of(Math.cos(theta), Math.sin(theta), omega), info: {} };
      };
      same(many.observe(), one.reset().observation);
      for (let step = 1; step <= 7; step++) {
        const action = Math.min(Math.max(1.7 * Math.sin(step) * step, low[0] as number), high[0] as number);
        const result = one.step([action]);
        const { finalObservation, reward, truncated } = many.step(
          tensor([[0], [action]], { dtype: "float64" }),
        );
        same(finalObservation, result.observation);
        expect(Math.abs((reward.data[1] as number) - result.reward)).toBeLessThan(1e-5);
        expect(truncated.data[1]).toBe(Number(result.truncated));
        expect(result.truncated).toBe(one instanceof rl.TimeLimit && step === 7);
      }
      expect(row(many.steps.reshape([2, 1]))[0]).toBe(one instanceof rl.TimeLimit ? 0 : 7 * (episode + 1));
      if (!(one instanceof rl.TimeLimit)) break;
    }
  });

  test("there are none around an environment without", () => {
    const plain: Any = {
      observationSpace: new rl.Box(0, 1),
      actionSpace: new rl.Box(0, 1),
      reset: () => ({ observation: [0], info: {} }),
      step: () => ({ observation: [0], reward: 0, terminated: false, truncated: false, info: {} }),
    };
    const wrapped = [
      new rl.TimeLimit(plain, 3),
      new rl.ClipAction(plain),
      new rl.RescaleAction(plain),
      new rl.FrameStackObservation(plain, 2),
    ];
    expect(wrapped.map(({ dynamics }) => dynamics)).toEqual([null, null, null, null]);
    // Nor around one of a derived class that changes its laws.
    expect(new rl.TimeLimit(new Given(), 3).dynamics).toBe(null);
    expect(() => new rl.TensorEnvironment(wrapped[0]?.dynamics as never, 1)).toThrow(
      /expected dynamics in ops/,
    );
  });
});

describe("a wrapper", () => {
  const wrappings: [string, (inner: rl.CartPole) => rl.Environment<unknown, unknown>][] = [
    ["TimeLimit", (inner) => new rl.TimeLimit(inner, 5)],
    ["FrameStackObservation", (inner) => new rl.FrameStackObservation(inner, 4)],
    [
      "TransformObservation",
      (inner) => new rl.TransformObservation(inner, ([x]) => [x as number], new rl.Box(-5, 5)),
    ],
    ["TransformReward", (inner) => new rl.TransformReward(inner, (reward) => reward - 0.5)],
  ];

  test.each(wrappings)("%s keeps the contract, draws, and is named by what it wraps", (name, wrap) => {
    rl.checkEnvironment(wrap(new rl.CartPole()));
    const inner = new rl.CartPole();
    const outer = wrap(inner) as rl.TimeLimit<unknown, unknown>;
    expect(outer.unwrapped).toBe(inner);
    const all = new rl.SyncVectorEnvironment([outer]);
    all.reset({ seed: 1 });
    expect(outer.render?.()).toBe(inner.render());
    inner.step = () => ({
      observation: new Float32Array(4),
      reward: Number.NaN,
      terminated: false,
      truncated: false,
      info: {},
    });
    expect(() => all.step([0])).toThrow(
      `CartPole 0: step 1 (1 of its episode): EnvironmentError: ${name}.step: expected reward to be a finite number, got NaN`,
    );
  });

  test("actions are checked before the environment gets them", () => {
    const boxes = [new rl.ClipAction(new rl.Pendulum()), new rl.RescaleAction(new rl.Pendulum(), 0, 1)];
    for (const environment of boxes) {
      rl.checkEnvironment(environment);
      environment.reset();
      expect(() => environment.step([0, 1])).toThrow(/Action\.step: expected an action of Box/);
      expect(() => environment.step(Number.NaN as never)).toThrow(/Action\.step: expected an action of Box/);
    }
    expect(() => boxes[1]?.step([2])).toThrow(
      /RescaleAction\.step: expected an action of Box\(0, 1, \[1\]\)/,
    );
  });

  test("an episode's first frames are its first observation, and given frames stay as they are", () => {
    const environment = new rl.FrameStackObservation(new rl.MountainCar(), 3);
    const first = environment.reset({ seed: 1 }).observation;
    const [x, v] = first as unknown as [number, number];
    expect([...first]).toEqual([x, v, x, v, x, v]);
    const second = environment.step(2).observation;
    expect([...second.subarray(0, 4)]).toEqual([x, v, x, v]);
    expect([...second.subarray(4)]).not.toEqual([x, v]);
    environment.step(0);
    expect([...first]).toEqual([x, v, x, v, x, v]);
    expect([...environment.reset({ seed: 1 }).observation]).toEqual([...first]);
  });

  test("a limit of steps begins anew with each episode", () => {
    const environment = new rl.TimeLimit(new rl.CartPole(), 2);
    expect(() => environment.step(0)).toThrow("TimeLimit.step: call reset first");
    for (let episode = 0; episode < 2; episode++) {
      environment.reset({ seed: 1 });
      expect([environment.step(0).truncated, environment.step(1).truncated]).toEqual([false, true]);
      expect(() => environment.step(0)).toThrow("TimeLimit.step: the episode has ended after 2 steps");
    }
  });

  test("refuses what does not fit", () => {
    const pole = new rl.CartPole();
    expect(() => new rl.TimeLimit(pole, 0)).toThrow(/expected maxEpisodeSteps to be a whole number ≥ 1/);
    expect(() => new rl.TimeLimit({} as never, 1)).toThrow(
      /TimeLimit: expected observationSpace to be a space/,
    );
    expect(() => new rl.ClipAction(pole as never)).toThrow(
      "ClipAction: expected an environment whose actions are a Box, got Discrete(2)",
    );
    expect(() => new rl.RescaleAction(null as never)).toThrow(
      /expected an environment whose actions are a Box/,
    );
    expect(() => new rl.RescaleAction(new rl.Pendulum(), 1, 1)).toThrow(
      /expected the new bounds to be finite/,
    );
    expect(() => new rl.RescaleAction(new rl.ClipAction(new rl.Pendulum()))).toThrow(
      /expected the environment's bounds to be finite and low < high, got -Infinity and Infinity at coordinate 0/,
    );
    expect(() => new rl.FrameStackObservation(pole, 2000)).toThrow(/expected k to be a whole number/);
    expect(() => new rl.TransformReward(pole, 1 as never)).toThrow(/expected the transform to be a function/);
    expect(() => new rl.TransformObservation(pole, (x) => x, 1 as never)).toThrow(/expected a space/);
    const text = new rl.TransformReward(pole, String as never);
    text.reset();
    expect(() => text.step(0)).toThrow(
      'TransformReward.step: expected the transform to give a finite number, got "1"',
    );
    const wide = new rl.TransformObservation(pole, () => [0, 0], new rl.Box(-1, 1));
    expect(() => wide.reset()).toThrow(
      /TransformObservation\.reset: expected an observation of Box\(-1, 1, \[1\]\)/,
    );
    const generator = new Generator(0);
    expect(new rl.ClipAction(new rl.Pendulum()).actionSpace.sample(generator).length).toBe(1);
  });
});
