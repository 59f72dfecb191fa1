// The threads of a team share the rows of small products, the elements of larger ones, and the rows of weights. The
// results have the same bits for any number of threads.
import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import {
  compile,
  cost,
  fit,
  fromTypedArray,
  Generator,
  nn,
  ones,
  ops,
  optim,
  predict,
  randn,
  setThreads,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { library, runModule } from "../child.js";

const STEPS = 6;

/** The parameters after some steps of training in one loop. */
function trained(
  threads: number,
  batch: number,
  sizes: readonly number[],
  dtype: "float32" | "float64",
): number[] {
  setThreads(threads);
  const random = new Generator(7);
  const layers = sizes
    .slice(1)
    .flatMap((out, i) => [new nn.Linear(sizes[i] as number, out, { dtype }), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  for (const parameter of model.parameters()) {
    parameter.data.set(random.uniform([...parameter.shape], { low: -0.2, high: 0.2, dtype }).data);
  }
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const step = compile((x: Tensor, y: Tensor): Tensor => {
    const loss = cost.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const count = batch * STEPS;
  const x = random.uniform([count, sizes[0] as number], { low: -1, high: 1, dtype });
  const y = tensor(Int32Array.from({ length: count }, (_, i) => i % (sizes.at(-1) as number)));
  step.loop([x, y], tensor(Int32Array.from({ length: count }, (_, i) => i)), batch);
  return model.parameters().flatMap((parameter) => [...parameter.data]);
}

afterEach(() => setThreads(2));

test.each(
  [1, 5, 24, 32, 48, 100].flatMap((batch) =>
    [
      [600, 60, 40, 10],
      [60, 40, 33],
      [300, 27, 120, 7],
      [17, 64, 128, 9],
    ].flatMap((sizes) => (["float32", "float64"] as const).map((dtype) => ({ batch, sizes, dtype }))),
  ),
)("a loop of mini-batches of $batch through $sizes in $dtype", ({ batch, sizes, dtype }) => {
  const alone = trained(1, batch, sizes, dtype);
  for (const threads of [2, 3, 4]) expect(trained(threads, batch, sizes, dtype)).toEqual(alone);
});

// With fewer cores than threads, some threads start after the caller has done their share, or just before it does.
test("single ops of a team that comes late", () => {
  const random = new Generator(9);
  const matrix = (rows: number, columns: number) => random.uniform([rows, columns], { low: -1, high: 1 });
  const [a, b, c] = [matrix(160, 120), matrix(120, 130), matrix(160, 130)];
  const [x, y] = [matrix(700, 600), matrix(700, 600)];
  const results = () =>
    [ops.matmul(a, b), ops.addmm(c, a, b), ops.mul(x, y), ops.sum(x)].map(({ data }) => data);
  setThreads(1);
  const alone = results();
  setThreads(7);
  for (let i = 0; i < 300; i++) {
    for (const [k, values] of results().entries()) {
      // Buffer.equals: `expect` would compare a million numbers one by one.
      const [one, other] = [values, alone[k] as typeof values].map((of) =>
        Buffer.from(of.buffer, 0, of.byteLength),
      );
      expect((one as Buffer).equals(other as Buffer), `result ${k} of round ${i}`).toBe(true);
    }
  }
});

// In these processes, no earlier call has needed a team.
test.runIf(existsSync("/proc/self/task")).each([
  { call: "await step.runAsync(x)", threads: 2 },
  { call: "await step.loopAsync([x], order, 4)", threads: 2 },
  { call: "await step.loopAsync([x], order, 4)", threads: 3 },
  { call: "await step.loopAsync([x], order, 4)", threads: 1 },
])("$call starts a team of $threads threads", async ({ call, threads }) => {
  const ended = await runModule(`
    import { readdirSync } from "node:fs";
    const { compile, fromTypedArray, ops, setThreads } = await import(${JSON.stringify(library)});
    const count = () => readdirSync("/proc/self/task").length;
    setThreads(${threads});
    const x = fromTypedArray(new Float32Array(40), [4, 10]);
    const order = fromTypedArray(Int32Array.of(0, 1, 2, 3));
    const step = compile((a) => ops.sum(a));
    const before = count();
    ${call};
    console.log(count() - before);
  `);
  expect(ended).toMatchObject({ code: 0, stdout: `${threads}\n` });
});

describe("JavaScript's thread does not wait for a run on the engine's thread", () => {
  const long = (): Promise<Tensor> => {
    const w = randn([384, 384]);
    const step = compile((x: Tensor) => ops.sum(ops.matmul(ops.matmul(x, w), w)));
    const order = fromTypedArray(Int32Array.from({ length: 384 * 600 }, (_, i) => i % 384));
    return step.loopAsync([randn([384, 384])], order, 384);
  };
  const isPending = async (running: Promise<unknown>): Promise<boolean> => {
    const pending = Symbol("pending");
    const later = new Promise((resolve) => setTimeout(resolve, 5, pending));
    return (await Promise.race([running, later])) === pending;
  };

  test.each<[string, () => unknown]>([
    ["a product that is large enough for the team", () => ops.matmul(randn([512, 512]), randn([512, 512]))],
    [
      "a compiled function",
      () => {
        const w = randn([512, 512]);
        return compile((x: Tensor) => ops.matmul(x, w))(randn([512, 512]));
      },
    ],
    [
      "a short run of another program on the engine's own thread",
      () => compile((x: Tensor) => ops.exp(x)).runAsync(randn([64])),
    ],
  ])("for %s", async (_, work) => {
    setThreads(2);
    const running = long();
    await new Promise(setImmediate);
    await work();
    expect(await isPending(running)).toBe(true);
    await running;
  });

  test("for a prediction of a small model while a large one trains", async () => {
    const large = new nn.Sequential(new nn.Linear(512, 1024), new nn.ReLU(), new nn.Linear(1024, 512));
    const small = new nn.Linear(8, 8);
    const x = randn([256, 512]);
    const data = { x, y: x };
    const optimizer = new optim.SGD(large.parameters(), { lr: 1e-3 });
    let isTraining = true;
    let steps = 0;
    const onBatch = (): void => {
      steps++;
    };
    const running = fit(large, { data, cost: cost.mse, optimizer, batchSize: 128, epochs: 10, onBatch });
    void running.finally(() => {
      isTraining = false;
    });
    let predictions = 0;
    for (; isTraining; predictions++) {
      await predict(small, ones([1, 8]));
      await new Promise(setImmediate);
    }
    await running;
    expect(predictions).toBeGreaterThan(2 * steps);
  });
});
