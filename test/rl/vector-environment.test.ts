import { describe, expect, test } from "vitest";
import { ArgumentError, EnvironmentError, Generator, OptionError } from "../../lib/index.js";
import * as rl from "../../lib/rl/index.js";

/** Counts to 3 in each episode; what is `broken` comes at that step of all. */
class Counter implements rl.Environment<ArrayLike<number>, number> {
  readonly observationSpace = new rl.Box(0, 1000);
  readonly actionSpace = new rl.Discrete(2);
  closed = 0;
  #count = 0;
  #steps = 0;
  readonly #first: number;
  readonly #broken: ReadonlyMap<number, unknown>;

  constructor(first = 0, broken: ReadonlyMap<number, unknown> = new Map()) {
    this.#first = first;
    this.#broken = broken;
  }

  reset({ seed }: rl.ResetOptions = {}) {
    this.#count = this.#first + (seed ?? 0);
    return { observation: [this.#count], info: { begun: this.#count } };
  }

  step(action: number): rl.Transition<ArrayLike<number>> {
    this.#count += 1 + action;
    const broken = this.#broken.get(++this.#steps);
    if (broken instanceof Error) throw broken;
    const terminated = this.#steps % 3 === 0;
    const good = { observation: [this.#count], reward: action, terminated, truncated: false, info: {} };
    return { ...good, info: terminated ? { score: this.#count } : {}, ...(broken as object | undefined) };
  }

  close(): void {
    this.closed++;
  }
}

describe("environments one after the other", () => {
  test("each has its own seed, and begins anew in the step in which it ends", () => {
    const all = new rl.SyncVectorEnvironment((i) => new Counter(100 * i), { n: 3 });
    const start = all.reset({ seed: 5 });
    expect([...start.observation]).toEqual([5, 106, 207]);
    expect(start.infos).toEqual([{ begun: 5 }, { begun: 106 }, { begun: 207 }]);
    all.step([0, 1, 0]);
    const second = all.step(Int32Array.of(1, 1, 0));
    expect([...second.observation]).toEqual([8, 110, 209]);
    expect(second.finalObservation).toBe(second.observation);
    expect([...second.reward]).toEqual([1, 1, 0]);
    expect([...second.terminated, ...second.truncated]).toEqual([0, 0, 0, 0, 0, 0]);
    const third = all.step([0, 0, 0]);
    expect([...third.terminated]).toEqual([1, 1, 1]);
    expect([...third.finalObservation]).toEqual([9, 111, 210]);
    expect([...third.observation]).toEqual([0, 100, 200]);
    expect(third.finalInfos).toEqual([{ score: 9 }, { score: 111 }, { score: 210 }]);
    expect(third.infos).toEqual([{ begun: 0 }, { begun: 100 }, { begun: 200 }]);
    // What was given before is the caller's.
    expect([...second.observation]).toEqual([8, 110, 209]);
  });

  test("rows of environments that go on are the same in both observations", () => {
    const all = new rl.SyncVectorEnvironment([
      () => new rl.CartPole({ maxEpisodeSteps: 2 }),
      new rl.CartPole(),
    ]);
    all.reset({ seed: 0 });
    all.step([0, 0]);
    const { observation, finalObservation, truncated } = all.step([1, 1]);
    expect([...truncated]).toEqual([1, 0]);
    expect(finalObservation.subarray(4)).toEqual(observation.subarray(4));
    expect(finalObservation.subarray(0, 4)).not.toEqual(observation.subarray(0, 4));
  });

  test("is what the environments give alone", () => {
    const n = 4;
    const all = new rl.SyncVectorEnvironment(() => new rl.Pendulum({ maxEpisodeSteps: 20 }), { n });
    const alone = Array.from({ length: n }, () => new rl.Pendulum({ maxEpisodeSteps: 20 }));
    const chance = new Generator(3);
    const first = alone.map((one, i) => one.reset({ seed: 7 + i }).observation);
    expect([...all.reset({ seed: 7 }).observation]).toEqual(first.flatMap((row) => [...row]));
    for (let step = 1; step <= 45; step++) {
      const actions = alone.map((one) => one.actionSpace.sample(chance));
      const given = all.step(actions);
      alone.forEach((one, i) => {
        const own = one.step(actions[i] as ArrayLike<number>);
        const row = (of: Float32Array) => of.subarray(3 * i, 3 * i + 3);
        expect(row(given.finalObservation)).toEqual(own.observation);
        expect(given.reward[i]).toBe(own.reward);
        expect(given.truncated[i]).toBe(Number(step % 20 === 0));
        expect(row(given.observation)).toEqual(own.truncated ? one.reset().observation : own.observation);
      });
    }
  });

  test("an environment gets a list of its own as action", () => {
    const seen: unknown[] = [];
    class Keeps extends rl.Pendulum {
      override step(action: ArrayLike<number>) {
        seen.push(action);
        return super.step(action);
      }
    }
    const all = new rl.SyncVectorEnvironment(() => new Keeps());
    all.reset({ seed: 0 });
    const action = [1.5];
    all.step([action]);
    action[0] = 9;
    expect(seen).toEqual([Float32Array.of(1.5)]);
  });
});

test("infos are the caller's, whatever the environment does with its own", () => {
  const info = { begun: 0 };
  class Writing extends Counter {
    override reset(options?: rl.ResetOptions) {
      info.begun = -1;
      return { ...super.reset(options), info };
    }
    override step(action: number) {
      info.begun += 10;
      return { ...super.step(action), info };
    }
  }
  const all = new rl.SyncVectorEnvironment([new Writing()]);
  const start = all.reset();
  all.step([0]);
  all.step([0]);
  expect(all.step([0]).finalInfos).toEqual([{ begun: 29 }]);
  expect(start.infos).toEqual([{ begun: -1 }]);
  expect(() => rl.checkEnvironment(new Writing())).toThrow(
    "step 1: the info that was given before has changed: give a new object each time",
  );
});

test("a reset without a seed after an error gives new episodes, whatever came before", () => {
  const broken = new Map([[2, new RangeError("off")]]);
  const all = new rl.SyncVectorEnvironment((i) => new Counter(0, i === 1 ? broken : undefined), { n: 2 });
  all.reset({ seed: 7 });
  all.step([0, 0]);
  expect(() => all.step([0, 0])).toThrow(/Counter 1: step 2/);
  expect([...all.reset().observation]).toEqual([9, 10]);
  expect([...all.reset().observation]).toEqual([0, 0]);
});

describe("an environment that breaks its contract", () => {
  const breaks = (broken: unknown): string => {
    const all = new rl.SyncVectorEnvironment((i) => new Counter(0, new Map(i === 1 ? [[5, broken]] : [])), {
      n: 3,
    });
    all.reset({ seed: 0 });
    for (let step = 1; step <= 4; step++) all.step([0, 0, 0]);
    let message = "";
    try {
      all.step([0, 0, 0]);
    } catch (error) {
      expect(error).toBeInstanceOf(EnvironmentError);
      if (broken instanceof Error) expect((error as Error).cause).toBe(broken);
      message = (error as Error).message;
    }
    expect(() => all.step([0, 0, 0])).toThrow(/SyncVectorEnvironment\.step: it has failed; call reset first/);
    // It goes on from the next reset.
    all.reset({ seed: 1 });
    expect(all.step([0, 0, 0]).observation.length).toBe(3);
    return message;
  };

  test.each([
    [{ observation: [Number.NaN] }, "expected an observation of Box(0, 1000, [1]), got [NaN]"],
    [{ observation: [1, 2] }, "expected an observation of Box(0, 1000, [1]), got [1, 2]"],
    [{ reward: "1" }, 'expected reward to be a finite number, got "1"'],
    [{ reward: Number.NaN }, "expected reward to be a finite number, got NaN"],
    [{ terminated: 0 }, "expected terminated to be true or false, got 0"],
    [{ truncated: undefined }, "expected truncated to be true or false, got undefined"],
    [{ info: 3 }, "expected info to be an object, got 3"],
    [new TypeError("no such field"), "TypeError: no such field"],
  ])("%o", (broken, message) => {
    expect(breaks(broken)).toBe(`Counter 1: step 5 (2 of its episode): ${message}`);
  });

  test("in reset", () => {
    class Late extends Counter {
      #resets = 0;
      override reset(options?: rl.ResetOptions) {
        return this.#resets++ === 1 ? { observation: [-1], info: { begun: 0 } } : super.reset(options);
      }
    }
    const all = new rl.SyncVectorEnvironment([new Counter(), new Late()]);
    all.reset({ seed: 0 });
    all.step([0, 0]);
    all.step([0, 0]);
    expect(() => all.step([0, 0])).toThrow("Late 1: reset after step 3: expected an observation of Box");
    expect(() => new rl.SyncVectorEnvironment([{ reset() {} } as never])).toThrow(
      "environment 0: expected observationSpace to be a space",
    );
    const shapeless = { sample: () => 0, contains: () => true };
    expect(() => new rl.SyncVectorEnvironment([{ observationSpace: shapeless } as never])).toThrow(
      "environment 0: expected observationSpace to be a space",
    );
  });
});

test("refuses what does not fit", () => {
  const make = () => new Counter();
  expect(() => new rl.SyncVectorEnvironment(3 as never)).toThrow(ArgumentError);
  expect(() => new rl.SyncVectorEnvironment([])).toThrow(/expected n to be a whole number ≥ 1/);
  expect(() => new rl.SyncVectorEnvironment([make], { n: 2 })).toThrow(
    /expected n to be the list's length, 1, got 2/,
  );
  expect(() => new rl.SyncVectorEnvironment(make, { count: 2 } as never)).toThrow(OptionError);
  const one = make();
  expect(() => new rl.SyncVectorEnvironment([one, one])).toThrow(/got the same one more than once/);
  expect(() => new rl.SyncVectorEnvironment([one, new rl.CartPole()])).toThrow(
    "CartPole 1: expected observationSpace to be that of the first environment, Box(0, 1000, [1]), got Box([",
  );
  const all = new rl.SyncVectorEnvironment([one, make]);
  expect(() => all.step([0, 0])).toThrow(/SyncVectorEnvironment\.step: call reset first/);
  expect(() => all.reset({ seed: -1 })).toThrow(/expected seed/);
  all.reset();
  expect(() => all.step([0])).toThrow(/expected a list of 2 actions, got an array of 1/);
  expect(() => all.step([0, 2])).toThrow(/expected action 1 to be one of Discrete\(2\), got 2/);
  expect(all.step([0, 1]).reward).toEqual(Float64Array.of(0, 1));
  all.close();
  all.close();
  expect(one.closed).toBe(1);
  expect(() => all.step([0, 0])).toThrow(/it was closed/);
  expect(() => all.reset()).toThrow(/it was closed/);
});

describe("observations as numbers", () => {
  test.each([
    ["Box", new rl.Box(-1, 1, { shape: [2, 2] }), [0.5, -1, 0.1, 1], [0.5, -1, Math.fround(0.1), 1]],
    ["Discrete", new rl.Discrete(3, { start: -1 }), 1, [0, 0, 1]],
    ["MultiDiscrete", new rl.MultiDiscrete([2, 3]), [1, 0], [0, 1, 1, 0, 0]],
    ["MultiBinary", new rl.MultiBinary([2, 2]), [1, 0, 0, 1], [1, 0, 0, 1]],
  ])("%s", (_, space, observation, numbers) => {
    expect(rl.observationSize(space)).toBe(numbers.length);
    const out = new Float32Array(numbers.length + 2).fill(9);
    rl.encodeObservation(space as rl.Space, observation, out, 1);
    expect([...out]).toEqual([9, ...numbers, 9]);
  });

  test("refuses other spaces, observations outside, and too short an array", () => {
    const space: rl.Space = { shape: [], sample: () => "a", contains: (_): _ is unknown => true };
    expect(() => rl.observationSize(space)).toThrow(/expected a space of observations that is a Box/);
    class Box extends rl.Discrete {}
    const other = Object.setPrototypeOf({}, Object.create({ constructor: Box })) as rl.Space;
    expect(() => rl.observationSize(other)).toThrow(/of another copy of thalweg$/);
    const discrete = new rl.Discrete(3);
    const out = new Float32Array(3);
    expect(() => rl.encodeObservation(discrete, 3, out)).toThrow(
      /expected an observation of Discrete\(3\), got 3/,
    );
    expect(() => rl.encodeObservation(discrete, 0, out, 1)).toThrow(/expected room for 3 numbers from 1 on/);
    expect(() => rl.encodeObservation(discrete, 0, [] as never)).toThrow(/expected out to be a Float32Array/);
    expect(() => new rl.MultiBinary(0)).toThrow(/MultiBinary: expected at least one element/);
    expect(() => new rl.MultiBinary(1.5)).toThrow(/MultiBinary/);
  });

  test("MultiBinary samples both numbers in its shape", () => {
    const space = new rl.MultiBinary([8, 8]);
    const sample = space.sample(new Generator(1));
    expect(space.contains(sample)).toBe(true);
    expect(new Set(sample)).toEqual(new Set([0, 1]));
    expect([...sample].reduce((sum, value) => sum + value)).toBeGreaterThan(16);
    expect(`${space}`).toBe("MultiBinary([8, 8])");
  });
});
