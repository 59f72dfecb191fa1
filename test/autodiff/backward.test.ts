import { describe, expect, test } from "vitest";
import {
  checkGradients,
  enableGrad,
  Generator,
  GraphError,
  grad,
  jvp,
  nn,
  noGrad,
  ops,
  optim,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../lib/index.js";

const leaf = (values: number[] | number[][]) => tensor(values, { dtype: "float64", requiresGrad: true });
const random = new Generator(3);
const normal = (shape: number[]) => random.normal(shape, { dtype: "float64" });

describe("backward", () => {
  test("goes through JavaScript's control flow", () => {
    const w = leaf([2]);
    let y: Tensor = w;
    for (let i = 0; i < 3; i++) if (i !== 1) y = ops.mul(y, w);
    y.sum().backward();
    expect(w.grad?.toArray()).toEqual([12]); // d w³ / dw
  });

  test("adds up the gradients of a shared weight and of a module that is used twice", () => {
    const layer = new nn.Linear(3, 3, { dtype: "float64" });
    const x = normal([4, 3]);
    const loss = (weight: Tensor, bias: Tensor) => {
      const once = (z: Tensor) => ops.tanh(ops.addmm(bias, z, weight, { transposeB: true }));
      return ops.sum(ops.square(once(once(x))));
    };
    ops.sum(ops.square(ops.tanh(layer.forward(ops.tanh(layer.forward(x)))))).backward();
    const [weight, bias] = layer.parameters() as [Tensor, Tensor];
    const [, pullback] = vjp(loss, weight.detach(), bias.detach());
    const [dw, db] = pullback(tensor(1, { dtype: "float64" }));
    expect(weight.grad?.toArray()).toEqual(dw?.toArray());
    expect(bias.grad?.toArray()).toEqual(db?.toArray());
    checkGradients(loss, [weight.detach(), bias.detach()], { order: 2 });
  });

  test("accumulates over several calls until zeroGrad", () => {
    const w = leaf([1, 2]);
    for (let i = 0; i < 3; i++) ops.sum(ops.square(w)).backward();
    expect(w.grad?.toArray()).toEqual([6, 12]);
    new optim.SGD([w]).zeroGrad();
    expect(w.grad).toBeNull();
  });

  test("adds costs of several outputs", () => {
    const w = leaf([3]);
    const [a, b] = [ops.square(w), ops.mul(w, 5)];
    ops.add(a, ops.mul(b, 2)).sum().backward();
    expect(w.grad?.toArray()).toEqual([16]);
  });

  test("gives each leaf a gradient with its own memory", () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const seed = tensor([1, 1], { dtype: "float64" });
    ops.add(a, b).backward({ gradient: seed });
    (a.grad as Tensor).data[0] = 99;
    expect(b.grad?.toArray()).toEqual([1, 1]);
    expect(seed.toArray()).toEqual([1, 1]);
  });

  test("frees the graph unless retainGraph is set", () => {
    const w = leaf([2]);
    const y = ops.sum(ops.square(w));
    y.backward({ retainGraph: true });
    y.backward();
    expect(w.grad?.toArray()).toEqual([8]);
    expect(() => y.backward()).toThrow(GraphError);
    expect(() => y.backward()).toThrow(/freed by an earlier backward/);
  });

  test("detects that an input was changed in place", () => {
    const w = leaf([2]);
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const y = ops.sum(ops.square(w));
    y.backward({ retainGraph: true });
    optimizer.step();
    expect(() => y.backward()).toThrow(/input x of square was changed in place/);
  });

  test("names the op that has no gradient", () => {
    const w = leaf([2, 1]);
    expect(() => ops.argmin(w).backward()).toThrow(/comes from argmin, which has no gradient/);
    const nearest = new nn.NearestNeighbor(normal([5, 3]));
    const index = nearest.forward(normal([1, 3]));
    expect(() => index.backward()).toThrow(/argmin, which has no gradient/);
    expect(() => ops.sum(tensor([1])).backward()).toThrow(/does not depend on any tensor with requiresGrad/);
  });

  test("records nothing within noGrad, and again within enableGrad", () => {
    const w = leaf([2]);
    expect(noGrad(() => ops.square(w)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => ops.square(w))).requiresGrad).toBe(true);
    expect(() =>
      noGrad(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(ops.square(w).requiresGrad).toBe(true);
  });

  test("stops at detach", () => {
    const w = leaf([3]);
    ops.sum(ops.mul(w, ops.square(w).detach())).backward();
    expect(w.grad?.toArray()).toEqual([9]);
  });

  test("records its own computation with createGraph", () => {
    const w = leaf([3]);
    ops.sum(ops.mul(w, ops.square(w))).backward({ createGraph: true });
    const first = w.grad as Tensor; // 3 w²
    w.grad = null;
    ops.sum(first).backward();
    expect(first.toArray()).toEqual([27]);
    expect(w.grad as unknown as Tensor).toBeTruthy();
    expect((w.grad as unknown as Tensor).toArray()).toEqual([18]);
  });

  test("works for a graph of ten thousand ops", () => {
    const w = leaf([1]);
    let y: Tensor = w;
    for (let i = 0; i < 10_000; i++) y = ops.add(y, w);
    y.sum().backward();
    expect(w.grad?.item()).toBe(10_001);
  });
});

describe("transforms", () => {
  test("nest: a gradient of a gradient of a gradient", () => {
    const fourth = (x: Tensor): Tensor => ops.sum(ops.square(ops.square(x)));
    const one = grad(fourth);
    const two = grad((x) => ops.sum(one(x)));
    const three = grad((x) => ops.sum(two(x)));
    const x = tensor([2], { dtype: "float64" });
    expect([one(x).item(), two(x).item(), three(x).item()]).toEqual([32, 48, 48]);
  });

  test("jvp agrees with vjp, and with the jvp of a gradient", () => {
    const f = (a: Tensor, b: Tensor): Tensor => ops.softmax(ops.matmul(ops.tanh(a), b));
    const [a, b, da, db, v] = [
      normal([3, 4]),
      normal([4, 5]),
      normal([3, 4]),
      normal([4, 5]),
      normal([3, 5]),
    ];
    const [, dy] = jvp(f, [a, b], [da, db]);
    const [va, vb] = vjp(f, a, b)[1](v) as [Tensor, Tensor];
    const forward = ops.sum(ops.mul(v, dy)).item();
    const reverse = ops.sum(ops.mul(va, da)).item() + ops.sum(ops.mul(vb, db)).item();
    expect(Math.abs(forward - reverse)).toBeLessThan(1e-13);
    checkGradients((x) => jvp(f, [x, b], [da, db])[1], [a]);
  });

  test("give zeros for inputs on which the function does not depend", () => {
    const [x, unused] = [tensor([1, 2]), tensor([3])];
    const [, pullback] = vjp((a) => ops.mul(a, 2), x, unused);
    expect(pullback(tensor([1, 1])).map((t) => t.toArray())).toEqual([[2, 2], [0]]);
    expect(grad(() => tensor(5))(x).toArray()).toEqual([0, 0]);
    expect(jvp(() => tensor([5]), [x], [x])[1].toArray()).toEqual([0]);
  });

  test("leave .grad and the inputs as they were", () => {
    const x = leaf([1, 2]);
    const [value, gradient] = valueAndGrad((a) => ops.sum(ops.square(a)))(x);
    expect([value.item(), gradient.toArray(), x.grad]).toEqual([5, [2, 4], null]);
  });
});

describe("users' own ops", () => {
  const x = normal([3, 2]);

  test("have the derivatives of their rules", () => {
    const cube = ops.defineOp<"x">("cube", {
      inputs: ["x"],
      kernel: "square",
      shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
      params: ({ x: { size } }) => [1, size, 1],
      vjp: { x: ({ dy, x: z }) => ops.mul(dy, ops.mul(z, 2)) },
      jvp: { x: ({ dx, x: z }) => ops.mul(dx, ops.mul(z, 2)) },
    });
    checkGradients((z) => cube([z], {}), [x], { order: 2 });
    const twice = ops.linear<"x">("twice", {
      inputs: ["x"],
      kernel: "neg",
      shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
      params: ({ x: { size } }) => [1, size, 1],
      transpose: ({ dy }) => ops.neg(dy),
    });
    checkGradients((z) => twice([z], {}), [x], { order: 2 });
  });

  test("are refused by checkGradients if a derivative is wrong, with its entry and its error", () => {
    const wrong = ops.elementwise("tanh", { takes: "float", slope: { x: ({ y }) => ops.square(y) } });
    expect(() => checkGradients((z) => wrong([z]), [x])).toThrow(GraphError);
    expect(() => checkGradients((z) => wrong([z]), [x])).toThrow(
      /input 0, entry \[0, 0\]: the jvp gives .* differences give .*, off by /,
    );
  });

  test("are refused by checkGradients if vjp and jvp differ", () => {
    const wrong = ops.defineOp<"x">("wrong", {
      inputs: ["x"],
      kernel: "square",
      shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
      params: ({ x: { size } }) => [1, size, 1],
      vjp: { x: ({ dy }) => dy },
      jvp: { x: ({ dx, x: z }) => ops.mul(dx, ops.mul(z, 2)) },
    });
    expect(() => checkGradients((z) => wrong([z], {}), [x])).toThrow(/the vjp gives .*, the jvp/);
  });
});
