import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  arange,
  compile,
  DTypeError,
  Generator,
  loadStateSync,
  OptionError,
  ops,
  ShapeError,
  saveStateSync,
  setThreads,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from "../../lib/index.js";
import {
  CartPole,
  type ReplayBatch,
  ReplayBuffer,
  type ReplayBufferOptions,
  type ReplayBufferStateDict,
  TensorEnvironment,
} from "../../lib/rl/index.js";

afterEach(() => setThreads(2));

const NAMES = ["observation", "action", "reward", "nextObservation", "terminated"] as const;

const OPTIONS: Readonly<Record<string, ReplayBufferOptions>> = {
  "numbered actions": { observationShape: [3] },
  "actions of floats and images": {
    observationShape: [2, 2, 3],
    actionShape: [2],
    actionDType: "float32",
  },
  "observations of one number": { observationShape: [], actionShape: [1], actionDType: "float32" },
};

/** Steps of n environments by chance. */
function stepsOf(n: number, generator: Generator, options: ReplayBufferOptions): ReplayBatch {
  const { observationShape, actionShape = [], actionDType = "int32" } = options;
  return {
    observation: generator.normal([n, ...observationShape]),
    action: ops.to(ops.mul(generator.uniform([n, ...actionShape]), 100), actionDType),
    reward: generator.normal([n]),
    nextObservation: generator.normal([n, ...observationShape]),
    terminated: ops.less(generator.uniform([n]), 0.25),
  };
}

const listsOf = (batch: ReplayBatch) => NAMES.map((name) => batch[name].toArray() as unknown[]);

/** The same in a list of rows. */
class Twin {
  rows: unknown[][] = [];
  position = 0;
  constructor(readonly capacity: number) {}

  append(batch: ReplayBatch): void {
    const lists = listsOf(batch);
    for (let i = 0; i < batch.reward.size; i++) {
      this.rows[this.position] = lists.map((list) => list[i]);
      this.position = (this.position + 1) % this.capacity;
    }
  }

  sample(batchSize: number, generator: Generator): unknown[][] {
    const chances = [...generator.uniform([batchSize], { dtype: "float64" }).data];
    const picked = chances.map((u) => this.rows[Math.floor((u as number) * this.rows.length)] as unknown[]);
    return NAMES.map((_, k) => picked.map((row) => row[k]));
  }
}

