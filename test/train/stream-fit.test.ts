import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  BusyError,
  cost,
  DataError,
  data,
  type EpochReport,
  type FitOptions,
  fit,
  Generator,
  IndexError,
  manualSeed,
  nn,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 53;
const points = new Generator(3).normal([COUNT, 4]);
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
const samples = { x: points, y: tensor(labels) };
const rows = Array.from(labels, (y, i) => ({ x: Float32Array.from(points.data.slice(4 * i, 4 * i + 4)), y }));
const dtypes = { y: "int32" } as const;

interface Trained {
  readonly history: readonly EpochReport[];
  readonly weights: number[];
}

function make(seed = 0) {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.Dropout(0.2),
    new nn.Tanh(),
    new nn.Linear(8, 3),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.2, momentum: 0.9 });
  return { model, optimizer, options: { cost: cost.crossEntropy, optimizer, epochs: 3 } };
}

const weightsOf = (model: nn.Module): number[] => model.parameters().flatMap((one) => [...one.data]);

async function train(more: Partial<FitOptions> & Pick<FitOptions, "data">): Promise<Trained> {
  const { model, options } = make();
  const history = await fit(model, { ...options, ...more });
  return { history, weights: weightsOf(model) };
}

const figures = ({ history, weights }: Trained) => ({
  weights,
  history: history.map(({ epoch, loss, metrics, validation }) => ({ epoch, loss, metrics, validation })),
});

