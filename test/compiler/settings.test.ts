import process from "node:process";
import { describe, expect, test } from "vitest";
import {
  compile,
  cost,
  nn,
  noGrad,
  ones,
  ops,
  optim,
  type Tensor,
  TraceError,
  tensor,
} from "../../lib/index.js";

/** A compiled function with the number of its traces. */
function counted<A extends Tensor[], R>(
  f: (...inputs: A) => R,
): { f: (...inputs: A) => R; traces: () => number } {
  let traces = 0;
  const compiled = compile((...inputs: A) => {
    traces++;
    return f(...inputs);
  });
  return { f: compiled, traces: () => traces };
}

describe("a compiled function follows", () => {
  test("what requires a gradient", () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const b = new nn.Parameter(tensor([1, 2]));
    const optimizer = new optim.SGD([w, b], { lr: 1 });
    const { f: step, traces } = counted(() => {
      optimizer.zeroGrad();
      ops.sum(ops.add(w, b)).backward();
      optimizer.step();
    });
    step();
    b.requiresGrad = false;
    step();
    expect([w.toArray(), b.toArray()]).toEqual([
      [-1, 0],
      [0, 1],
    ]);
    b.requiresGrad = true;
    step();
    expect(b.toArray()).toEqual([-1, 0]);
    // With the first setting again, the first specialization is used again.
    expect(traces()).toBe(2);
  });

  test("the fields of the modules that it uses", () => {
    const model = new nn.Sequential(new nn.LeakyReLU(0.5), new nn.Flatten());
    const layer = [...model.namedChildren()][0]?.[1] as { negativeSlope: number } & nn.Module;
    const { f: forward, traces } = counted((x: Tensor) => model.forward(x));
    expect(forward(tensor([[-1]])).item()).toBe(-0.5);
    layer.negativeSlope = 0.25;
    expect(forward(tensor([[-1]])).item()).toBe(-0.25);
    expect(forward(tensor([[-1]])).item()).toBe(-0.25);
    expect(traces()).toBe(2);
  });

  test("a replaced module, a hook, and a mode", () => {
    class Net extends nn.Module {
      layer: nn.Module = new nn.ReLU();
      forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const model = new Net();
    const { f: forward } = counted((x: Tensor) => noGrad(() => model.forward(x)));
    expect(forward(tensor([-2])).item()).toBe(0);
    model.layer = new nn.Identity();
    expect(forward(tensor([-2])).item()).toBe(-2);
    const remove = model.layer.registerForwardHook((_, __, y) => ops.mul(y, 3));
    expect(forward(tensor([-2])).item()).toBe(-6);
    const other = model.layer.registerForwardHook((_, __, y) => ops.add(y, 1));
    expect(forward(tensor([-2])).item()).toBe(-5);
    remove();
    other();
    expect(forward(tensor([-2])).item()).toBe(-2);
    model.layer = new nn.Dropout(1);
    expect(forward(tensor([-2])).item()).toBe(-0);
    model.eval();
    expect(forward(tensor([-2])).item()).toBe(-2);
  });

  test.each<[string, () => object, (held: never) => void]>([
    ["an object of options", () => ({ scale: 2 }), (held: { scale: number }) => (held.scale = 3)],
    ["nested lists", () => [[2]], (held: number[][]) => ((held[0] as number[])[0] = 3)],
    [
      "a list of objects",
      () => [{ scale: 2 }],
      (held: { scale: number }[]) => ((held[0] as { scale: number }).scale = 3),
    ],
    ["a map", () => new Map([["scale", 2]]), (held: Map<string, number>) => held.set("scale", 3)],
    ["a set", () => new Set([2]), (held: Set<number>) => held.add(3)],
  ])("what a module holds in %s", (_, make, change) => {
    const scaleOf = (held: unknown): number => {
      const text = JSON.stringify(held instanceof Map || held instanceof Set ? [...held] : held);
      return Math.max(...(text.match(/\d+/g) ?? []).map(Number));
    };
    class Held extends nn.Module {
      readonly held = make();
      forward(x: Tensor): Tensor {
        return ops.mul(x, scaleOf(this.held));
      }
    }
    const model = new Held();
    const { f: forward, traces } = counted((x: Tensor) => model.forward(x));
    expect([forward(ones([1])).item(), forward(ones([1])).item()]).toEqual([2, 2]);
    change(model.held as never);
    expect([forward(ones([1])).item(), forward(ones([1])).item()]).toEqual([3, 3]);
    expect(traces()).toBe(2);
  });

  test("a field of a module that is read and not called", () => {
    class Outer extends nn.Module {
      readonly inner = Object.assign(new nn.Identity(), { k: 2 });
      readonly table = { layer: new nn.LeakyReLU(0.5) as nn.Module };
      forward(x: Tensor): Tensor {
        return ops.mul(this.table.layer.forward(x), this.inner.k);
      }
    }
    const model = new Outer();
    const { f: forward } = counted((x: Tensor) => model.forward(x));
    expect(forward(tensor([-1])).item()).toBe(-1);
    model.inner.k = 4;
    expect(forward(tensor([-1])).item()).toBe(-2);
    model.table.layer = new nn.Identity();
    expect(forward(tensor([-1])).item()).toBe(-4);
  });

  test("a gradient that exists before a call: each call refuses it", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const f = compile(() => {
      const loss = ops.sum(ops.square(w));
      loss.backward();
      return w.grad as unknown as Tensor;
    });
    expect(f().toArray()).toEqual([2, 4]);
    w.grad = ones([2]);
    expect(() => f()).toThrow(/\.grad holds a gradient from before/);
    w.grad = null;
    expect(f().toArray()).toEqual([2, 4]);
  });

  test("a learning rate that it reads as a number", () => {
    const w = new nn.Parameter(tensor([1]));
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const { f, traces } = counted((x: Tensor) => ops.mul(x, optimizer.lr));
    expect([f(ones([1])).item(), f(ones([1])).item()]).toEqual([0.5, 0.5]);
    optimizer.lr = 0.25;
    expect([f(ones([1])).item(), f(ones([1])).item()]).toEqual([0.25, 0.25]);
    expect(traces()).toBe(2);
  });

  test.each<[string, (s: Tensor) => unknown]>([
    ["item()", (s) => s.item()],
    ["data", (s) => s.data[0]],
    ["toArray()", (s) => s.toArray()],
  ])("no value of a tensor from outside: %s is an error that names the line", (_, read) => {
    const s = tensor([2]);
    const f = compile((x: Tensor) => ops.mul(x, Number(read(s))));
    expect(() => f(ones([1]))).toThrow(TraceError);
    expect(() => f(ones([1]))).toThrow(/would be taken for the same in all later runs.*settings\.test\.ts/s);
    // A tensor that the function makes is the same in all runs.
    expect(compile((x: Tensor) => ops.mul(x, Number(read(tensor([3])))))(ones([1])).item()).toBe(3);
  });

  test("nothing that the function changes itself: it is traced once", () => {
    class Counting extends nn.Module {
      calls = 0;
      readonly seen: number[] = [];
      last: string | null = null;
      forward(x: Tensor): Tensor {
        this.calls++;
        this.seen.push(x.size);
        this.last = String(x.shape);
        return ops.mul(x, 2);
      }
    }
    const model = new Counting();
    const { f: forward, traces } = counted((x: Tensor) => model.forward(x));
    for (let i = 0; i < 3; i++) forward(ones([2]));
    forward(ones([3]));
    for (let i = 0; i < 3; i++) forward(ones([2]));
    expect(traces()).toBe(2);
  });
});

