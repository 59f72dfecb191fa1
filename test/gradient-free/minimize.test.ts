import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { minimize } from "../../lib/gradient-free/index.js";
import { ArgumentError, OptionError, ops, tensor } from "../../lib/index.js";

const sphere = (x: Float64Array): number => x.reduce((sum, xi) => sum + xi * xi, 0);
const OPTIONS = { method: "random-search", maxEvaluations: 200 } as const;

describe("a function that throws", () => {
  const throwing =
    (error: unknown) =>
    (x: Float64Array): number => {
      if (sphere(x) < 5) throw error;
      return sphere(x);
    };
  const thrownBy = async (error: unknown): Promise<unknown> =>
    minimize(throwing(error), [3, 4], OPTIONS).then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    );

  test("ends it with its own error and the best so far", async () => {
    const error = new RangeError("mine");
    expect(await thrownBy(error)).toBe(error);
    const { best } = error as RangeError & { best: { x: Float64Array; value: number } };
    expect(best.value).toBe(sphere(best.x));
    expect(best.value).toBeLessThan(25);
  });

  test("ends it with what it threw as it is, if that is no object, is frozen or has a best of its own", async () => {
    expect(await thrownBy("text")).toBe("text");
    expect(await thrownBy(null)).toBe(null);
    const frozen = Object.freeze(new Error("frozen"));
    expect(await thrownBy(frozen)).toBe(frozen);
    const own = Object.assign(new Error("own"), { best: 1 });
    expect(await thrownBy(own)).toBe(own);
    expect(own.best).toBe(1);
  });

  test("has the best of the last call on an error that it throws twice", async () => {
    const error = new Error("again");
    await thrownBy(error);
    const first = (error as Error & { best?: unknown }).best;
    await minimize(throwing(error), [2, 4], { ...OPTIONS, seed: 3 }).catch(() => {});
    expect((error as Error & { best?: unknown }).best).not.toBe(first);
  });
});

test("its function may keep and change the array it gets", async () => {
  const kept: Float64Array[] = [];
  const copies: Float64Array[] = [];
  const changed = await minimize(
    (x) => {
      const value = sphere(x);
      x.fill(Number.NaN);
      return value;
    },
    [3, 4],
    OPTIONS,
  );
  const plain = await minimize(
    (x) => {
      kept.push(x);
      copies.push(x.slice());
      return sphere(x);
    },
    [3, 4],
    OPTIONS,
  );
  expect(changed).toEqual(plain);
  expect(kept).toEqual(copies);
  expect(new Set(kept.map((x) => x.buffer)).size).toBe(kept.length);
});

test("takes tensors for the start and for values", async () => {
  const plain = await minimize(sphere, [3, 4], OPTIONS);
  const x0 = tensor([3, 4], { dtype: "float64" });
  const byTensors = await minimize((x) => ops.sum(ops.square(tensor(x))), x0, OPTIONS);
  const batched = await minimize(
    (points, count) => ops.sum(ops.square(tensor(points, { shape: [count, 2] })), { dim: 1 }),
    x0,
    { ...OPTIONS, batched: true },
  );
  expect(byTensors.value).toBeCloseTo(plain.value, 12);
  expect(batched.value).toBeCloseTo(plain.value, 12);
});

test("refuses what is no number as a value, and says what came", async () => {
  await expect(minimize((() => "1") as never, [3, 4], OPTIONS)).rejects.toThrow(
    'minimize: expected f to give a number, got "1"',
  );
  await expect(minimize((async () => undefined) as never, [3, 4], OPTIONS)).rejects.toThrow(ArgumentError);
  await expect(minimize((() => [1]) as never, [3, 4], { ...OPTIONS, batched: true })).rejects.toThrow(
    "minimize: expected f to give 16 numbers, one for each point, got 1",
  );
});

test("refuses bad options of its own and names the one that was meant", async () => {
  const bad = (options: unknown): Promise<unknown> => minimize(sphere, [1], options as typeof OPTIONS);
  await expect(bad({ ...OPTIONS, sginal: 1 })).rejects.toThrow('did you mean "signal"?');
  await expect(bad({ ...OPTIONS, tolx: 1 })).rejects.toThrow(OptionError);
  for (const options of [
    null,
    { method: "none" },
    { ...OPTIONS, batched: 1 },
    { ...OPTIONS, signal: {} },
    { ...OPTIONS, onGeneration: 1 },
    { ...OPTIONS, state: {} },
  ]) {
    await expect(bad(options)).rejects.toThrow(ArgumentError);
  }
  await expect(minimize(1 as never, [1], OPTIONS)).rejects.toThrow(
    "minimize: expected f to be a function, got 1",
  );
});

test("is ended by a signal, with its reason", async () => {
  const reason = new Error("enough");
  let calls = 0;
  const count = (x: Float64Array): number => {
    calls++;
    return sphere(x);
  };
  await expect(minimize(count, [3, 4], { ...OPTIONS, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
  expect(calls).toBe(0);
  const control = new AbortController();
  const running = minimize(count, [3, 4], {
    method: "random-search",
    sampling: "fixed",
    maxEvaluations: 1e9,
    signal: control.signal,
  });
  await setTimeout(30);
  control.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(calls).toBeGreaterThan(0);
  expect(reason).not.toHaveProperty("best");
});

test("lets the event loop have its turn while a plain function runs", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  let calls = 0;
  await minimize(
    () => {
      for (const end = performance.now() + 1; performance.now() < end; );
      return calls++;
    },
    [3, 4],
    OPTIONS,
  );
  clearInterval(timer);
  expect(turns).toBeGreaterThan(1);
});

test("tells of each generation, in the history and to onGeneration, and waits for it", async () => {
  const told: number[] = [];
  const { history, evaluations, generations } = await minimize(sphere, [3, 4], {
    ...OPTIONS,
    onGeneration: async ({ generation, x, best }) => {
      await setTimeout(1);
      expect(sphere(x)).toBe(best);
      told.push(generation);
    },
  });
  expect(told).toEqual(history.map(({ generation }) => generation));
  expect(generations).toBe(12);
  expect(evaluations).toBe(200);
  expect(history.map((one) => one.evaluations)).toEqual(told.map((g) => 16 * g));
});

test("gives x0 and NaN if no value was finite", async () => {
  const { x, value, reason } = await minimize(() => Number.NaN, [3, 4], { method: "random-search" });
  expect([...x]).toEqual([3, 4]);
  expect(value).toBeNaN();
  expect(reason).toBe("notFinite");
});
