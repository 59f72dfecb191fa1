import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Generator, ops, setThreads, type Tensor, tensor, zeros } from "../../../lib/index.js";
import { features } from "../../../lib/rl/agents/observed.js";
import {
  Box,
  CartPole,
  Discrete,
  DQN,
  type Environment,
  encodeObservation,
  MultiBinary,
  MultiDiscrete,
  observationSize,
  PPO,
  type Space,
  type TensorDynamics,
  TensorEnvironment,
} from "../../../lib/rl/index.js";

beforeEach(() => setThreads(1));
afterEach(() => setThreads(2));

const SPACES: Readonly<Record<string, { readonly space: Space; readonly dtype: "int32" | "float32" }>> = {
  Box: { space: new Box(-1, 1, { shape: [2, 2] }), dtype: "float32" },
  "Box of a number": { space: new Box(-1, 1, { shape: [] }), dtype: "float32" },
  Discrete: { space: new Discrete(3, { start: 2 }), dtype: "int32" },
  MultiDiscrete: { space: new MultiDiscrete([2, 3]), dtype: "int32" },
  MultiBinary: { space: new MultiBinary([2, 2]), dtype: "int32" },
};

const numbersOf = (member: unknown): number[] =>
  typeof member === "number" ? [member] : Array.from(member as ArrayLike<number>);

for (const [name, { space, dtype }] of Object.entries(SPACES)) {
  describe(`observations of ${name}`, () => {
    const members = Array.from({ length: 8 }, (_, i) => space.sample(new Generator(i)));

    test("are the same numbers in ops as in JavaScript", () => {
      const size = observationSize(space);
      const expected = new Float32Array(8 * size);
      members.forEach((one, i) => {
        encodeObservation(space, one, expected, i * size);
      });
      const given = tensor(members.flatMap(numbersOf), { dtype }).reshape([8, ...space.shape]);
      const seen = features(space, given);
      expect(seen.dtype).toBe("float32");
      expect(Array.from(seen.data)).toEqual(Array.from(expected));
    });

    /** Shows always the same, in ops. */
    const still: TensorDynamics = {
      name: "Still",
      observationSpace: space as Space<ArrayLike<number>>,
      actionSpace: new Discrete(2),
      maxEpisodeSteps: 4,
      begin: (n, _, of) => [zeros([n], { dtype: of })],
      advance: ([state]) => {
        const now = state as Tensor;
        return { state: [ops.add(now, 1)], reward: ops.add(now, 1), terminated: ops.greater(now, 9) };
      },
      observe: ([state]) => {
        const n = (state as Tensor).shape[0] as number;
        const row = tensor(numbersOf(members[0]), { dtype }).reshape([1, ...space.shape]);
        return ops.concat(new Array<Tensor>(n).fill(row), 0);
      },
    };

    /** The same in JavaScript. */
    class Still implements Environment<unknown, number> {
      readonly observationSpace = space;
      readonly actionSpace = new Discrete(2);
      #steps = 0;
      reset() {
        this.#steps = 0;
        return { observation: members[0], info: {} };
      }
      step() {
        this.#steps++;
        return {
          observation: members[0],
          reward: this.#steps,
          terminated: false,
          truncated: this.#steps === 4,
          info: {},
        };
      }
    }

    test("are learnt from, in ops and in JavaScript", async () => {
      for (const environment of [new TensorEnvironment(still, 2), () => new Still()]) {
        const ppo = new PPO<unknown, number>(environment, {
          environments: 2,
          rolloutSteps: 8,
          batchSize: 16,
        });
        const dqn = new DQN<unknown, number>(environment, { environments: 2, learningStarts: 8 });
        for (const agent of [ppo, dqn]) {
          await agent.learn({ steps: 32 });
          expect((await agent.evaluate({ episodes: 2 })).meanReturn).toBe(10);
          expect([0, 1]).toContain(agent.predict(members[0]));
        }
      }
    });
  });
}

test("environments of float64 in ops are refused, since networks take float32", () => {
  const environment = new TensorEnvironment(new CartPole().dynamics, 2, { dtype: "float64" });
  expect(() => new PPO(environment)).toThrow(
    "PPO: expected a TensorEnvironment of float32, got one of float64",
  );
});