describe.each(Object.entries(OPTIONS))("a replay buffer for %s", (_, options) => {
  test.each([
    [7, 3],
    [8, 4],
    [5, 5],
    [6, 1],
  ])("of %i rows keeps the last of those that come by %i, as a list does", (capacity, n) => {
    const [buffer, twin] = [new ReplayBuffer(capacity, options), new Twin(capacity)];
    const compiled = new ReplayBuffer(capacity, options);
    const append = compile((...parts: Tensor[]) =>
      compiled.append(Object.fromEntries(NAMES.map((name, i) => [name, parts[i]])) as unknown as ReplayBatch),
    );
    const sample = compile(() => {
      const batch = compiled.sample(9, inside);
      return NAMES.map((name) => batch[name]);
    });
    const [steps, chance, same, inside] = [1, 2, 2, 2].map((seed) => new Generator(seed)) as [
      Generator,
      Generator,
      Generator,
      Generator,
    ];
    for (let i = 0; i < 9; i++) {
      const batch = stepsOf(n, steps, options);
      buffer.append(batch);
      append(...NAMES.map((name) => batch[name]));
      twin.append(batch);
      expect(buffer.length).toBe(twin.rows.length);
      const expected = twin.sample(9, chance);
      expect(listsOf(buffer.sample(9, same))).toEqual(expected);
      expect(sample().map((part) => part.toArray())).toEqual(expected);
    }
  });

  test("is kept in a file and taken up again with the same bits, half full and full", () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-replay-"));
    try {
      const file = join(folder, "buffer.safetensors");
      for (const appends of [0, 2, 5]) {
        const [first, second] = [new ReplayBuffer(7, options), new ReplayBuffer(7, options)];
        const steps = new Generator(3);
        for (let i = 0; i < appends; i++) first.append(stepsOf(3, steps, options));
        second.append(stepsOf(7, steps, options));
        saveStateSync(file, first.stateDict());
        second.loadStateDict(loadStateSync(file) as unknown as ReplayBufferStateDict);
        expect(second.length).toBe(first.length);
        const next = stepsOf(2, steps, options);
        for (const buffer of [first, second]) buffer.append(next);
        const [a, b] = [first, second].map((buffer) => listsOf(buffer.sample(20, new Generator(4))));
        expect(a).toEqual(b);
        expect(first.stateDict().reward.size).toBe(first.length);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("rows are drawn uniformly from those that are filled, and from no others", () => {
  for (const filled of [10, 16]) {
    const buffer = new ReplayBuffer(16, { observationShape: [] });
    const numbers = arange(filled, { dtype: "float32" });
    const action = ops.to(numbers, "int32");
    const terminated = zeros([filled], { dtype: "bool" });
    buffer.append({ observation: numbers, action, reward: numbers, nextObservation: numbers, terminated });
    const counts = new Array<number>(16).fill(0);
    const draws = 20_000;
    for (const value of buffer.sample(draws, new Generator(11)).action.data)
      counts[Number(value)] = (counts[Number(value)] as number) + 1;
    expect(counts.slice(filled)).toEqual(new Array(16 - filled).fill(0));
    const mean = draws / filled;
    const chiSquare = counts.slice(0, filled).reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // The 99.9 % point of χ² with 9 and with 15 degrees of freedom.
    expect(chiSquare).toBeLessThan(filled === 10 ? 27.9 : 37.7);
  }
});

test("a whole step in the engine, with dynamics, rows and a batch, is the eager one to the bit", async () => {
  const run = () => {
    const environments = new TensorEnvironment(new CartPole().dynamics, 3, { seed: 5 });
    const buffer = new ReplayBuffer(20, { observationShape: [4] });
    const chance = new Generator(6);
    return {
      buffer,
      step: (actions: Tensor) => {
        const observation = environments.observe();
        const { finalObservation, reward, terminated } = environments.step(ops.reshape(actions, [3]));
        buffer.append({
          observation,
          action: ops.reshape(actions, [3]),
          reward,
          nextObservation: finalObservation,
          terminated,
        });
        const batch = buffer.sample(8, chance);
        return ops.add(ops.sum(batch.nextObservation), ops.sum(ops.where(batch.terminated, 0, batch.reward)));
      },
    };
  };
  const actions = ops.to(ops.less(new Generator(7).uniform([60, 3]), 0.5), "int32");
  const eager = run();
  const expected = Array.from({ length: 60 }, (_, t) =>
    eager.step(ops.indexSelect(actions, 0, tensor(Int32Array.of(t)))).item(),
  );
  const order = arange(60, { dtype: "int32" });
  for (const threads of [1, 2]) {
    setThreads(threads);
    const { buffer, step } = run();
    const log = await compile(step).loopAsync([actions], order, 1);
    expect([...log.data]).toEqual(expected);
    expect(listsOf(buffer.stateDict())).toEqual(listsOf(eager.buffer.stateDict()));
    expect(buffer.stateDict().position).toBe(0);
    expect(buffer.stateDict().terminated.toArray()).toContain(true);
  }
});

test("a program that appends to a large buffer needs memory for the rows alone", () => {
  const buffer = new ReplayBuffer(200_000, { observationShape: [8] });
  const step = compile((observation: Tensor) =>
    buffer.append({
      observation,
      action: zeros([1], { dtype: "int32" }),
      reward: zeros([1]),
      nextObservation: ops.mul(observation, 2),
      terminated: zeros([1], { dtype: "bool" }),
    }),
  );
  expect(step.arenaBytes(zeros([1, 8]))).toBeLessThan(2000);
});

describe("ReplayBuffer", () => {
  const options = { observationShape: [2] } as const;
  const good = (n: number): ReplayBatch => stepsOf(n, new Generator(1), options);

  test("refuses what it cannot hold, and changes nothing", () => {
    const buffer = new ReplayBuffer(4, options);
    buffer.append(good(2));
    const before = listsOf(buffer.stateDict());
    const refuse = (rows: unknown, kind: new (...args: never[]) => Error, message: string): void => {
      expect(() => buffer.append(rows as ReplayBatch)).toThrow(kind);
      expect(() => buffer.append(rows as ReplayBatch)).toThrow(message);
    };
    refuse(good(5), ShapeError, "ReplayBuffer.append: expected at most 4 rows, the capacity, got 5");
    refuse(null, ArgumentError, "ReplayBuffer.append: expected tensors by name, got null");
    refuse({ ...good(1), reward: 1 }, ArgumentError, "reward");
    refuse({ ...good(1), reward: zeros([1, 1]) }, ShapeError, "expected reward of shape [n], got [1, 1]");
    refuse(
      { ...good(1), nextObservation: zeros([1, 3]) },
      ShapeError,
      "expected nextObservation of shape [1, 2], got [1, 3]",
    );
    refuse({ ...good(1), action: zeros([1]) }, DTypeError, "expected action of int32, got float32");
    refuse({ ...good(1), terminated: zeros([1]) }, DTypeError, "expected terminated of bool, got float32");
    expect(listsOf(buffer.stateDict())).toEqual(before);
  });

  test("refuses a state that is not its own, and changes nothing", () => {
    const buffer = new ReplayBuffer(4, options);
    buffer.append(good(2));
    const state = buffer.stateDict();
    const before = listsOf(state);
    const refuse = (changes: object, kind: new (...args: never[]) => Error): void =>
      expect(() => buffer.loadStateDict({ ...state, ...changes })).toThrow(kind);
    refuse({ capacity: 5 }, ArgumentError);
    refuse({ position: 1 }, ArgumentError);
    refuse({ position: 4 }, ArgumentError);
    refuse({ ...good(5), position: 0 }, ArgumentError);
    refuse({ observation: zeros([3, 2]) }, ShapeError);
    refuse({ reward: zeros([2], { dtype: "float64" }) }, DTypeError);
    expect(listsOf(buffer.stateDict())).toEqual(before);
  });

  test("refuses options that do not exist or make no sense", () => {
    expect(() => new ReplayBuffer(0, options)).toThrow(ArgumentError);
    expect(() => new ReplayBuffer(2.5, options)).toThrow(ArgumentError);
    expect(() => new ReplayBuffer(4, { observationShape: [-1] })).toThrow(ShapeError);
    expect(() => new ReplayBuffer(4, { observationShape: [1], actionDtype: "int32" } as never)).toThrow(
      OptionError,
    );
    expect(() => new ReplayBuffer(4, { observationShape: [1], actionDType: "bool" } as never)).toThrow(
      ArgumentError,
    );
  });

  test("refuses to draw from an empty buffer, from no generator, and no rows", () => {
    const buffer = new ReplayBuffer(4, options);
    expect(() => buffer.sample(2, new Generator(0))).toThrow(
      "ReplayBuffer.sample: the buffer is empty; append steps first",
    );
    buffer.append(good(1));
    expect(() => buffer.sample(2, 0 as never)).toThrow(ArgumentError);
    expect(() => buffer.sample(0, new Generator(0))).toThrow(ArgumentError);
    buffer.clear();
    expect(buffer.length).toBe(0);
    expect(() => buffer.sample(2, new Generator(0))).toThrow(ArgumentError);
  });

  test("its length cannot be read while a function is traced", () => {
    const buffer = new ReplayBuffer(4, options);
    expect(() => compile(() => zeros([buffer.length]))()).toThrow(TraceError);
  });
});