test("a function that is traced again and again warns once, and says why", async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => {
    if (warning.name === "CompileWarning") warnings.push(warning.message);
  };
  process.on("warning", note);
  class Counted extends nn.Module {
    calls = 0;
    forward(x: Tensor): Tensor {
      return ops.mul(x, this.calls);
    }
  }
  const model = new Counted();
  const { f: forward, traces } = counted((x: Tensor) => model.forward(x));
  for (let i = 0; i < 20; i++) {
    expect(forward(ones([1])).item()).toBe(i);
    model.calls++;
  }
  await new Promise(setImmediate);
  process.off("warning", note);
  expect(traces()).toBe(20);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("Counted.calls changes between its calls");
});

describe("an instruction that can fail", () => {
  const index = (at: number): Tensor => tensor([at], { dtype: "int32" });

  test("fails in a program even if its result is not read", () => {
    const f = compile((x: Tensor, i: Tensor) => {
      ops.indexSelect(x, 0, i);
      return ops.mul(x, 2);
    });
    expect(f(ones([2]), index(1)).toArray()).toEqual([2, 2]);
    expect(() => f(ones([2]), index(2))).toThrow("indexSelect: index 2 at position 0 is outside [0, 2)");
  });

  test("between two updates prevents the second update and not the first, as in eager calls", () => {
    const run = (kind: (f: (i: Tensor) => Tensor) => (i: Tensor) => Tensor): number[] => {
      const [a, b] = [1, 1].map((value) => new nn.Parameter(tensor([value]))) as [nn.Parameter, nn.Parameter];
      const [first, second] = [a, b].map((w) => new optim.SGD([w], { lr: 0.5 })) as [optim.SGD, optim.SGD];
      const f = kind((i) => {
        a.grad = null;
        b.grad = null;
        cost.squaredError(ops.add(a, b), ones([1])).backward();
        first.step();
        const picked = ops.indexSelect(ones([3]), 0, i);
        second.step();
        return picked;
      });
      expect(() => f(index(7))).toThrow(/index 7/);
      return [a.item(), b.item()];
    };
    const eager = run((f) => f);
    expect(run(compile)).toEqual(eager);
    expect(run((f) => compile(f, { passes: ["fuseUpdates"] }))).toEqual(eager);
    expect(eager[1]).toBe(1);
    expect(eager[0]).not.toBe(1);
  });
});
