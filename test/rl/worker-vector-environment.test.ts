import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { Environment, WorkerVectorEnvironment, WorkerVectorOptions } from "../../lib/rl/index.js";
import * as sources from "../../lib/rl/index.js";

// Threads run what is compiled.
const COMPILED = new URL("./rl/index.js", `file://${process.env["THALWEG_TEST_LIBRARY"]}`).href;
const rl = (await import(COMPILED)) as typeof sources;
const { Generator } = (await import(
  new URL("../index.js", COMPILED).href
)) as typeof import("../../lib/index.js");
const GAMES = new URL("./worker-games.mjs", import.meta.url);
const { Walk } = (await import(GAMES.href)) as {
  Walk: new (trouble: Trouble | undefined, index: number) => Environment;
};
const open: WorkerVectorEnvironment[] = [];

interface Trouble {
  readonly index: number;
  readonly step: number;
  readonly what: "throw" | "nan" | "exit" | "later" | "hang" | "function in info";
}

async function start(options: WorkerVectorOptions, module = GAMES): Promise<WorkerVectorEnvironment> {
  const made = await rl.WorkerVectorEnvironment.start(module, options);
  open.push(made);
  return made;
}

const folder = mkdtempSync(join(tmpdir(), "thalweg-games-"));
const inFolder = (name: string): string => join(folder, name);

afterEach(async () => {
  for (const one of open.splice(0)) await one.close().catch(() => undefined);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What a call ends with; null where it may go well and does. */
async function failure(call: Promise<unknown>, mayGoWell = false): Promise<Error | null> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null || !mayGoWell) expect(error).toMatchObject({ code: "ERR_ENVIRONMENT" });
  return error as Error | null;
}

const messageOf = async (call: Promise<unknown>): Promise<string | undefined> =>
  (await failure(call))?.message;

