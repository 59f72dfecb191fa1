import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { DetachedError, ones, ops, rand, setThreads, tensor } from "../../lib/index.js";
import { library, runModule } from "../child.js";

const importLibrary = `const thalweg = await import(${JSON.stringify(library)});`;
/** A URL from which a worker can run a module's text. */
const moduleUrl = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

/** Trains a line through y = 2x + 1 and posts the weights. */
const training = `
import { parentPort } from "node:worker_threads";
${importLibrary}
const { cost, fit, manualSeed, nn, optim, tensor, ops } = thalweg;
manualSeed(4);
const model = new nn.Linear(1, 1);
const x = tensor([[-2], [-1], [0], [1], [2]]);
await fit(model, { data: { x, y: ops.add(ops.mul(x, 2), 1) }, cost: cost.squaredError,
  optimizer: new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 }), epochs: 60, batchSize: 5 });
parentPort.postMessage([model.weight.item(), model.bias.item()]);
`;

/** Multiplies big matrices until it is ended. Posts a message when it has begun. */
const endless = `
import { parentPort } from "node:worker_threads";
${importLibrary}
const a = thalweg.rand([700, 700]);
thalweg.ops.matmul(a, a);
parentPort?.postMessage("begun");
for (;;) thalweg.ops.matmul(a, a);
`;

function message(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the worker ended with ${code} and no message`)));
  });
}

describe("worker threads", () => {
  test("four at once train, each with the right result, while the main thread computes", async () => {
    const workers = Array.from({ length: 4 }, () => new Worker(moduleUrl(training)));
    const a = ones([300, 300]);
    const results = Promise.all(workers.map(message));
    let waiting = true;
    const done = results.finally(() => {
      waiting = false;
    });
    done.catch(() => {});
    while (waiting) {
      expect(ops.matmul(a, a).data.every((value) => value === 300)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const result of (await done) as number[][]) {
      expect(result).toEqual([expect.closeTo(2, 4), expect.closeTo(1, 4)]);
      // A seed gives the same run on every thread.
      expect(result).toEqual(((await results) as number[][])[0]);
    }
  });

  test("can be ended in the middle of work repeatedly, and the others continue", async () => {
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(moduleUrl(endless));
      expect(await message(worker)).toBe("begun");
      await new Promise((resolve) => setTimeout(resolve, i));
      await worker.terminate();
      const x = rand([200, 200]);
      expect(ops.sub(ops.matmul(x, x), ops.matmul(x, x)).data.every((value) => value === 0)).toBe(true);
    }
  });

  test("share the number of threads, and the team survives the end of one", async () => {
    setThreads(2);
    const worker = new Worker(moduleUrl(training));
    const result = message(worker);
    const a = ones([400, 400]);
    await result;
    await worker.terminate();
    expect(ops.matmul(a, a).data.every((value) => value === 400)).toBe(true);
  });

  test("can receive a tensor's buffer, and later uses of the tensor throw", async () => {
    const x = tensor([1, 2, 3]);
    const worker = new Worker(
      moduleUrl(`
        import { parentPort } from "node:worker_threads";
        ${importLibrary}
        parentPort.once("message", (array) => {
          const { fromTypedArray, ops } = thalweg;
          parentPort.postMessage(ops.sum(fromTypedArray(array)).item());
        });
      `),
    );
    const answer = message(worker);
    const array = x.data as Float32Array<ArrayBuffer>;
    worker.postMessage(array, [array.buffer]);
    expect(await answer).toBe(6);
    await worker.terminate();
    const text =
      "tensor: its buffer of 3 elements was transferred or detached; copy the data before transferring it";
    expect(() => x.data).toThrow(new DetachedError(text));
    expect(() => ops.sum(x)).toThrow(new DetachedError(text));
  });
});

describe("a process", () => {
  const clean = { code: 0, signal: null, stdout: "", stderr: "" };

  test("that loads the library only in a worker ends cleanly, every time", async () => {
    const source = `
      import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL(${JSON.stringify(moduleUrl(training).href)}));
      worker.on("error", (error) => { throw error; });
      worker.on("message", ([w]) => { if (Math.abs(w - 2) > 1e-3) process.exitCode = 3; });`;
    for (let i = 0; i < 5; i++) {
      expect(await Promise.all([runModule(source), runModule(source)])).toEqual([clean, clean]);
    }
  });

  test("that ends a worker in the middle of work, having loaded the library nowhere else, ends cleanly", async () => {
    const source = `
      import { Worker } from "node:worker_threads";
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(new URL(${JSON.stringify(moduleUrl(endless).href)}));
        await new Promise((resolve) => worker.once("message", resolve));
        await worker.terminate();
      }`;
    for (let i = 0; i < 3; i++) {
      expect(await Promise.all([runModule(source), runModule(source)])).toEqual([clean, clean]);
    }
  });

  test.each([
    [
      "between two ops",
      "setTimeout(() => process.exit(0), 20); const go = () => { matmul(a, a); setImmediate(go); }; go();",
    ],
    [
      "while a worker computes",
      `const { Worker } = await import("node:worker_threads");
       const worker = new Worker(new URL(${JSON.stringify(moduleUrl(endless).href)}));
       worker.once("message", () => setTimeout(() => process.exit(0), 5));`,
    ],
    [
      "while it trains",
      `const model = new thalweg.nn.Linear(700, 700);
       setTimeout(() => process.exit(0), 60);
       thalweg.fit(model, { data: { x: a, y: a }, cost: thalweg.cost.squaredError, epochs: 100000,
         optimizer: new thalweg.optim.SGD(model.parameters(), { lr: 1e-9 }) });`,
    ],
  ])("may exit %s", async (_, work) => {
    const source = `${importLibrary} const a = thalweg.rand([700, 700]); const { matmul } = thalweg.ops; ${work}`;
    for (let i = 0; i < 3; i++) {
      expect(await Promise.all([runModule(source), runModule(source)])).toEqual([clean, clean]);
    }
  });
});
