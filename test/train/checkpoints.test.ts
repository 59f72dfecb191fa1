import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ArgumentError,
  accuracy,
  BusyError,
  type CheckpointReport,
  cost,
  type EpochReport,
  FileError,
  type FitOptions,
  fit,
  loadCheckpoint,
  manualSeed,
  nn,
  OptionError,
  optim,
  rand,
  randn,
  saveCheckpoint,
  tensor,
} from "../../lib/index.js";
import { encodeState } from "../../lib/keeping/state-file.js";
import { readState, writeState } from "../../lib/keeping/store.js";
import { library, runModule } from "../child.js";

const root = mkdtempSync(join(tmpdir(), "thalweg-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});
const inFolder = (name: string): string => join(folder, name);

interface Made {
  readonly model: nn.Linear;
  readonly options: FitOptions;
}

/** A training of 4 mini-batches an epoch. */
function make(seed = 0, more: Partial<FitOptions> = {}): Made {
  manualSeed(seed);
  const model = new nn.Linear(3, 2);
  const x = randn([14, 3]);
  const y = tensor(
    Array.from({ length: 14 }, (_, i) => i % 2),
    { dtype: "int32" },
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  return {
    model,
    options: {
      data: { x, y },
      cost: cost.crossEntropy,
      optimizer,
      epochs: 3,
      batchSize: 4,
      seed: 0,
      ...more,
    },
  };
}

const weights = ({ model }: Made): number[] => model.parameters().flatMap((one) => [...one.data]);

/** Trains, and waits for each checkpoint before the next step, so that none is dropped. */
async function train(made: Made, more: Partial<FitOptions>): Promise<CheckpointReport[]> {
  const told: CheckpointReport[] = [];
  let due = 0;
  await fit(made.model, {
    ...made.options,
    onBatch: async () => {
      while (due > told.length) await new Promise((done) => setTimeout(done, 1));
    },
    ...more,
    state: {
      extra: () => {
        due++;
      },
    },
    onCheckpoint: (report) => {
      told.push(report);
    },
  });
  return told;
}

describe("checkpoints are written", () => {
  const path = (): string => inFolder("run.safetensors");

  test.each<[string, object | undefined, number[]]>([
    ["after each epoch", undefined, [4, 8, 12]],
    ["after some epochs, and at the end", { epochs: 2 }, [8, 12]],
    ["after some steps, and at the end", { steps: 5 }, [5, 10, 12]],
    ["after each step", { steps: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ["only at the end, if an hour is too long", { seconds: 3600 }, [12]],
    ["whenever the time is over", { seconds: 0 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  ])("%s", async (_, every, steps) => {
    const told = await train(make(), {
      checkpoint: { path: path(), ...(every === undefined ? {} : { every }) },
    });
    expect(told.map(({ step }) => step)).toEqual(steps);
    expect(told.map(({ epoch, batch }) => 4 * (epoch - 1) + batch)).toEqual(steps);
    expect(new Set(told.map((report) => report.path))).toEqual(new Set([path()]));
    expect(readdirSync(folder)).toEqual(["run.safetensors"]);
    expect((await loadCheckpoint(path())).position).toEqual({ epoch: 3, batch: 4, step: 12 });
  });

  test("and as many of the newest are kept as are wanted", async () => {
    const made = make();
    const newest: number[][] = [];
    await train(made, {
      checkpoint: { path: path(), every: { steps: 3 }, keep: 2 },
      onEpoch: async () => {
        newest.push(
          readdirSync(folder).flatMap((name) => /step(\d+)/.exec(name)?.slice(1).map(Number) ?? []),
        );
      },
    });
    expect(newest.map((all) => all.length)).toEqual([1, 2, 2]);
    expect(readdirSync(folder).sort()).toEqual([
      "run-step12.safetensors",
      "run-step9.safetensors",
      "run.safetensors",
    ]);
    expect((await loadCheckpoint(inFolder("run-step9.safetensors"))).position?.step).toBe(9);
    // A resumed run goes on with those that the run before has kept.
    await fit(made.model, {
      ...made.options,
      epochs: 4,
      resume: true,
      checkpoint: { path: path(), keep: 2 },
    });
    expect(readdirSync(folder).sort()).toEqual([
      "run-step12.safetensors",
      "run-step16.safetensors",
      "run.safetensors",
    ]);
  });

  test("and none but the newest, if a resumed run keeps less", async () => {
    const made = make();
    await train(made, { checkpoint: { path: path(), keep: 3 } });
    expect(readdirSync(folder)).toHaveLength(4);
    await fit(made.model, { ...made.options, epochs: 4, resume: true, checkpoint: { path: path() } });
    expect(readdirSync(folder)).toEqual(["run.safetensors"]);
  });

  test("and those of another run are left alone", async () => {
    await train(make(), { checkpoint: { path: path(), keep: 2 } });
    writeFileSync(inFolder("run-step1.safetensors"), "");
    await train(make(), { checkpoint: { path: path(), every: { epochs: 2 }, keep: 1 } });
    expect(readdirSync(folder).sort()).toEqual([
      "run-step1.safetensors",
      "run-step12.safetensors",
      "run-step8.safetensors",
      "run.safetensors",
    ]);
  });

  test.each<[string, { monitor?: string; mode?: "min" | "max" }, (report: EpochReport) => number]>([
    ["the validation loss, if there is one", {}, ({ validation }) => validation?.["loss"] as number],
    ["a metric", { monitor: "accuracy", mode: "max" }, ({ metrics }) => -(metrics["accuracy"] as number)],
    [
      "a metric of the validation set",
      { monitor: "validation.accuracy", mode: "max" },
      ({ validation }) => -(validation?.["accuracy"] as number),
    ],
    ["the loss, the largest", { monitor: "loss", mode: "max" }, ({ loss }) => -loss],
  ])("and the best is kept, by %s", async (_, best, figure) => {
    const made = make(1, { epochs: 6, metrics: { accuracy } });
    made.options.optimizer.lr = 5;
    const reports: EpochReport[] = [];
    const told = await train(made, {
      validation: make(5).options.data,
      checkpoint: { path: path(), every: { epochs: 4 }, best },
      onEpoch: (report) => void reports.push(report),
    });
    const figures = reports.map(figure);
    const isRecord = figures.map((value, i) => figures.slice(0, i).every((before) => value < before));
    expect(told.filter(({ isBest }) => isBest).map(({ epoch }) => epoch)).toEqual(
      isRecord.flatMap((one, i) => (one ? [i + 1] : [])),
    );
    const found = await loadCheckpoint(inFolder("run-best.safetensors"));
    expect(found.position?.epoch).toBe(isRecord.lastIndexOf(true) + 1);
    expect((await loadCheckpoint(path())).position?.epoch).toBe(6);
  });

  test("and a figure that is not a number is never the best", async () => {
    const made = make();
    const told = await train(made, {
      metrics: { odd: (y) => y.sum().mul(Number.NaN) },
      checkpoint: { path: path(), best: { monitor: "odd", mode: "min" } },
    });
    expect(told.some(({ isBest }) => isBest)).toBe(false);
    expect(readdirSync(folder)).toEqual(["run.safetensors"]);
  });

  test("and change no bit of the training", async () => {
    const [plain, kept] = [make(0, { batchSize: 1 }), make(0, { batchSize: 1 })];
    await fit(plain.model, plain.options);
    const steps: number[] = [];
    await fit(kept.model, {
      ...kept.options,
      checkpoint: { path: path(), every: { steps: 3 } },
      onCheckpoint: ({ step }) => void steps.push(step),
    });
    expect(weights(kept)).toEqual(weights(plain));
    // Some may have been dropped for newer ones; none is taken a step late.
    expect(steps.filter((step) => step % 3 !== 0)).toEqual([]);
    expect(steps.at(-1)).toBe(42);
  });

  test("and a newer copy takes the place of one that waits, but for the best", async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const told: string[] = [];
    const made = make(0, { epochs: 5 });
    await fit(made.model, {
      ...made.options,
      metrics: {},
      checkpoint: { path: path(), every: { steps: 1 }, best: { monitor: "loss", mode: "min" }, keep: 9 },
      onEpoch: ({ epoch }) => {
        // The best one is that of epoch 2: after it the rate is too high.
        if (epoch === 2) made.options.optimizer.lr = 1e3;
        if (epoch === 5) release();
      },
      onCheckpoint: async ({ step, isBest }) => {
        told.push(`${step}${isBest ? " best" : ""}`);
        if (step === 1) await gate;
      },
    });
    expect(told).toEqual(["1", "8 best", "20"]);
    expect(readdirSync(folder).sort()).toEqual([
      "run-best.safetensors",
      "run-step1.safetensors",
      "run-step20.safetensors",
      "run-step8.safetensors",
      "run.safetensors",
    ]);
    expect((await loadCheckpoint(inFolder("run-best.safetensors"))).position?.step).toBe(8);
  });
});

describe("a training goes on", () => {
  test("from nothing where there is no file, and from the file where there is one", async () => {
    const path = inFolder("a");
    const whole = make();
    const expected = await fit(whole.model, whole.options);
    const first = make(0, { epochs: 2 });
    await fit(first.model, { ...first.options, resume: true, checkpoint: { path } });
    const second = make(3);
    const { data } = whole.options;
    const history = await fit(second.model, { ...second.options, data, resume: true, checkpoint: { path } });
    expect(weights(second)).toEqual(weights(whole));
    expect(history.map(({ loss }) => loss)).toEqual(expected.map(({ loss }) => loss));
    // It is over: nothing is trained.
    const third = make(4);
    expect(await fit(third.model, { ...third.options, resume: path })).toEqual(history);
    expect(weights(third)).toEqual(weights(whole));
  });

  test("with other data and batches, if the epoch was over", async () => {
    const path = inFolder("a");
    const made = make();
    await fit(made.model, { ...made.options, checkpoint: { path } });
    const other = make(1);
    const data = { x: randn([6, 3]), y: tensor([0, 1, 0, 1, 0, 1], { dtype: "int32" }) };
    const more = { data, batchSize: 3, epochs: 5, shuffle: false };
    expect(await fit(other.model, { ...other.options, ...more, resume: path })).toHaveLength(5);
  });

  test("and says where, before the first step", async () => {
    const path = inFolder("a");
    const made = make();
    await fit(made.model, {
      ...made.options,
      epochs: 2,
      checkpoint: { path },
      state: { extra: () => ({ a: 1 }) },
    });
    const seen: unknown[] = [];
    const other = make();
    await fit(other.model, {
      ...other.options,
      resume: path,
      onResume: (report) => void seen.push(report),
      onBatch: ({ epoch, batch }) => void seen.push([epoch, batch]),
    });
    expect(seen).toEqual([
      { path, epoch: 2, batch: 4, step: 8, extra: { a: 1 } },
      [3, 1],
      [3, 2],
      [3, 3],
      [3, 4],
    ]);
  });
});

describe("what does not fit is refused before anything has changed", () => {
  /** A checkpoint in the middle of an epoch, with a schedule. */
  async function broken(path: string): Promise<void> {
    const made = make();
    const schedules = [new optim.StepLR(made.options.optimizer, { stepSize: 5 })];
    const run = fit(made.model, {
      ...made.options,
      seed: 4,
      state: { schedules },
      checkpoint: { path, every: { steps: 2 } },
      onCheckpoint: () => {
        throw new Error("broken off");
      },
    });
    await expect(run).rejects.toThrow("broken off");
  }

  test.each<[string, (made: Made) => Partial<FitOptions> & { model?: nn.Module }, RegExp]>([
    [
      "another model",
      () => ({ model: new nn.Linear(3, 2, { bias: false }) }),
      /bias is nothing; the checkpoint has/,
    ],
    [
      "another optimizer",
      ({ model }) => ({ optimizer: new optim.Adam(model.parameters()) }),
      /optimizer: Adam; the checkpoint has SGD/,
    ],
    ["no schedule", () => ({ state: {} }), /the checkpoint has schedules, for which none are given/],
    [
      "another schedule",
      ({ options }) => ({ state: { schedules: [new optim.ExponentialLR(options.optimizer, { gamma: 1 })] } }),
      /schedules: ExponentialLR; the checkpoint has StepLR/,
    ],
    [
      "another number of samples",
      () => ({ data: { x: randn([13, 3]), y: tensor(Array(13).fill(0), { dtype: "int32" }) } }),
      /in the middle of an epoch: samples 13; the checkpoint has 14/,
    ],
    [
      "another batch size",
      () => ({ batchSize: 5 }),
      /in the middle of an epoch: batchSize 5; the checkpoint has 4/,
    ],
    ["no shuffling", () => ({ shuffle: false }), /order as it is; the checkpoint has shuffled/],
    ["another seed", () => ({ seed: 5 }), /seed 5; the checkpoint has 4/],
    ["other metrics", () => ({ metrics: { accuracy } }), /figures loss, accuracy; the checkpoint has loss/],
  ])("%s", async (_, change, message) => {
    const path = inFolder("a");
    await broken(path);
    const made = make(7);
    const schedules = [new optim.StepLR(made.options.optimizer, { stepSize: 5 })];
    const { model = made.model, ...options } = change(made);
    const optimizer =
      model === made.model ? made.options.optimizer : new optim.SGD(model.parameters(), { momentum: 0.9 });
    const before = [weights(made), made.options.optimizer.lr];
    manualSeed(3);
    const drawn = [...rand([2]).data];
    manualSeed(3);
    const all = {
      ...made.options,
      optimizer,
      state: { schedules },
      validation: made.options.data,
      ...options,
    };
    const failing = fit(model, { ...all, resume: path });
    await expect(failing).rejects.toThrow(ArgumentError);
    await expect(failing).rejects.toThrow(message);
    expect([weights(made), made.options.optimizer.lr]).toEqual(before);
    expect([...rand([2]).data]).toEqual(drawn);
  });

  test.each<[string, Partial<FitOptions>, (path: string) => Promise<unknown>]>([
    ["no file", {}, async () => {}],
    ["a checkpoint that fit did not write", {}, (path) => saveCheckpoint(path, {})],
    ["a path that cannot be written", { checkpoint: { path: "/none/a" } }, async () => {}],
  ])("%s, with the optimizer's states as they were", async (_, more, prepare) => {
    const path = inFolder("a");
    await prepare(path);
    const { model, options } = make();
    const { optimizer } = options;
    const before = JSON.stringify(optimizer.stateDict());
    await expect(fit(model, { ...options, ...more, resume: path })).rejects.toThrow();
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
    await fit(model, options);
    const trained = JSON.stringify(optimizer.stateDict());
    expect(trained).not.toBe(before);
    await expect(fit(model, { ...options, ...more, resume: path })).rejects.toThrow();
    expect(JSON.stringify(optimizer.stateDict())).toBe(trained);
  });

  test("a history that is none", async () => {
    const path = inFolder("a");
    const { model, options } = make();
    await fit(model, { ...options, checkpoint: { path } });
    const tree = (await readState("test", path)) as { fit: { history: object[] } };
    for (const wrong of [
      { loss: "1" },
      { epoch: null },
      { seconds: [] },
      { metrics: 1 },
      { validation: { loss: "" } },
    ]) {
      const history = tree.fit.history.map((report) => ({ ...report, ...wrong }));
      const changed = { ...tree, fit: { ...tree.fit, history } };
      await writeState("test", path, encodeState("test", changed));
      await expect(fit(model, { ...options, resume: path })).rejects.toThrow(/does not say where fit was/);
    }
  });

  test("a checkpoint that fit did not write", async () => {
    const path = inFolder("a");
    const { model, options } = make();
    await saveCheckpoint(path, { model, optimizer: options.optimizer });
    await expect(fit(model, { ...options, resume: path })).rejects.toThrow(/does not say where fit was/);
  });

  test.each<[string, object, new (message: string) => Error, RegExp]>([
    ["no path", { checkpoint: {} }, ArgumentError, /expected the path of a file, got undefined/],
    ["a misspelt option", { checkpoint: { path: "a", evry: {} } }, OptionError, /did you mean "every"/],
    ["no interval", { checkpoint: { path: "a", every: {} } }, ArgumentError, /expected every to have one of/],
    [
      "two",
      { checkpoint: { path: "a", every: { steps: 1, epochs: 1 } } },
      ArgumentError,
      /every to have one of/,
    ],
    ["no whole number", { checkpoint: { path: "a", every: { steps: 1.5 } } }, ArgumentError, /every\.steps/],
    ["keep 0", { checkpoint: { path: "a", keep: 0 } }, ArgumentError, /keep to be a whole number ≥ 1/],
    [
      "a figure that there is not",
      { checkpoint: { path: "a", best: { monitor: "validation.loss" } } },
      ArgumentError,
      /monitor to be one of "loss", "accuracy"/,
    ],
    [
      "a metric without a mode",
      { checkpoint: { path: "a", best: { monitor: "accuracy" } } },
      ArgumentError,
      /mode \(for accuracy\) to be one of "min", "max"/,
    ],
    ["resume: true without a path", { resume: true }, ArgumentError, /which is not given/],
    ["resume of a number", { resume: 1 }, ArgumentError, /expected the path of a file/],
    ["extra that is no function", { state: { extra: 1 } }, ArgumentError, /extra of state to be a function/],
    ["a state of the model", { state: { model: 1 } }, OptionError, /unknown option "model"/],
    ["onCheckpoint that is no function", { onCheckpoint: 1 }, ArgumentError, /onCheckpoint to be a function/],
  ])("%s", async (_, options, kind, message) => {
    const made = make(0, { metrics: { accuracy } });
    const before = weights(made);
    const failing = fit(made.model, { ...made.options, ...options });
    await expect(failing).rejects.toThrow(kind);
    await expect(failing).rejects.toThrow(message);
    expect(weights(made)).toEqual(before);
    expect(existsSync("a")).toBe(false);
  });
});

describe("a failure rejects the training", () => {
  test("of a write, with the checkpoint before intact", async () => {
    const path = inFolder("inner/a");
    const { mkdirSync } = await import("node:fs");
    mkdirSync(inFolder("inner"));
    const made = make(0, { epochs: 1000 });
    let written = 0;
    const failing = fit(made.model, {
      ...made.options,
      checkpoint: { path },
      onCheckpoint: () => {
        if (++written === 2) rmSync(inFolder("inner"), { recursive: true });
      },
    });
    await expect(failing).rejects.toThrow(FileError);
    await expect(failing).rejects.toThrow(/fit: .* could not be written: the folder for it does not exist/);
    expect(written).toBe(2);
    // The model may be trained again.
    await fit(made.model, { ...made.options, epochs: 1 });
  });

  test("of the callback", async () => {
    const made = make(0, { epochs: 1000 });
    const failing = fit(made.model, {
      ...made.options,
      checkpoint: { path: inFolder("a") },
      onCheckpoint: () => {
        throw new RangeError("full");
      },
    });
    await expect(failing).rejects.toThrow(RangeError);
  });

  test("by the first error, and nothing is written after it", async () => {
    const made = make(0, { epochs: 1000 });
    const told: number[] = [];
    let fail = (): void => {};
    const failed = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const failing = fit(made.model, {
      ...made.options,
      checkpoint: { path: inFolder("a"), every: { steps: 2 } },
      onCheckpoint: ({ step }) => {
        told.push(step);
        fail();
        throw new RangeError(`after step ${step}`);
      },
      // A checkpoint is due after this epoch.
      onEpoch: async () => {
        await failed;
        await new Promise((done) => setTimeout(done, 20));
      },
    });
    await expect(failing).rejects.toThrow("after step 2");
    expect(told).toEqual([2]);
    expect((await loadCheckpoint(inFolder("a"))).position?.step).toBe(2);
  });

  test("of what cannot be kept", async () => {
    const made = make();
    const options = { checkpoint: { path: inFolder("a") }, state: { extra: () => () => {} } };
    await expect(fit(made.model, { ...made.options, ...options })).rejects.toThrow(/a function at "extra"/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("if another training writes there, at once", async () => {
    const [one, other] = [make(), make()];
    const checkpoint = { path: inFolder("a") };
    const first = fit(one.model, { ...one.options, checkpoint });
    const second = fit(other.model, { ...other.options, checkpoint });
    await expect(second).rejects.toThrow(BusyError);
    await expect(second).rejects.toThrow(/another run of this process/);
    expect(await first).toHaveLength(3);
    await fit(other.model, { ...other.options, checkpoint });
  });
});

test("a training that ends by an error still writes the best that waits", async () => {
  const made = make(0, { epochs: 1000 });
  const told: string[] = [];
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const failing = fit(made.model, {
    ...made.options,
    checkpoint: { path: inFolder("a"), every: { steps: 1 }, best: {} },
    onCheckpoint: async ({ step, isBest }) => {
      told.push(`${step}${isBest ? " best" : ""}`);
      if (step === 1) await gate;
    },
    onBatch: ({ epoch, batch }) => {
      if (epoch !== 2 || batch !== 3) return;
      setTimeout(release, 20);
      throw new RangeError("ended");
    },
  });
  await expect(failing).rejects.toThrow("ended");
  expect(told).toEqual(["1", "4 best", "6"]);
  expect((await loadCheckpoint(inFolder("a-best"))).position?.step).toBe(4);
  expect(readdirSync(folder).sort()).toEqual(["a", "a-best"]);
});

test("a training that is aborted ends its write and unlocks the path", async () => {
  const made = make(0, { epochs: 1000 });
  const abort = new AbortController();
  const failing = fit(made.model, {
    ...made.options,
    signal: abort.signal,
    checkpoint: { path: inFolder("a"), every: { steps: 1 } },
    onCheckpoint: () => abort.abort(),
  });
  await expect(failing).rejects.toThrow(/abort/);
  expect(readdirSync(folder)).toEqual(["a"]);
  await loadCheckpoint(inFolder("a"));
});

describe("without checkpoints", () => {
  test("no state is taken, and no thread starts", async () => {
    const made = make();
    const taken = vi.spyOn(made.model, "stateDict");
    const ofOptimizer = vi.spyOn(made.options.optimizer, "stateDict");
    const snapshot = vi.spyOn(made.options.optimizer, "snapshot");
    await fit(made.model, made.options);
    for (const spy of [taken, ofOptimizer, snapshot]) expect(spy).not.toHaveBeenCalled();
    const { stdout, stderr } = await runModule(`
      const threads = process.getBuiltinModule("node:worker_threads");
      const { Worker } = threads;
      let started = 0;
      threads.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          started++;
        }
      };
      const { fit, nn, optim, cost, randn, saveCheckpoint } = await import(${JSON.stringify(library)});
      const model = new nn.Linear(1, 1);
      await fit(model, { data: { x: randn([8, 1]), y: randn([8, 1]) }, cost: cost.mse,
        optimizer: new optim.SGD(model.parameters()), epochs: 2 });
      console.log(started);
      await saveCheckpoint(${JSON.stringify(inFolder("a"))}, { model });
      console.log(started);
    `);
    expect({ stdout, stderr }).toEqual({ stdout: "0\n1\n", stderr: "" });
  });
});
