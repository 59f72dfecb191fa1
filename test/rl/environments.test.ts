import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, Generator, ops, type Tensor, tensor } from "../../lib/index.js";
import * as rl from "../../lib/rl/index.js";

const KINDS = {
  CartPole: rl.CartPole,
  MountainCar: rl.MountainCar,
  MountainCarContinuous: rl.MountainCarContinuous,
  Acrobot: rl.Acrobot,
  Pendulum: rl.Pendulum,
  Bicycle: rl.Bicycle,
} as const;
type Name = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Name[];

/** An environment whose actions are of any kind. */
type Any = rl.Simulation<number | ArrayLike<number>>;
const make = (name: Name, options?: rl.SimulationOptions): Any => new KINDS[name](options) as Any;

interface Oracle {
  readonly start: readonly number[];
  readonly every: number;
  readonly rows: readonly [state: number[], observation: number[], reward: number, terminated: boolean][];
}

const { environments } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../oracle/environments.json"), "utf8"),
) as { environments: Readonly<Record<string, Oracle>> };

/** The i-th action of test/oracle/environments.py. */
function actionOf(name: string, { actionSpace }: Any, i: number): number | Float32Array | number[] {
  if (actionSpace instanceof rl.Discrete) return ((i * i * 7 + 3 * i) % 11) % actionSpace.n;
  const torque = ((i * 7919) % 2001) / 1000 - 1;
  return name === "Pendulum" ? [2 * torque] : Float32Array.of(torque);
}

/** Steps that do not end the episode, as the oracle's. */
interface Open {
  advance(
    state: Float64Array,
    action: unknown,
    generator: Generator,
  ): { reward: number; terminated: boolean };
  observe(state: Float64Array): Float32Array;
}

describe("the motion is Gymnasium's, to 1e-12 over the whole way", () => {
  test.each(Object.entries(environments))("%s", (name, { start, every, rows }) => {
    const environment = make(name as Name);
    const open = environment as object as Open;
    const state = Float64Array.from(start);
    const generator = new Generator(0);
    rows.forEach(([expected, observation, reward, terminated], row) => {
      let last = { reward: 0, terminated: false };
      for (let i = row * every; i < (row + 1) * every; i++) {
        last = open.advance(state, actionOf(name, environment, i), generator);
      }
      expected.forEach((value, i) => {
        expect(Math.abs((state[i] as number) - value)).toBeLessThanOrEqual(
          1e-12 * Math.max(1, Math.abs(value)),
        );
      });
      open.observe(state).forEach((value, i) => {
        expect(Math.abs(value - (observation[i] as number))).toBeLessThanOrEqual(1e-6);
      });
      expect(last.terminated).toBe(terminated);
      // Gymnasium's CartPole gives no reward after the end.
      if (name !== "CartPole") expect(last.reward).toBeCloseTo(reward, 12);
    });
  });
});

describe("the motion in ops is that of one environment", () => {
  test.each(NAMES)("%s", (name) => {
    const environment = make(name);
    const open = environment as object as Open;
    const n = 5;
    const states = Array.from({ length: n }, (_, i) =>
      Float64Array.from(environment.reset({ seed: i }) && environment.state),
    );
    const size = states[0]?.length as number;
    let all: readonly Tensor[] = Array.from({ length: size }, (_, k) =>
      tensor(
        states.map((state) => state[k] as number),
        { dtype: "float64" },
      ),
    );
    const isDiscrete = environment.actionSpace instanceof rl.Discrete;
    // The continuous car computes in float32 by itself.
    const tolerance = name === "MountainCarContinuous" ? 1e-5 : 1e-10;
    for (let step = 0; step < 40; step++) {
      const actions = states.map((_, i) => actionOf(name, environment, step * n + i));
      const given = actions.map((action) =>
        name === "Bicycle" ? [(action as Float32Array)[0] as number, -0.5] : action,
      );
      const results = states.map((state, i) => open.advance(state, given[i], new Generator(step)));
      const action = isDiscrete
        ? tensor(given as number[], { dtype: "int32" })
        : tensor(
            given.map((list) => Array.from(list as number[])),
            { dtype: "float64" },
          );
      // The bicycle's noise: each environment alone draws the first number.
      const one = (i: number) =>
        environment.dynamics.advance(
          all.map((column) => ops.slice(column, 0, { start: i, end: i + 1 })),
          ops.slice(action, 0, { start: i, end: i + 1 }),
          new Generator(step),
        );
      const parts = name === "Bicycle" ? states.map((_, i) => one(i)) : null;
      const moved =
        parts === null
          ? environment.dynamics.advance(all, action, new Generator(step))
          : {
              state: all.map((_, k) => ops.concat(parts.map(({ state }) => state[k] as Tensor))),
              reward: ops.concat(parts.map(({ reward }) => reward)),
              terminated: ops.concat(parts.map(({ terminated }) => terminated)),
            };
      all = moved.state;
      const observed = environment.dynamics.observe(all).toArray() as number[][];
      states.forEach((state, i) => {
        state.forEach((value, k) => {
          const other = (all[k] as Tensor).data[i] as number;
          // An angle of π and one of −π are the same.
          const apart = Math.abs(value - other);
          expect(Math.min(apart, Math.abs(apart - 2 * Math.PI))).toBeLessThanOrEqual(tolerance);
        });
        open.observe(state).forEach((value, k) => {
          expect(Math.abs((observed[i]?.[k] as number) - value)).toBeLessThanOrEqual(1e-5);
        });
        expect(moved.terminated.data[i]).toBe(Number(results[i]?.terminated));
        expect(Math.abs((moved.reward.data[i] as number) - (results[i]?.reward as number))).toBeLessThan(
          1e-6,
        );
      });
    }
  });
});