describe("a stream trains", () => {
  const inMemory = (more: Partial<FitOptions> = {}) =>
    train({ data: samples, shuffle: false, batchSize: 8, ...more });

  test.each<[string, () => data.StreamSource | Promise<data.StreamSource>]>([
    ["an array", () => rows],
    ["lists of rows", () => [rows.slice(0, 20), rows.slice(20)]],
    [
      "an async generator",
      async function* () {
        yield* rows;
      },
    ],
    ["a Node.js stream", () => Readable.from(rows)],
    ["a web stream", () => Readable.toWeb(Readable.from(rows)) as AsyncIterable<data.StreamItem>],
  ])("as the same set in memory, to the bit: %s", async (_, open) => {
    const own = await train({ data: data.stream(open, { batchSize: 8, dtypes }), metrics: ["accuracy"] });
    expect(figures(own)).toEqual(figures(await inMemory({ metrics: ["accuracy"] })));
  });

  test.each<[string, Partial<FitOptions>]>([
    ["accumulate", { accumulate: 3 }],
    ["dropLast", { dropLast: true }],
    ["a callback after each step", { onBatch: () => {} }],
  ])("as the same set in memory with %s", async (_, more) => {
    const own = await train({ data: data.stream(() => rows, { batchSize: 8, dtypes }), ...more });
    expect(figures(own)).toEqual(figures(await inMemory(more)));
  });

  test("shuffled by its buffer, by its seed", async () => {
    const of = (seed: number) =>
      train({ data: data.stream(() => rows, { batchSize: 8, dtypes, shuffleBuffer: 20, seed }) });
    expect(figures(await of(1))).toEqual(figures(await of(1)));
    expect((await of(1)).weights).not.toEqual((await of(2)).weights);
  });

  test("and tells the number of mini-batches from the second epoch on", async () => {
    const told: number[][] = [];
    await train({
      data: data.stream(() => rows, { batchSize: 20, dtypes }),
      epochs: 2,
      onBatch: ({ epoch, batch, batches }) => void told.push([epoch, batch, batches]),
    });
    expect(told).toEqual([
      [1, 1, Infinity],
      [1, 2, Infinity],
      [1, 3, Infinity],
      [2, 1, 3],
      [2, 2, 3],
      [2, 3, 3],
    ]);
  });

  test("the source is opened once for each epoch", async () => {
    const opened: number[] = [];
    const open = (epoch: number) => {
      opened.push(epoch);
      return rows;
    };
    const { model, options } = make();
    const set = data.stream(open, { batchSize: 8, dtypes });
    await fit(model, { ...options, data: set });
    expect(opened).toEqual([0, 1, 2]);
    // A training that goes on has the next ones.
    await fit(model, { ...options, data: set });
    expect(opened).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

/** A source that says when it was closed. */
function watched(close: () => void, give: readonly unknown[] = rows) {
  return async function* () {
    try {
      for (const row of give) {
        await null;
        yield row as data.StreamRow;
      }
    } finally {
      close();
    }
  };
}

describe("the source is closed", () => {
  const close = async (more: Partial<FitOptions>): Promise<number> => {
    let closed = 0;
    const source = watched(() => closed++);
    await train({ data: data.stream(source, { batchSize: 4, dtypes }), ...more }).catch(() => undefined);
    return closed;
  };

  test("after each epoch", async () => expect(await close({})).toBe(3));
  test("where a callback stops", async () => expect(await close({ onBatch: () => "stop" })).toBe(1));
  test("where a callback throws", async () => {
    const throws = () => {
      throw new Error("no");
    };
    expect(await close({ onBatch: throws })).toBe(1);
  });
  test("where the signal is aborted", async () => {
    const controller = new AbortController();
    expect(await close({ signal: controller.signal, onBatch: () => controller.abort() })).toBe(1);
  });
  test("where an option does not fit", async () => expect(await close({ epochs: 0 })).toBe(1));

  test("and a source that is waited for does not hold up an abort", async () => {
    const controller = new AbortController();
    const stuck = new Readable({ objectMode: true, read() {} });
    for (const row of rows.slice(0, 16)) stuck.push(row);
    const run = train({
      data: data.stream(() => stuck, { batchSize: 8, dtypes }),
      signal: controller.signal,
      onBatch: ({ batch }) => {
        if (batch === 2) setTimeout(() => controller.abort(), 5);
      },
    });
    await expect(run).rejects.toThrow(/aborted/);
    expect(stuck.destroyed).toBe(true);
  });
});

describe("an abort is heeded while a mini-batch is waited for", () => {
  const waiting = (given: number) => {
    const source = new Readable({ objectMode: true, read() {} });
    for (const row of rows.slice(0, given)) source.push(row);
    return source;
  };
  const own = (y: Tensor, target: Tensor) => cost.crossEntropy(y, target, { labelSmoothing: 0.1 });
  /** Opens a source in memory at first, where `quick` says so. */
  const opener = (given: number, quick: boolean) => {
    const stuck = waiting(given);
    let opened = 0;
    return {
      stuck,
      set: data.stream(() => (quick && opened++ === 0 ? rows : stuck), { batchSize: 8, dtypes }),
    };
  };
  test.each<
    [string, number, boolean, (set: FitOptions["data"]) => Partial<FitOptions> & Pick<FitOptions, "data">]
  >([
    ["the first one", 3, false, (set) => ({ data: set })],
    ["the first one of a validation", 3, false, (set) => ({ data: samples, validation: set })],
    ["in a validation", 20, true, (set) => ({ data: samples, validation: set })],
    [
      "in a validation with a function of one's own",
      20,
      true,
      (set) => ({ data: samples, validation: set, cost: own }),
    ],
  ])(
    "%s",
    async (_, given, quick, of) => {
      const controller = new AbortController();
      const { stuck, set } = opener(given, quick);
      const run = train({ ...of(set), signal: controller.signal });
      setTimeout(() => controller.abort(), 200);
      await expect(run).rejects.toThrow(/aborted/);
      expect(stuck.destroyed).toBe(true);
    },
    5000,
  );

  test("and where the source is still being opened it is closed afterwards", async () => {
    const controller = new AbortController();
    const stuck = waiting(0);
    let give = (_: Readable): void => {};
    const opening = new Promise<Readable>((resolve) => {
      give = resolve;
    });
    const run = train({ data: data.stream(() => opening, { dtypes }), signal: controller.signal });
    controller.abort();
    await expect(run).rejects.toThrow(/aborted/);
    give(stuck);
    await setImmediate();
    expect(stuck.destroyed).toBe(true);
  }, 5000);
});

describe("an error of the source", () => {
  test("rejects with it and the row, and the weights are those after the last whole step", async () => {
    const gone = new RangeError("the disk is gone");
    const source = async function* () {
      yield* rows.slice(0, 29);
      throw gone;
    };
    const { model, options } = make();
    const run = fit(model, { ...options, data: data.stream(source, { batchSize: 8, dtypes }) });
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toMatchObject({
      message: "stream: epoch 0, row 29: the source failed: the disk is gone",
      cause: gone,
    });
    const whole = make();
    await fit(whole.model, {
      ...whole.options,
      data: data.stream(() => rows.slice(0, 24), { batchSize: 8, dtypes }),
      epochs: 1,
    });
    expect(weightsOf(model)).toEqual(weightsOf(whole.model));
    // And the model can be trained again.
    await fit(model, { ...options, data: samples });
  });

  const bad = (change: object) => rows.map((row, i) => (i === 30 ? { ...row, ...change } : row));
  const set = (source: readonly unknown[], more: data.StreamOptions = {}) =>
    data.stream(() => source as data.StreamRow[], { batchSize: 8, dtypes, ...more });
  const shuffled = { shuffleBuffer: 10 };
  testErrors([
    [
      () => train({ data: set(bad({ x: Float32Array.of(1, 2, NaN, 4) })) }),
      DataError,
      /NaN .*\(row 30 of epoch 0 of the stream\)/,
    ],
    [() => train({ data: set(bad({ y: 3 })) }), IndexError, /\(row 30 of epoch 0 of the stream\)/],
    [() => train({ data: set(bad({ y: 3 }), shuffled) }), IndexError, /\(row 30 of epoch 0 of the stream\)/],
    [() => train({ data: set(bad({ x: [1, 2] })) }), DataError, /stream: epoch 0/],
    [() => train({ data: set([]) }), DataError, "stream: epoch 0: the source gave no rows"],
    [
      () => train({ data: set(rows.slice(0, 5)), dropLast: true }),
      DataError,
      /fewer rows than a mini-batch of 8/,
    ],
    [
      () => train({ data: set(rows), batchSize: 9 }),
      ArgumentError,
      /batchSize to be that of the stream, 8, got 9/,
    ],
    [
      () => train({ data: (() => rows) as never }),
      ArgumentError,
      /got a function.*data\.stream makes a stream/,
    ],
    [() => train({ data: set(rows, { collate: () => 5 as never }) }), ArgumentError, /\{ x, y \}/],
    [() => train({ data: set(rows), shuffle: true }), ArgumentError, /shuffleBuffer/],
    [() => train({ data: set(rows), seed: 1 }), ArgumentError, /seed is for sets in memory/],
    [() => train({ data: set(rows), sampler: () => Int32Array.of(0) }), ArgumentError, /sampler/],
    [() => train({ data: set(rows), sampleWeight: [1] }), ArgumentError, /\{ x, y, w \}/],
    [() => train({ data: set(rows), validationSplit: 0.1 }), ArgumentError, /another stream as validation/],
    [() => train({ data: set(rows), classWeight: "balanced" }), ArgumentError, /counts of a stream/],
  ]);

  describe("the mini-batches of a step have one shape and dtype", () => {
    const length = (own: readonly data.StreamRow[]) => (Number(own[0]?.["at"]) < 8 ? 2 : 3);
    const ofShape = (own: readonly data.StreamRow[]) => ({
      x: tensor(own.map((row) => Array.from({ length: length(own) }, () => Number(row["at"])))),
      y: tensor(own.map(() => [0])),
    });
    const ofDType = (own: readonly data.StreamRow[]) => ({
      x: tensor(own.map(() => [0, 1])),
      y: tensor(
        own.map(() => [0]),
        { dtype: length(own) === 2 ? "float32" : "float64" },
      ),
    });
    class Mean extends nn.Module<[Tensor], Tensor> {
      readonly last = new nn.Linear(1, 1);
      forward(x: Tensor): Tensor {
        return this.last.forward(x.mean({ dim: 1, keepdim: true }));
      }
    }
    const run = (collate: typeof ofShape, accumulate: number) => {
      const model = new Mean();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.001 });
      const numbered = Array.from({ length: 16 }, (_, at) => ({ at }));
      const source = data.stream(() => numbered, { batchSize: 8, collate });
      return fit(model, { data: source, cost: cost.mse, optimizer, accumulate });
    };
    testErrors([
      [
        () => run(ofShape, 2),
        DataError,
        /epoch 0: the mini-batches of a step need one shape; pad to one `length`, or accumulate: 1; got data\.x float32 \[8, 2\] and float32 \[8, 3\]/,
      ],
      [() => run(ofDType, 2), DataError, /got data\.y float32 \[8, 1\] and float64 \[8, 1\]/],
    ]);
    test("unless each is a step of its own", async () => {
      expect((await run(ofShape, 1)).length).toBe(1);
    });
  });

  test("the label of an embedding is named by its row", async () => {
    const ids = rows.map((_, i) => ({ x: [i === 30 ? 9 : i % 5], y: [0] }));
    manualSeed(0);
    const model = new nn.Sequential(new nn.Embedding(5, 1), new nn.Flatten());
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const source = data.stream(() => ids, { batchSize: 8, dtypes: { x: "int32", y: "float32" } });
    await expect(fit(model, { data: source, cost: cost.mse, optimizer })).rejects.toThrow(
      /: data\.x of row 30 of epoch 0/,
    );
  });

  test("a loss that is not finite names the layer, and batch and step", async () => {
    manualSeed(0);
    const model = new nn.Linear(4, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e30 });
    const source = data.stream(() => rows.map(({ x }) => ({ x, y: [1] })), { batchSize: 8 });
    await expect(fit(model, { data: source, cost: cost.mse, optimizer })).rejects.toThrow(
      /in epoch 1, batch \d \(step \d\)\. It begins in /,
    );
    expect(weightsOf(model).every(Number.isFinite)).toBe(true);
  });

  test("a model that is being trained refuses another training while the first row is waited for", async () => {
    const { model, options } = make();
    const first = fit(model, { ...options, data: data.stream(async () => rows, { dtypes }) });
    await expect(fit(model, { ...options, data: samples })).rejects.toThrow(BusyError);
    await first;
  });
});

describe("a stream and checkpoints", () => {
  test.each([1, 2])(
    "resume goes on at the mini-batch, with the same bits, accumulate %d",
    async (accumulate) => {
      const stream = () => data.stream(() => rows, { batchSize: 8, dtypes, shuffleBuffer: 16 });
      const whole = await train({ data: stream(), accumulate });
      for (const at of [1, 2, 3, 4, 5, 7]) {
        const path = join(folder, `at-${accumulate}-${at}.safetensors`);
        const broken = new Error("broken off");
        const first = make();
        const run = fit(first.model, {
          ...first.options,
          data: stream(),
          accumulate,
          checkpoint: { path, every: { steps: at } },
          onCheckpoint: () => {
            throw broken;
          },
        });
        await expect(run).rejects.toBe(broken);
        const again = make(9);
        const history = await fit(again.model, {
          ...again.options,
          data: stream(),
          accumulate,
          resume: path,
        });
        expect(figures({ history, weights: weightsOf(again.model) })).toEqual(figures(whole));
      }
    },
  );

  test("a set in memory does not go on with the position of a stream", async () => {
    const path = join(folder, "stream.safetensors");
    const source = data.stream(() => rows, { batchSize: 8, dtypes });
    const broken = new Error("broken off");
    const run = train({
      data: source,
      checkpoint: { path, every: { steps: 3 } },
      onCheckpoint: () => {
        throw broken;
      },
    });
    await expect(run).rejects.toBe(broken);
    const { model, options } = make();
    const more = { data: samples, batchSize: 8, resume: path };
    await expect(fit(model, { ...options, ...more })).rejects.toThrow(
      /order shuffled; the checkpoint has stream/,
    );
  });
});

test("memory stays flat over many epochs", async () => {
  const wide = Array.from({ length: 64 }, (_, i) => ({
    x: new Float32Array(4096).fill(i / 64),
    y: [i / 64],
  }));
  const source = async function* () {
    for (let i = 0; i < 40; i++) yield* wide;
  };
  manualSeed(0);
  const model = new nn.Linear(4096, 1);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-6 });
  const sizes: number[] = [];
  await fit(model, {
    data: data.stream(source, { batchSize: 64 }),
    cost: cost.mse,
    optimizer,
    epochs: 8,
    onEpoch: () => {
      const { rss, external, arrayBuffers } = process.memoryUsage();
      sizes.push(rss, external + arrayBuffers);
    },
  });
  // An epoch has 42 MB, and what is compared lies five epochs apart.
  const [rss, last] = [sizes.at(4) as number, sizes.at(-2) as number];
  expect(last - rss).toBeLessThan(80e6);
}, 60_000);