describe("environments in threads", () => {
  test("the same seeds give the same bits as in this thread, for any number of threads", async () => {
    const n = 3;
    const one = await start({ n, workers: 1 });
    const each = await start({ n, workers: 3 });
    const two = await start({ n, workers: 2 });
    const here = new rl.SyncVectorEnvironment((i) => new Walk(undefined, i), { n });
    const started = here.reset({ seed: 11 });
    for (const other of [one, two, each]) expect(await other.reset({ seed: 11 })).toEqual(started);
    const chance = new Generator(2);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let step = 0; step < 70; step++) {
      const actions = Array.from({ length: n }, () => here.actionSpace.sample(chance));
      const expected = here.step(actions);
      for (const other of [one, two, each]) expect(await other.step(actions)).toEqual(expected);
    }
    clearInterval(timer);
    // The event loop goes on meanwhile.
    expect(ticks).toBeGreaterThan(3);
    // A reset without a seed goes on with the numbers that follow.
    const next = here.reset();
    expect(next.observation).not.toEqual(started.observation);
    for (const other of [one, two, each]) expect(await other.reset()).toEqual(next);
    expect(`${two.observationSpace}`).toBe(`${here.observationSpace}`);
    expect(`${two.actionSpace}`).toBe(`${here.actionSpace}`);
  });

  test("a notice that comes after its command is done is no second command", async () => {
    const n = 2;
    const all = await start({ n, workers: 2 });
    const here = new rl.SyncVectorEnvironment((i) => new Walk(undefined, i), { n });
    here.reset({ seed: 3 });
    const notify = Atomics.notify.bind(Atomics);
    // As where the system runs this thread for a while only after its workers have seen the command.
    const spy = vi.spyOn(Atomics, "notify").mockImplementation((words, index, count) => {
      if (index === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
      return notify(words, index, count);
    });
    try {
      await all.reset({ seed: 3 });
      const actions = [
        [2, 0],
        [0, 4],
      ];
      for (let step = 0; step < 20; step++) expect(await all.step(actions)).toEqual(here.step(actions));
    } finally {
      spy.mockRestore();
    }
  });

  test.each([
    ["discrete", [-1, 2], [1, 0, 0, 0, 0, 0, 0, 1]],
    ["binary", [[1, 0, 0, 1], Uint8Array.of(0, 1, 0, 1)], [1, 0, 0, 1, 0, 1, 0, 1]],
    ["scalar", [[0.1], [-1]], [Math.fround(0.1), -1]],
  ])("actions and observations of a %s space go through shared memory", async (data, actions, numbers) => {
    const all = await start({ n: 2, workers: 1, data, exportName: "ofKind" });
    await all.reset();
    expect([...(await all.step(actions)).observation]).toEqual(numbers);
  });

  test("a call at a time, and none after close", async () => {
    const all = await start({ n: 2, workers: 2 });
    expect(
      await messageOf(
        all.step([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toMatch(/step: call reset first/);
    const reset = all.reset();
    expect(await messageOf(all.reset())).toMatch(/the call before has not ended; await it first/);
    await reset;
    await expect(all.step([[0, 0]])).rejects.toThrow(/expected a list of 2 actions, got an array of 1/);
    await expect(
      all.step([
        [0, 0],
        [0, 5],
      ]),
    ).rejects.toThrow(/expected action 1 to be one of MultiDiscrete/);
    expect(
      (
        await all.step([
          [0, 0],
          [2, 4],
        ])
      ).reward.length,
    ).toBe(2);
    await all.close();
    await all.close();
    expect(
      await messageOf(
        all.step([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toMatch(/it was closed/);
    expect(await messageOf(all.reset())).toMatch(/it was closed/);
  });
});

describe("trouble in a thread", () => {
  const ZERO = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];

  /** Steps into the trouble, and on after a reset. */
  async function meets(trouble: Trouble): Promise<Error | null> {
    const all = await start({ n: 3, workers: 2, data: trouble });
    await all.reset({ seed: 1 });
    for (let step = 1; step < trouble.step; step++) await all.step(ZERO);
    let error = await failure(all.step(ZERO), trouble.what === "later");
    // A thread that ends between two steps does so in its own time.
    for (let i = 0; error === null && i < 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      error = await failure(all.step(ZERO), true);
    }
    expect(await messageOf(all.step(ZERO))).toMatch(/it has failed; call reset first/);
    const here = new rl.SyncVectorEnvironment((i) => new Walk(undefined, i), { n: 3 });
    here.reset({ seed: 5 });
    await all.reset({ seed: 5 });
    expect((await all.step(ZERO)).observation).toEqual(here.step(ZERO).observation);
    return error;
  }

  const messageMet = async (trouble: Trouble): Promise<string | undefined> => (await meets(trouble))?.message;

  test("an environment that throws", async () => {
    const error = await meets({ index: 2, step: 33, what: "throw" });
    expect(error?.message).toBe("Walk 2: step 33 (3 of its episode): RangeError: off the board");
    expect(error?.cause).toBeInstanceOf(RangeError);
  });

  test("an observation outside its space", async () => {
    const message = await messageMet({ index: 0, step: 2, what: "nan" });
    expect(message).toBe(
      "Walk 0: step 2 (2 of its episode): expected an observation of Box(-1000, 1000, [2]), got [NaN, 0]",
    );
  });

  test("an info that is not data", async () => {
    const message = await messageMet({ index: 1, step: 2, what: "function in info" });
    expect(message).toMatch(
      /^Walk 1: step 2 \(2 of its episode\): expected an info that can be sent to another thread: DataCloneError/,
    );
  });

  test("a thread that ends in a step", async () => {
    const message = await messageMet({ index: 1, step: 4, what: "exit" });
    expect(message).toBe("Walk 1: step 4: its thread ended with exit code 3");
  });

  test("a reset without a seed after an error begins the episodes that it begins in this thread", async () => {
    const trouble = { index: 1, step: 1 } as const;
    const all = await start({ n: 3, workers: 2, data: { ...trouble, what: "exit" } });
    const here = new rl.SyncVectorEnvironment((i) => new Walk({ ...trouble, what: "throw" }, i), { n: 3 });
    const first = await all.reset();
    expect(first).toEqual(here.reset());
    await failure(all.step(ZERO));
    expect(() => here.step(ZERO)).toThrow("off the board");
    const { observation } = await all.reset();
    expect(observation).toEqual(here.reset().observation);
    expect(observation).not.toEqual(first.observation);
  });

  test("a thread that ends between steps", async () => {
    const error = await meets({ index: 2, step: 1, what: "later" });
    expect(error?.message).toMatch(/^environments 1 to 2: between calls: RangeError: in a timer/);
    expect(error?.cause).toBeInstanceOf(Error);
  });

  test("close ends a step that does not end", async () => {
    const all = await start({ n: 1, workers: 1, data: { index: 0, step: 1, what: "hang" } });
    await all.reset();
    const step = failure(all.step([[0, 0]]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await all.close();
    expect((await step)?.message).toBe("WorkerVectorEnvironment.step: it was closed");
  });

  test("a close that throws ends the threads nevertheless", async () => {
    const all = await start({ n: 1, exportName: "Closing" });
    const message = "Closing 0: close: RangeError: cannot be closed";
    expect(await messageOf(all.close())).toBe(message);
    expect(await messageOf(all.close())).toBe(message);
  });

  test("threads that have closed their environments wait for the others", async () => {
    const file = inFolder("closed");
    const all = await start({ n: 3, workers: 3, exportName: "ClosingLate", data: file });
    await all.reset();
    await all.close();
    expect([...readFileSync(file, "utf8")].sort()).toEqual(["0", "1", "2"]);
  });

  test("a close that does not end is ended, for all who wait for it", async () => {
    const all = await start({ n: 2, workers: 2, exportName: "ClosingNever", closeTimeout: 200 });
    await all.reset();
    const message = "ClosingNever 0, ClosingNever 1: close: expected it to end within 200 ms";
    expect(await Promise.all([messageOf(all.close()), messageOf(all.close())])).toEqual([message, message]);
  });

  test("close ends threads that are started again", async () => {
    const file = inFolder("never");
    const all = await start({ n: 2, workers: 2, exportName: "StartingNever", data: file });
    await all.reset();
    expect(await messageOf(all.step([0, 0]))).toMatch(/its thread ended with exit code 3/);
    writeFileSync(file, "");
    const reset = messageOf(all.reset());
    await new Promise((resolve) => setTimeout(resolve, 50));
    await all.close();
    expect(await reset).toBe("WorkerVectorEnvironment.reset: it was closed");
  });
});

describe("a module that makes no environments", () => {
  test.each([
    [
      "notAFunction",
      'expected the export "notAFunction" to be a class or function that makes an environment, got 3',
    ],
    ["missing", 'expected the export "missing" to be a class or function'],
    ["different", "MountainCar 2: expected observationSpace to be that of the first environment"],
    ["ending", "expected each thread to make its environments within 60000 ms"],
  ])("%s", async (exportName, message) => {
    expect(await messageOf(start({ n: 4, workers: 2, exportName }))).toContain(message);
  });

  test.each([
    ["throw new RangeError('no board');", "the module: RangeError: no board"],
    ["export default () => { throw 'no board'; }", "environment 0: threw no board"],
    ["export default () => ({})", "environment 0: expected observationSpace to be a space"],
    [
      `import { WorkerVectorEnvironment } from ${JSON.stringify(COMPILED)}; await WorkerVectorEnvironment.start(import.meta.url, { n: 1 });`,
      "WorkerVectorEnvironment: it was started in a thread of its own",
    ],
    ["await new Promise(() => setInterval(() => {}, 1e6))", "within 3000 ms: one takes longer"],
  ])("%s", async (source, message) => {
    const module = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    expect(await messageOf(start({ n: 1, startTimeout: 3000 }, module))).toContain(message);
  });

  test("is refused before a thread begins", async () => {
    const refuses = async (module: unknown, options: unknown, message: RegExp): Promise<void> => {
      const call = rl.WorkerVectorEnvironment.start(module as URL, options as WorkerVectorOptions);
      await expect(call).rejects.toThrow(message);
      await expect(call).rejects.toMatchObject({ name: expect.stringMatching(/^(Argument|Option)Error$/) });
    };
    await refuses("./game.js", { n: 1 }, /expected the address of a module/);
    await refuses(new URL("https://example.org/game.js"), { n: 1 }, /expected the address of a module/);
    await refuses(GAMES, undefined, /expected an object of options/);
    await refuses(GAMES, { n: 0 }, /expected n to be a whole number ≥ 1/);
    await refuses(GAMES, { n: 2, workers: 3 }, /expected workers to be a whole number ≥ 1 and ≤ 2, got 3/);
    await refuses(GAMES, { n: 1, threads: 3 }, /unknown option "threads"/);
    await refuses(GAMES, { n: 1, data: () => 1 }, /expected data that can be sent to a thread/);
    await refuses(GAMES, { n: 1, exportName: 1 }, /expected exportName to be a name/);
    await refuses(GAMES, { n: 1, startTimeout: 0 }, /expected startTimeout/);
  });
});

test("a TypeScript module is made into environments, by the sources of the library as well", async () => {
  const module = new URL("./typescript-game.ts", import.meta.url);
  const all = await sources.WorkerVectorEnvironment.start(module, { n: 1, exportName: "short" });
  await all.reset();
  const steps = [await all.step([0]), await all.step([1]), await all.step([0])];
  expect(steps.map(({ truncated }) => truncated[0])).toEqual([0, 0, 1]);
  await all.close();
});

test("threads that wait do not keep the process alive", () => {
  const source = `
    import { WorkerVectorEnvironment } from ${JSON.stringify(COMPILED)};
    const game = "export { CartPole as default } from " + ${JSON.stringify(JSON.stringify(COMPILED))};
    const module = new URL("data:text/javascript," + encodeURIComponent(game));
    const all = await WorkerVectorEnvironment.start(module, { n: 2, workers: 2 });
    await all.reset();
    console.log((await all.step([0, 1])).reward.join());
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", source], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(output).toBe("1,1\n");
});
