import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  GraphError,
  grad,
  hessian,
  nn,
  noGrad,
  ones,
  ops,
  optim,
  perSampleGradients,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";

/** Around the numbers of buffers and of parameters that an eager op passes without a list, and far from them. */
const LENGTHS = [1, 15, 16, 17, 63, 100, 1000];
const SOME = [1, 15, 16, 17, 100];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const scalars = (n: number): Tensor[] => range(n).map((i) => tensor([i]));
const leaves = (n: number): nn.Parameter[] => range(n).map((i) => new nn.Parameter(tensor([i])));

/** y = Σ wᵢ·x of n parameters of one number each, which are i. */
class Scales extends nn.Module {
  constructor(n: number) {
    super();
    Object.assign(this, Object.fromEntries(leaves(n).map((w, i) => [`w${i}`, w])));
  }
  forward(x: Tensor): Tensor {
    return ops.mul(ops.sum(ops.concat([...this.parameters()])), x);
  }
}

/** Eager, and in a program; both as one row. */
const bothWays = (f: (x: Tensor) => Tensor, x: Tensor): number[][] =>
  [f(x), compile(f)(x)].map((y) => [...(y as Tensor).data]);

describe("a list of tensors", () => {
  test.each(LENGTHS)("of %d is joined by concat and stack", (n) => {
    const expected = range(n).map((i) => 2 + i);
    const shifted = (x: Tensor): Tensor[] => scalars(n).map((y) => ops.add(y, x));
    for (const y of bothWays((x) => ops.concat(shifted(x)), tensor([2]))) expect(y).toEqual(expected);
    for (const y of bothWays((x) => ops.stack(shifted(x), 1), tensor([2]))) expect(y).toEqual(expected);
  });

  test.each(LENGTHS)("of %d gives each of its tensors a gradient", (n) => {
    const list = leaves(n);
    const scale = tensor(range(n).map((i) => i + 1));
    ops.sum(ops.mul(ops.concat(list), scale)).backward();
    expect(list.map((w) => w.grad?.item())).toEqual([...scale.data]);
    const compiled = compile((x: Tensor) => {
      for (const w of list) w.grad = null;
      ops.sum(ops.mul(ops.concat(list), x)).backward();
      return list.map((w) => w.grad as Tensor);
    });
    const gradients = compiled(ops.mul(scale, 2)) as Tensor[];
    expect(gradients.map((g) => g.item())).toEqual([...scale.data].map((s) => 2 * s));
  });

  test.each(LENGTHS)("of %d is multiplied by einsum", { timeout: 60_000 }, (n) => {
    const equation = `${Array.from({ length: n }, () => "i").join(",")}->i`;
    const product = (x: Tensor): Tensor =>
      ops.einsum(
        equation,
        Array.from({ length: n }, () => x),
      );
    for (const y of bothWays(product, tensor([1, -1]))) expect(y).toEqual([1, (-1) ** n]);
  });

  test.each(LENGTHS)("of %d parameters is clipped by norm and by value", (n) => {
    const list = leaves(n);
    const gradients = range(n).map((i) => i + 1);
    const give = (): void => {
      for (const [i, w] of list.entries()) w.grad = tensor([gradients[i] as number]);
    };
    const norm = Math.hypot(...gradients);
    give();
    expect(optim.clipGradNorm(list, 1).item()).toBeCloseTo(norm, norm < 1e3 ? 4 : 1);
    for (const [i, w] of list.entries()) expect(w.grad?.item()).toBeCloseTo((i + 1) / (norm + 1e-6), 5);
    give();
    optim.clipGradValue(list, 16);
    expect(list.map((w) => w.grad?.item())).toEqual(gradients.map((g) => Math.min(g, 16)));
  });

  test.each(LENGTHS)("of %d parameters is trained", { timeout: 60_000 }, (n) => {
    const loss = (list: readonly Tensor[]): Tensor => ops.sum(ops.square(ops.concat(list)));
    for (const make of [
      (list: nn.Parameter[]) => new optim.SGD(list, { lr: 0.25 }),
      (list: nn.Parameter[]) => new optim.GradientDescent(list, { lr: 0.25 }),
    ]) {
      const list = leaves(n);
      const optimizer = make(list);
      const step = compile(() => {
        optimizer.zeroGrad();
        const value = loss(list);
        value.backward();
        optimizer.step();
        return value;
      });
      step();
      expect(list.map((w) => w.item())).toEqual(range(n).map((i) => i / 2));
      optimizer.zeroGrad();
      loss(list).backward();
      optimizer.step();
      expect(list.map((w) => w.item())).toEqual(range(n).map((i) => i / 4));
    }
  });

  test.each(LENGTHS)("of %d parameters is minimised by LBFGS", (n) => {
    const list = leaves(n);
    const optimizer = new optim.LBFGS(list, { lineSearchFn: "strong_wolfe" });
    const step = (): void => {
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = ops.sum(ops.square(ops.sub(ops.concat(list), 3)));
        loss.backward();
        return loss;
      });
    };
    for (let i = 0; i < 3; i++) step();
    for (const w of list) expect(w.item()).toBeCloseTo(3, 3);
  });

  test.each(SOME)("of %d parameters has its curvature", { timeout: 60_000 }, (n) => {
    // L = (Σ w − 1)² / 2: H = 1·1ᵀ, (H + 1)⁻¹ = 1 − 1·1ᵀ / (n + 1).
    const model = new Scales(n);
    const one = ones([1]);
    const half = (y: Tensor): Tensor => ops.mul(ops.sum(ops.square(ops.sub(y, 1))), 0.5);
    const expected = range(n * n).map((k) => (k % (n + 1) === 0 ? 1 : 0) - 1 / (n + 1));
    for (const inverse of [
      optim.newton(model, () => half(model.forward(one)), { damping: 1 }),
      optim.gaussNewton(model, () => model.forward(one), half, { damping: 1 }),
    ]) {
      expect(inverse.shape).toEqual([n, n]);
      for (const [k, x] of inverse.data.entries()) expect(x).toBeCloseTo(expected[k] as number, 4);
    }
  });

  test.each(SOME)("of %d outputs has kfac's curvature", { timeout: 60_000 }, (n) => {
    const model = new nn.Linear(1, n, { bias: false });
    const x = ones([2, 1]);
    const optimizer = new optim.GradientDescent(model.parameters(), { lr: 1 });
    optimizer.preconditioner = optim.kfac(
      model,
      () => model.forward(x),
      (y) => ops.mul(ops.sum(ops.square(y)), 0.25),
      { damping: 0 },
    );
    // Of a quadratic cost of one layer the step leads to the minimum.
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      ops.mul(ops.sum(ops.square(model.forward(x))), 0.25).backward();
      optimizer.step();
    }
    for (const w of model.weight.data) expect(Math.abs(w)).toBeLessThan(1e-3);
  });

  test.each(LENGTHS)("of %d samples goes through an op without a batch rule", (n) => {
    const twice = ops.defineOp("twice", {
      inputs: ["x"],
      kernel: "add",
      shape: ({ x }) => x,
      params: ({ x }) => [1, x.size, 1, 1],
      buffers: ([x], y) => [x as Tensor, x as Tensor, y],
      vjp: { x: ({ dy }) => ops.mul(dy, 2) },
    });
    const xs = tensor(range(n).map((i) => [i, i + 0.5]));
    const expected = range(n).flatMap((i) => [2 * i, 2 * i + 1]);
    for (const y of bothWays((x) => vmap((row) => twice([row], {}))(x), xs)) expect(y).toEqual(expected);
    const gradients = vmap(grad((row: Tensor) => ops.sum(twice([row], {}))))(xs);
    expect([...(gradients as Tensor).data]).toEqual(expected.map(() => 2));
  });

  test.each(LENGTHS)("of %d samples has a gradient each", (n) => {
    const model = new nn.Linear(1, 1, { bias: false });
    const x = tensor(range(n).map((i) => [i]));
    const target = ops.sub(model.forward(x), 1);
    const { weight } = perSampleGradients(
      model,
      cost.squaredError,
      noGrad(() => x),
      noGrad(() => target),
    );
    const scale = (weight as Tensor).data[n - 1] as number;
    for (const [i, g] of [...(weight as Tensor).data].entries()) {
      expect(g).toBeCloseTo(n === 1 ? 0 : (scale * i) / (n - 1), 1);
    }
  });

  test.each(LENGTHS)("of %d is what a compiled function takes and gives", (n) => {
    const f = compile((...xs: Tensor[]) => xs.map((x, i) => ops.add(x, i)));
    const ys = f(...scalars(n)) as Tensor[];
    expect(ys.map((y) => y.item())).toEqual(range(n).map((i) => 2 * i));
  });

  test.each(SOME)("of %d is what grad and hessian differentiate by", (n) => {
    const f = (...xs: Tensor[]): Tensor => ops.sum(ops.square(ops.concat(xs)));
    const at = scalars(n);
    const argnums = range(n);
    const gradients = grad(f, { argnums } as never)(...at) as unknown as Tensor[];
    expect(gradients.map((g) => g.item())).toEqual(range(n).map((i) => 2 * i));
    if (n > 17) return;
    const blocks = hessian(f, { argnums } as never)(...at) as unknown as Tensor[][];
    expect(blocks.map((row) => row.map((block) => block.item()))).toEqual(
      range(n).map((i) => range(n).map((j) => (i === j ? 2 : 0))),
    );
  });

  test("of none is refused, or is nothing to do", () => {
    expect(() => ops.concat([])).toThrow(ArgumentError);
    expect(() => ops.stack([])).toThrow(ArgumentError);
    expect(() => ops.einsum("i->i", [])).toThrow(ArgumentError);
    expect(() => optim.clipGradNorm([], 1)).toThrow(GraphError);
    expect(() => new optim.LBFGS([])).toThrow(ArgumentError);
    expect(() => new optim.SGD([], { lr: 1 })).toThrow(ArgumentError);
    expect(() => optim.newton(new nn.Identity(), () => ones([]))).toThrow(ArgumentError);
    expect(() => optim.gaussNewton(new nn.Identity(), () => ones([1]), ops.sum)).toThrow(ArgumentError);
    expect(() => compile(() => [])()).not.toThrow();
  });
});