describe("many environments in ops", () => {
  const zeroActions = (name: Name, n: number): Tensor => {
    const { actionSpace } = make(name);
    return actionSpace instanceof rl.Discrete
      ? tensor(new Int32Array(n))
      : tensor(new Float32Array(n * (actionSpace.shape[0] as number))).reshape([n, ...actionSpace.shape]);
  };

  test.each(NAMES)("%s: an episode that has ended begins anew in the same step", (name) => {
    const n = 64;
    const { dynamics } = make(name, { maxEpisodeSteps: 30 });
    const many = new rl.TensorEnvironment(dynamics, n, { seed: 3 });
    const action = zeroActions(name, n);
    let ended = 0;
    for (let step = 1; step <= 61; step++) {
      const before = Array.from(many.steps.data);
      const { observation, finalObservation, terminated, truncated } = many.step(action);
      for (let i = 0; i < n; i++) {
        const hasEnded = terminated.data[i] === 1 || truncated.data[i] === 1;
        expect(truncated.data[i]).toBe(Number((before[i] as number) + 1 >= 30));
        expect(many.steps.data[i]).toBe(hasEnded ? 0 : (before[i] as number) + 1);
        const [row, final] = [observation, finalObservation].map(
          (all) => (all.toArray() as number[][])[i] as number[],
        );
        if (hasEnded) {
          ended++;
          expect(row).not.toEqual(final);
        } else expect(row).toEqual(final);
      }
    }
    expect(ended).toBeGreaterThanOrEqual(n);
  });

  test("a compiled step gives the same bits", () => {
    const n = 33;
    const run = (isCompiled: boolean): number[] => {
      const many = new rl.TensorEnvironment(new rl.CartPole().dynamics, n, { seed: 9 });
      const step = (action: Tensor) => {
        const { observation, reward, terminated } = many.step(action);
        return [observation, reward, terminated.to("float32")] as const;
      };
      const call = isCompiled ? compile(step) : step;
      const seen: number[] = [];
      for (let i = 0; i < 60; i++) {
        const action = tensor(Int32Array.from({ length: n }, (_, k) => (i * k) % 2));
        for (const part of call(action)) seen.push(...part.data);
      }
      return seen;
    };
    expect(run(true)).toEqual(run(false));
  });

  test("reset begins all anew, by the seed", () => {
    const [a, b] = [1, 1].map((seed) => new rl.TensorEnvironment(new rl.CartPole().dynamics, 4, { seed }));
    expect(a?.observe().toArray()).toEqual(b?.observe().toArray());
    a?.step(tensor(new Int32Array(4)));
    const before = a?.observe().toArray();
    expect(a?.reset().toArray()).not.toEqual(before);
    expect(a?.steps.toArray()).toEqual([0, 0, 0, 0]);
  });
});

describe("one environment", () => {
  test.each(NAMES)("%s keeps the contract", (name) => {
    rl.checkEnvironment(make(name));
    rl.checkEnvironment(make(name, { maxEpisodeSteps: 7 }));
  });

  test.each(NAMES)("%s is drawn", (name) => {
    const environment = make(name);
    environment.reset({ seed: 1 });
    expect(environment.render().split("\n").length).toBeGreaterThan(4);
  });

  test("a limit of steps truncates, an end of its own terminates", () => {
    const short = new rl.CartPole({ maxEpisodeSteps: 3 });
    short.reset({ seed: 0 });
    const ends = [1, 0, 1].map((action) => short.step(action));
    expect(ends.map(({ truncated }) => truncated)).toEqual([false, false, true]);
    expect(ends.map(({ terminated }) => terminated)).toEqual([false, false, false]);
    const pole = new rl.CartPole();
    pole.state = [0, 0, 0.2, 1];
    expect(pole.step(0)).toMatchObject({ terminated: true, truncated: false });
  });

  test("a bicycle falls by itself, and not with a hand on its bars", () => {
    const ride = (hold: (observation: Float32Array) => [number, number]): number => {
      const bicycle = new rl.Bicycle();
      let { observation } = bicycle.reset({ seed: 5 });
      for (let step = 1; ; step++) {
        const next = bicycle.step(hold(observation));
        observation = next.observation;
        if (next.terminated || next.truncated) return step;
      }
    };
    expect(ride(() => [0, 0])).toBeLessThan(300);
    const within = (value: number): number => Math.min(Math.max(value, -1), 1);
    expect(
      ride(([theta, turn, omega, fall]) => [
        within(49 * (omega ?? 0) + 16 * (fall ?? 0) - 9.5 * (theta ?? 0) - 1.8 * (turn ?? 0)),
        within(-19 * (omega ?? 0) - 7 * (fall ?? 0)),
      ]),
    ).toBe(1000);
  });

  test("refuses what does not fit", () => {
    const environment = new rl.CartPole();
    expect(() => environment.step(0)).toThrow(/CartPole\.step: call reset first/);
    environment.reset();
    expect(() => environment.step(2)).toThrow(/CartPole\.step: expected an action of Discrete\(2\), got 2/);
    expect(() => environment.reset({ options: { lo: 1 } })).toThrow(/lo/);
    expect(() => environment.reset({ options: { low: 1, high: 0 } })).toThrow(
      /expected low ≤ high, got 1 and 0/,
    );
    expect(() => {
      environment.state = [1, 2];
    }).toThrow(/expected a state of 4 finite numbers, got an array of 2/);
    environment.state = [0, 0, 0.2, 1];
    environment.step(0);
    expect(() => environment.step(0)).toThrow(/the episode has ended after 1 steps; call reset first/);
    expect(() => new rl.Pendulum({ maxEpisodeSteps: 0 })).toThrow(/Pendulum: expected maxEpisodeSteps/);
  });
});
