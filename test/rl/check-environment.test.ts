import { describe, expect, test } from "vitest";
import { Generator } from "../../lib/index.js";
import { Box, checkEnvironment, Discrete, type Environment, type ResetOptions } from "../../lib/rl/index.js";

/** A point that is moved by chance and by actions, for five steps. */
class Walk implements Environment<ArrayLike<number>, number> {
  readonly observationSpace = new Box(-10, 10);
  readonly actionSpace = new Discrete(2);
  readonly chance = new Generator(0);
  at = 0;
  steps = 0;

  reset({ seed }: ResetOptions = {}) {
    if (seed !== undefined) this.chance.seed(seed);
    [this.at, this.steps] = [0, 0];
    return { observation: [this.at], info: {} };
  }

  step(action: number) {
    this.at += action - Number(this.chance.uniform([1]).data[0]);
    const terminated = ++this.steps === 5;
    return { observation: [this.at], reward: 1, terminated, truncated: false, info: {} };
  }
}

type Result = ReturnType<Walk["step"]>;

/** A walk whose third step gives something else. */
const third = (change: (result: Result) => unknown): Walk =>
  new (class extends Walk {
    override step(action: number) {
      const result = super.step(action);
      return (this.steps === 3 ? change(result) : result) as Result;
    }
  })();

const without = (name: string) => ({ ...new Walk(), reset: () => {}, step: () => {}, [name]: undefined });

describe("checkEnvironment", () => {
  test("has nothing to say of an environment that keeps its contract", () => {
    checkEnvironment(new Walk());
    checkEnvironment(new Walk(), { steps: 3, seed: 7 });
  });

  const complaints: [what: string, environment: unknown, message: RegExp][] = [
    ["no environment", 1, /^checkEnvironment: expected an environment, got 1/],
    ["no space", without("actionSpace"), /expected actionSpace to be a space, such as .*, got undefined/],
    ["no reset", without("reset"), /expected reset to be a function, got undefined/],
    ["no step", without("step"), /expected step to be a function, got undefined/],
    [
      "an observation outside its space",
      third((r) => ({ ...r, observation: [11] })),
      /step 3: .* got \[11\]/,
    ],
    [
      "NaN",
      third((r) => ({ ...r, observation: [Number.NaN] })),
      /step 3: expected an observation of Box.*NaN/,
    ],
    ["another shape", third((r) => ({ ...r, observation: [0, 0] })), /step 3: .* got \[0, 0\]/],
    [
      "a reward that is no number",
      third((r) => ({ ...r, reward: "1" })),
      /step 3: expected reward to be a finite/,
    ],
    [
      "an end that is no truth",
      third((r) => ({ ...r, terminated: 0 })),
      /step 3: expected terminated to be true/,
    ],
    ["an info that is no object", third((r) => ({ ...r, info: 1 })), /step 3: expected info to be an object/],
    ["nothing", third(() => undefined), /step 3: expected \{ observation, info \}, got undefined/],
    [
      "an array that is written again",
      new (class extends Walk {
        readonly seen = [0];
        override reset(options: ResetOptions) {
          this.seen[0] = 0;
          return { ...super.reset(options), observation: this.seen };
        }
        override step(action: number) {
          const result = super.step(action);
          this.seen[0] = this.at;
          return { ...result, observation: this.seen };
        }
      })(),
      /step 1: the observation that was given before has changed: give a new array each time/,
    ],
    [
      "a seed that is not used",
      new (class extends Walk {
        override reset() {
          return super.reset({});
        }
      })(),
      /reset\(\{ seed: 0 \}\) and the same actions gave another episode the second time, from step 1 on/,
    ],
  ];

  test.each(complaints)("complains of %s", (_, environment, message) => {
    expect(() => checkEnvironment(environment as Walk)).toThrow(
      expect.objectContaining({ name: "EnvironmentError", message: expect.stringMatching(message) }),
    );
  });
});
