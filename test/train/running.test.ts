import { describe, expect, test } from "vitest";
import {
  accuracy,
  BusyError,
  compile,
  cost,
  DetachedError,
  data,
  evaluate,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  perSampleLoss,
  predict,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { library, runModule } from "../child.js";

const generator = new Generator(3);
const x = generator.normal([512, 64]);
const y = ops.to(ops.mul(generator.uniform([512]), 10), "int32");
const set = { x, y };

function makeModel(width = 512): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(new nn.Linear(64, width), new nn.ReLU(), new nn.Linear(width, 10));
}
const sgd = (model: nn.Module): optim.SGD => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
const bits = (model: nn.Module): number[] => model.parameters().flatMap((parameter) => [...parameter.data]);

describe("while a model trains", () => {
  const begin = (model = makeModel(), epochs = 20) =>
    fit(model, { data: set, cost: cost.crossEntropy, optimizer: sgd(model), epochs, batchSize: 128 });

  test("its parameters are busy between two turns of the event loop", async () => {
    const model = makeModel();
    const weight = model.parameters()[0] as nn.Parameter;
    const running = begin(model);
    const seen = new Set<string>();
    const timer = setInterval(() => {
      try {
        weight.data;
        seen.add("free");
      } catch (error) {
        seen.add((error as Error).name);
      }
    }, 1);
    await running;
    clearInterval(timer);
    expect(seen).toContain("BusyError");
    expect(() => weight.data).not.toThrow();
  });

  test("it can predict and be evaluated between its steps", async () => {
    const alone = makeModel();
    await begin(alone);
    const model = makeModel();
    const running = begin(model);
    const during: Tensor[] = [];
    for (let i = 0; i < 5; i++) {
      during.push(await predict(model, x));
      const { loss } = await evaluate(model, { data: set, cost: cost.crossEntropy });
      expect(loss).toBeGreaterThan(0);
    }
    await running;
    for (const scores of during) expect([...scores.data].every(Number.isFinite)).toBe(true);
    // Predictions and evaluations do not change the training.
    expect(bits(model)).toEqual(bits(alone));
  });

  test("a callback sees the current parameters", async () => {
    const model = makeModel(8);
    const losses: number[] = [];
    const seen: number[] = [];
    await fit(model, {
      data: set,
      cost: cost.crossEntropy,
      optimizer: sgd(model),
      batchSize: 512,
      epochs: 4,
      onBatch: ({ loss }) => {
        losses.push(loss);
        seen.push(cost.crossEntropy(model.forward(x), y).item());
      },
    });
    // The loss of a step is measured before the step. The callback after it sees the loss of the next step.
    losses.slice(1).forEach((loss, i) => {
      expect(seen[i]).toBeCloseTo(loss, 5);
    });
  });

  test("a change of the data set in place is not seen until the next fit", async () => {
    const changing = { x: tensor(x.data, { shape: [512, 64] }), y };
    const options = (model: nn.Module) => ({
      data: changing,
      cost: cost.crossEntropy,
      optimizer: sgd(model),
      batchSize: 64,
      shuffle: false,
    });
    const model = makeModel();
    const before = await fit(model, options(model));
    const held = changing.x.data;
    held.fill(0);
    const after = await fit(model, options(model));
    expect(after[0]?.loss).not.toBe(before[0]?.loss);
    // Changes the same array without reading `.data` again.
    held.set(x.data);
    const fresh = makeModel();
    expect((await fit(fresh, options(fresh)))[0]?.loss).toBe(before[0]?.loss);
  });

  test("the learning rate of the next step can be set after each", async () => {
    const rates = [0.1, 0.02, 0.3, 0.004];
    const train = async (byHand: boolean): Promise<number[]> => {
      const model = makeModel(16);
      const optimizer = new optim.SGD(model.parameters(), { lr: rates[0] as number });
      let step = 0;
      const next = (): void => {
        optimizer.lr = rates[++step] ?? 0;
      };
      if (byHand) {
        for (const batch of new data.DataLoader(set, { batchSize: 128 })) {
          const loss = cost.crossEntropy(model.forward(batch.x), batch.y);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          next();
        }
      } else {
        const options = { data: set, cost: cost.crossEntropy, optimizer, batchSize: 128 };
        await fit(model, { ...options, shuffle: false, onBatch: next });
      }
      return bits(model);
    };
    const compiled = await train(false);
    (await train(true)).forEach((weight, i) => {
      expect(compiled[i]).toBeCloseTo(weight, 5);
    });
  });

  test.each<[string, (model: nn.Sequential) => void]>([
    [
      "a parameter is frozen",
      (model) => {
        (model.parameters()[0] as nn.Parameter).requiresGrad = false;
      },
    ],
    [
      "a layer is exchanged",
      (model) => {
        Object.assign(model, { 1: new nn.Tanh() });
      },
    ],
  ])("the program is made anew where %s between two fits", async (_, change) => {
    const model = makeModel(16);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { data: set, cost: cost.crossEntropy, optimizer, batchSize: 512 };
    await fit(model, options);
    change(model);
    const frozen = [...(model.parameters()[0] as nn.Parameter).data];
    const expected = cost.crossEntropy(model.forward(x), y).item();
    const [report] = await fit(model, options);
    expect(report?.loss).toBeCloseTo(expected, 5);
    const moved = [...(model.parameters()[0] as nn.Parameter).data].some((w, i) => w !== frozen[i]);
    expect(moved).toBe((model.parameters()[0] as nn.Parameter).requiresGrad);
  });
});

