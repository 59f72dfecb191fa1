import { describe, expect, test } from "vitest";
import {
  BusyError,
  compile,
  cost,
  fit,
  fromTypedArray,
  Generator,
  nn,
  ones,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { library, runModule } from "../child.js";

/** A program that doubles w in each run, and returns the sum before. */
function doubling(): { w: nn.Parameter; step: (() => Tensor) & { runAsync(): Promise<Tensor> } } {
  const w = new nn.Parameter(tensor([1, 2]));
  const optimizer = new optim.SGD([w], { lr: 1 });
  const step = compile(() => {
    const loss = ops.sum(w);
    optimizer.zeroGrad();
    ops.mul(ops.sum(ops.square(w)), -0.5).backward();
    optimizer.step();
    return loss;
  });
  return { w, step };
}

describe("an array that code outside the library holds", () => {
  test("shows what a run has written, and its writes are seen by the next run", () => {
    const { w, step } = doubling();
    step();
    const held = w.data;
    expect([...held]).toEqual([2, 4]);
    expect(step().item()).toBe(6);
    expect([...held]).toEqual([4, 8]);
    held[0] = 10;
    expect(w.data).toBe(held);
    expect(w.toArray()).toEqual([10, 8]);
    expect(step().item()).toBe(18);
    held.fill(3);
    expect(step().item()).toBe(6);
    expect([...held]).toEqual([6, 6]);
  });

  test.each<[string, (sum: (x: Tensor) => Tensor, t: Tensor) => number]>([
    ["an input", (sum, t) => sum(t).item()],
    ["an eager op", (_, t) => ops.sum(t).item()],
    [
      "a constant of the function",
      (() => {
        const made = new WeakMap<Tensor, (x: Tensor) => Tensor>();
        return (_: unknown, t: Tensor) => {
          const f = made.get(t) ?? compile((x: Tensor) => ops.sum(ops.mul(x, t)));
          made.set(t, f);
          return f(ones([4])).item();
        };
      })(),
    ],
    [
      "the source of a loop",
      (sum, t) => {
        const order = tensor([0, 1, 2, 3], { dtype: "int32" });
        return (sum as ReturnType<typeof compile<[Tensor], Tensor>>).loop([t], order, 4).data[0] as number;
      },
    ],
  ])("is read as it is now by %s", (_, read) => {
    const array = Float32Array.of(1, 1, 1, 1);
    const t = fromTypedArray(array);
    const sum = compile((x: Tensor) => ops.sum(x));
    for (const value of [1, 2, 5]) {
      array.fill(value);
      expect(read(sum, t)).toBe(4 * value);
    }
  });

  test("is read with its current values by a loop on the engine's own thread", async () => {
    const array = Float32Array.of(1, 1, 1, 1);
    const t = fromTypedArray(array);
    const sum = compile((x: Tensor) => ops.sum(x));
    const order = tensor([0, 1, 2, 3], { dtype: "int32" });
    for (const value of [1, 2, 5]) {
      array.fill(value);
      const running = sum.loopAsync([t], order, 4);
      array.fill(100);
      expect((await running).data[0]).toBe(4 * value);
    }
  });

  test("does not lose a write silently while a run on another thread writes the tensor: the run is rejected", async () => {
    const { w, step } = doubling();
    const held = w.data;
    const running = step.runAsync();
    held[0] = 7;
    await expect(running).rejects.toThrow(BusyError);
    await expect(step.runAsync()).resolves.toBeDefined();
    expect(w.data).toBe(held);
  });

  test("may be read during a run, and shows the run's results at its end", async () => {
    const { w, step } = doubling();
    const held = w.data;
    const running = step.runAsync();
    expect([...held]).toEqual([1, 2]);
    await running;
    expect([...held]).toEqual([2, 4]);
  });

  test("shows the weights of fit, in a callback and at the end", async () => {
    const generator = new Generator(1);
    const model = new nn.Linear(3, 1);
    const held = model.weight.data;
    const seen: number[][] = [];
    const data = { x: generator.normal([40, 3]), y: generator.normal([40, 1]) };
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await fit(model, {
      data,
      cost: cost.mse,
      optimizer,
      batchSize: 10,
      epochs: 2,
      onEpoch: ({ epoch }) => {
        seen.push([...held]);
        if (epoch === 1) held.fill(0);
      },
    });
    expect([...held]).toEqual([...model.weight.data]);
    expect(seen[0]).not.toEqual(seen[1]);
    // The second epoch has started from 0.
    expect(Math.max(...held.map(Math.abs))).toBeLessThan(10);
  });
});

test("another view of an exposed array's buffer counts as the array", async () => {
  const ended = await runModule(
    `
    const { compile, fromTypedArray, ops, tensor } = await import(${JSON.stringify(library)});
    const w = tensor(new Float32Array(1000));
    const sum = compile(() => ops.sum(w));
    const part = w.data.subarray(0, 1);
    const buffer = new ArrayBuffer(32);
    const t = fromTypedArray(new Float32Array(buffer));
    const other = compile(() => ops.sum(t));
    sum();
    other();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    part[0] = 29;
    new Float32Array(buffer).fill(2);
    console.log(sum().item(), other().item());
  `,
    { args: ["--expose-gc"] },
  );
  expect(ended).toMatchObject({ code: 0, stdout: "29 16\n", stderr: "" });
});

test("a run that was refused does not count as a write", async () => {
  const w = new nn.Parameter(tensor([1, 2]));
  const other = compile((x: Tensor) => {
    const loss = ops.sum(ops.mul(w, x));
    return loss;
  });
  const optimizer = new optim.SGD([w], { lr: 1 });
  const step = compile(() => {
    w.grad = null;
    ops.sum(w).backward();
    optimizer.step();
  });
  step();
  const loss = ops.sum(ops.square(w));
  const reading = other.runAsync(ones([2]));
  await expect(step.runAsync()).rejects.toThrow(BusyError);
  await reading;
  expect(() => loss.backward()).not.toThrow();
});

describe("a tensor that a run on another thread uses", () => {
  test("cannot be written by a run on this thread: it sees one state of the weights", async () => {
    const model = new nn.Sequential(...Array.from({ length: 6 }, () => new nn.Linear(256, 256)));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const evaluate = compile((x: Tensor) => model.forward(x));
    const train = compile((x: Tensor) => {
      const loss = ops.sum(model.forward(x));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    });
    const x = new Generator(1).normal([512, 256]);
    const sample = ones([2, 256]);
    train(sample);
    const before = [...evaluate(x).data];
    const running = evaluate.runAsync(x);
    expect(() => train(sample)).toThrow(BusyError);
    expect([...(await running).data]).toEqual(before);
    expect(() => train(sample)).not.toThrow();
  });

  test("is named in the error, with the run", async () => {
    const model = new nn.Sequential(new nn.Linear(64, 512), new nn.ReLU(), new nn.Linear(512, 8));
    const generator = new Generator(1);
    const data = { x: generator.normal([2048, 64]), y: generator.normal([2048, 8]) };
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const running = fit(model, { data, cost: cost.mse, optimizer, batchSize: 512, epochs: 20 });
    const messages = new Set<string>();
    const timer = setInterval(() => {
      try {
        model.parameters()[0]?.data;
      } catch (error) {
        messages.add((error as Error).message);
      }
    }, 1);
    await running;
    clearInterval(timer);
    expect([...messages]).toEqual([
      'tensor: "0.weight" of the model is written by fit; wait for that run to end',
    ]);
  });
});
