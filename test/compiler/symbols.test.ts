import { describe, expect, test } from "vitest";
import {
  compile,
  cost,
  fit,
  nn,
  ones,
  ops,
  optim,
  predict,
  type Tensor,
  TraceError,
  tensor,
  vmap,
} from "../../lib/index.js";

/** A layer that keeps a tensor from its first call. */
class Keeping extends nn.Module {
  readonly linear = new nn.Linear(2, 1);
  mask: Tensor | null = null;
  forward(x: Tensor): Tensor {
    this.mask ??= ops.add(ops.mul(ops.sum(x), 0), 100);
    return ops.add(this.linear.forward(x), this.mask);
  }
}

const leaked = /used after the end of that trace.* Made at Keeping\.forward .*symbols\.test\.ts:\d+/s;

describe("a tensor that was made in one trace", () => {
  test("is refused in the next one, with the line that made it", () => {
    const model = new Keeping();
    const forward = compile((x: Tensor) => model.forward(x));
    forward(ones([3, 2]));
    expect(() => forward(ones([4, 2]))).toThrow(TraceError);
    expect(() => forward(ones([4, 2]))).toThrow(leaked);
    expect(() => forward(ones([3, 2]))).toThrow(leaked);
  });

  test("is refused outside a trace, with the line that made it", () => {
    const model = new Keeping();
    compile((x: Tensor) => model.forward(x))(ones([3, 2]));
    expect(() => model.forward(ones([3, 2]))).toThrow(leaked);
    expect(() => (model.mask as Tensor).item()).toThrow(leaked);
  });

  test("is refused by fit and predict", async () => {
    const model = new Keeping();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const data = { x: ones([10, 2]), y: ones([10, 1]) };
    await expect(fit(model, { data, cost: cost.mse, optimizer, batchSize: 4 })).rejects.toThrow(leaked);
    const other = new Keeping();
    await expect(predict(other, ones([3, 2]))).rejects.toThrow(leaked);
  });

  test("is refused as a result", () => {
    let kept: Tensor | null = null;
    const f = compile((x: Tensor) => {
      kept ??= ops.mul(x, 2);
      return kept;
    });
    f(ones([2]));
    expect(() => f(ones([3]))).toThrow(TraceError);
  });

  test("is refused if a module keeps it and reads it in the next call", () => {
    class Recurrent extends nn.Module {
      before: Tensor | null = null;
      forward(x: Tensor): Tensor {
        const y = this.before === null ? x : ops.add(x, this.before);
        this.before = ops.mul(x, 1);
        return y;
      }
    }
    const model = new Recurrent();
    const f = compile((x: Tensor) => model.forward(x));
    expect(f(ones([1])).item()).toBe(1);
    expect(() => f(ones([1]))).toThrow(/used after the end of that trace.*Made at Recurrent\.forward/s);
  });

  test("may be kept if it is not read", () => {
    class Logging extends nn.Module {
      last: Tensor | null = null;
      calls = 0;
      forward(x: Tensor): Tensor {
        this.calls++;
        this.last = ops.mul(x, 2);
        return this.last;
      }
    }
    const model = new Logging();
    const f = compile((x: Tensor) => model.forward(x));
    for (let i = 0; i < 5; i++) expect(f(ones([1])).item()).toBe(2);
    expect(model.calls).toBe(2);
  });

  test("may be kept if it was made from values", () => {
    let kept: Tensor | null = null;
    const f = compile((x: Tensor) => {
      kept ??= tensor([3]);
      return ops.mul(x, kept);
    });
    expect(f(ones([2])).toArray()).toEqual([3, 3]);
    expect(f(ones([3])).toArray()).toEqual([3, 3, 3]);
  });
});

test("a tensor of a vmap cannot be written to state, neither in a trace nor outside", () => {
  const norm = new nn.BatchNorm1d(2);
  const each = vmap((x: Tensor) => norm.forward(x));
  expect(() => each(ones([3, 4, 2]))).toThrow(/vmap/);
  expect(() => compile((x: Tensor) => each(x))(ones([3, 4, 2]))).toThrow(/vmap/);
});

describe("the gradient of a leaf", () => {
  test.each<[string, (w: Tensor) => Tensor]>([
    ["used through a view", (w) => ops.reshape(w, [4])],
    ["used through a view of a view", (w) => ops.reshape(ops.unsqueeze(w, 0), [4])],
    ["used itself", (w) => w],
  ])("%s does not leave a compiled function", (_, via) => {
    const w = tensor([1, 2, 3, 4], { shape: [2, 2], requiresGrad: true });
    const loss = (): Tensor => ops.sum(ops.square(via(w)));
    compile(() => {
      const l = loss();
      l.backward();
      return l;
    })();
    expect(w.grad).toBeNull();
    loss().backward();
    expect(w.grad?.toArray()).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });

  test("is the same as before if the function throws", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    ops.sum(ops.square(w)).backward();
    const before = w.grad;
    const f = compile(() => {
      w.grad = null;
      ops.sum(w).backward();
      throw new Error("mine");
    });
    expect(() => f()).toThrow("mine");
    expect(w.grad).toBe(before);
  });
});