describe("a compiled function on the engine's own thread", () => {
  test("gives the same as on this thread", async () => {
    const model = makeModel();
    const forward = compile((z: Tensor) => ({ scores: model.forward(z), best: ops.amax(model.forward(z)) }));
    const { scores, best } = await forward.runAsync(x);
    expect(scores.shape).toEqual([512, 10]);
    expect([...scores.data]).toEqual([...forward(x).scores.data]);
    expect(best.item()).toBe(forward(x).best.item());
  });

  test("refuses a second run at the same time, and its tensors are busy", async () => {
    const model = makeModel();
    const optimizer = sgd(model);
    const step = compile((a: Tensor, b: Tensor) => {
      const loss = cost.crossEntropy(model.forward(a), b);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const running = step.runAsync(x, y);
    await expect(step.runAsync(x, y)).rejects.toThrow(BusyError);
    expect(() => step(x, y)).toThrow(BusyError);
    expect(() => bits(model)).toThrow(BusyError);
    expect((await running).item()).toBeGreaterThan(0);
    expect(() => bits(model)).not.toThrow();
  });

  test("that writes nothing lets a second run on the engine's thread wait, and refuses one on this thread", async () => {
    const square = compile((a: Tensor) => ops.mul(a, a));
    const running = [2, 3, 4].map((value) => square.runAsync(tensor([value])));
    const message = "compile: the function is running already; wait for that run to end";
    expect(() => square(tensor([5]))).toThrow(new BusyError(message));
    expect(() => square.loop([tensor([5])], tensor([0], { dtype: "int32" }), 1)).toThrow(BusyError);
    expect(() => square.explain(tensor([5]))).toThrow(BusyError);
    expect((await Promise.all(running)).map((result) => result.item())).toEqual([4, 9, 16]);
    expect(square(tensor([5])).item()).toBe(25);
  });

  test("copies its inputs: they can be changed or transferred during the run", async () => {
    const double = compile((z: Tensor) => ops.mul(z, 2));
    const input = tensor(new Float32Array(1 << 20).fill(3));
    const running = double.runAsync(input);
    const array = input.data as Float32Array<ArrayBuffer>;
    structuredClone(array, { transfer: [array.buffer] });
    const output = await running;
    expect(output.data.every((value) => value === 6)).toBe(true);
    expect(() => double(input)).toThrow(DetachedError);
  });

  test("rejects with the error of the run", async () => {
    const pick = compile((index: Tensor) => ops.indexSelect(x, 0, index));
    await expect(pick.runAsync(tensor([600], { dtype: "int32" }))).rejects.toThrow(/indexSelect: .*600/);
  });
});

describe("removal of memory", () => {
  const program = (middle: string): string => `
    import { compile, cost, fit, Generator, nn, ops, optim } from ${JSON.stringify(library)};
    let model = new nn.Sequential(new nn.Linear(300, 800), new nn.ReLU(), new nn.Linear(800, 10));
    let optimizer = new optim.Adam(model.parameters());
    const generator = new Generator(1);
    let x = generator.normal([2000, 300]);
    let y = ops.to(ops.mul(generator.uniform([2000]), 10), "int32");
    let step = compile((a, b) => {
      const loss = cost.crossEntropy(model.forward(a), b);
      optimizer.zeroGrad(); loss.backward(); optimizer.step();
      return loss;
    });
    const detach = (tensor) => { const { buffer } = tensor.storage.forReading(); structuredClone(buffer, { transfer: [buffer] }); };
    ${middle}
    console.log("done");
  `;

  test.each([
    [
      "every reference is dropped and collected in the middle of a run",
      `let running = step.loopAsync([x, y], generator.permutation(2000), 50);
       let trained = fit(new nn.Linear(300, 10), { data: { x, y }, cost: cost.crossEntropy,
         optimizer: new optim.SGD(model.parameters()), epochs: 1 }).catch(() => {});
       x = y = model = optimizer = step = null; running = trained = null;
       for (let i = 0; i < 20; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }`,
    ],
    [
      "the data set's buffer is transferred in the middle of a fit",
      `const running = fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 2, batchSize: 50 });
       await new Promise((resolve) => setTimeout(resolve, 30));
       detach(x); detach(y);
       const history = await running;
       if (!history.every(({ loss }) => Number.isFinite(loss))) throw new Error("wrong");`,
    ],
    [
      "parameters' buffers are transferred in the middle of a run",
      `const buffers = model.parameters().map((parameter) => parameter.data.buffer);
       const running = step.loopAsync([x, y], generator.permutation(2000), 50);
       for (const buffer of buffers) structuredClone(buffer, { transfer: [buffer] });
       await running;
       let message = "";
       try { model.parameters()[0].data; } catch (error) { message = error.name; }
       if (message !== "DetachedError") throw new Error("expected DetachedError, got " + message);`,
    ],
    [
      "workers are ended in the middle of a fit",
      `const { Worker } = await import("node:worker_threads");
       const source = \`
         import { parentPort } from "node:worker_threads";
         import { cost, fit, nn, optim, randn } from ${JSON.stringify(library)};
         const model = new nn.Sequential(new nn.Linear(300, 800), new nn.ReLU(), new nn.Linear(800, 300));
         const x = randn([3000, 300]);
         parentPort.postMessage("begun");
         await fit(model, { data: { x, y: x }, cost: cost.squaredError, optimizer: new optim.Adam(model.parameters()), epochs: 1e6, batchSize: 1000 });\`;
       for (let i = 0; i < 6; i++) {
         const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(source)));
         await new Promise((resolve, reject) => { worker.once("message", resolve); worker.once("error", reject); });
         await new Promise((resolve) => setTimeout(resolve, 7 * i));
         await worker.terminate();
       }
       step.loop([x, y], generator.permutation(2000), 500);`,
    ],
    [
      "the process exits in the middle of a run",
      `step.loopAsync([x, y], generator.permutation(2000), 50);
       setTimeout(() => { console.log("done"); process.exit(0); }, 5);
       await new Promise(() => {});`,
    ],
  ])("does not crash the process if %s", async (_, middle) => {
    const ended = await runModule(program(middle), { args: ["--expose-gc"] });
    expect(ended).toEqual({ code: 0, signal: null, stdout: "done\n", stderr: "" });
  });
});

describe("bytes", () => {
  const values = Uint8Array.from({ length: 100 * 6 }, (_, i) => (i * 37) % 256);
  const labels = ops.to(ops.mul(generator.uniform([100]), 3), "int32");
  const bytes = new data.Bytes(values, [100, 2, 3], { scale: 1 / 51, zeroPoint: 127.5 });
  const floats = tensor(
    Float32Array.from(values, (b) => (1 / 51) * (b - 127.5)),
    { shape: [100, 2, 3] },
  );
  const make = (): nn.Sequential => {
    manualSeed(2);
    return new nn.Sequential(new nn.Flatten(), new nn.Linear(6, 5), new nn.Tanh(), new nn.Linear(5, 3));
  };

  test("train, predict and evaluate with the same bits as the floats that they stand for", async () => {
    const run = async (images: Tensor | data.Bytes): Promise<unknown> => {
      const model = make();
      const samples = { x: images, y: labels };
      const history = await fit(model, {
        data: samples,
        validation: samples,
        metrics: { accuracy },
        cost: cost.crossEntropy,
        optimizer: sgd(model),
        batchSize: 16,
        epochs: 3,
      });
      const scores = await predict(model, images, { batchSize: 33 });
      const losses = await perSampleLoss(model, cost.crossEntropy, samples);
      return [
        history.map(({ loss, validation }) => ({ loss, validation })),
        bits(model),
        [...scores.data],
        [...losses.data],
      ];
    };
    expect(await run(bytes)).toEqual(await run(floats));
  });

  test("stand for scale · (b − zeroPoint), in a loader too", () => {
    expect([...bytes.toTensor().data]).toEqual([...floats.data]);
    expect(bytes.slice(3, 5).shape).toEqual([2, 2, 3]);
    const loader = new data.DataLoader({ x: bytes, y: labels }, { batchSize: 30, shuffle: true, seed: 1 });
    const other = new data.DataLoader({ x: floats, y: labels }, { batchSize: 30, shuffle: true, seed: 1 });
    const batches = (from: data.DataLoader): number[][] => Array.from(from, (batch) => [...batch.x.data]);
    expect(batches(loader)).toEqual(batches(other));
    const wide = new data.Bytes(values, [100, 6], { scale: 0.1, zeroPoint: 1, dtype: "float64" });
    expect(wide.toTensor().data[5]).toBe(0.1 * ((values[5] as number) - 1));
  });
});
