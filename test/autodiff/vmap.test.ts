import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  Generator,
  GraphError,
  grad,
  IndexError,
  nn,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";
import { expectSame } from "../oracle/compare.js";

const random = new Generator(11);
const normal = (shape: number[]): Tensor => random.normal(shape, { dtype: "float64" });

const at = (x: Tensor, i: number): Tensor =>
  ops.reshape(ops.slice(x, 0, { start: i, end: i + 1 }), x.shape.slice(1));

describe("vmap", () => {
  const dot = (a: Tensor, b: Tensor): Tensor => ops.sum(ops.mul(a, b));

  test("takes samples along any axis and returns them along any axis", () => {
    const [a, b] = [normal([4, 3]), normal([3, 4])];
    const scaled = vmap((x: Tensor, y: Tensor) => ops.mul(x, ops.sum(y)), { inDims: [1, 0], outDims: 1 });
    const expected = ops.mul(a, ops.sum(b, { dim: 1 }));
    expectSame(scaled(a, b), expected, "scaled");
    expectSame(
      vmap(dot, { inDims: [0, -1] })(a, b),
      ops.sum(ops.mul(a, ops.transpose(b, 0, 1)), { dim: 1 }),
      "dot",
    );
  });

  test("nests: all pairs", () => {
    const [a, b] = [normal([4, 3]), normal([5, 3])];
    const pairs = vmap((x: Tensor) => vmap((y: Tensor) => dot(x, y))(b))(a);
    expectSame(pairs, ops.matmul(a, b, { transposeB: true }), "pairs");
  });

  test("takes and returns lists and objects, and repeats results that are the same for all samples", () => {
    const both = vmap((p: { w: Tensor; b: Tensor }, x: Tensor) => ({
      y: ops.add(dot(p.w, x), p.b),
      one: tensor(1),
    }));
    const [w, b, x] = [normal([2, 3]), normal([2]), normal([2, 3])];
    const { y, one } = both({ w, b }, x);
    expectSame(y, ops.add(ops.sum(ops.mul(w, x), { dim: 1 }), b), "y");
    expect(one.toArray()).toEqual([1, 1]);
  });

  test("is transparent to gradients outside and inside", () => {
    const [a, b] = [normal([4, 3]), normal([4, 3])];
    const outside = grad((x: Tensor) => ops.sum(ops.square(vmap(dot)(x, b))))(a);
    const plain = grad((x: Tensor) => ops.sum(ops.square(ops.sum(ops.mul(x, b), { dim: 1 }))))(a);
    expectSame(outside, plain, "outside");
    const inside = vmap(grad((x: Tensor) => ops.sum(ops.exp(x))))(a);
    expectSame(inside, ops.exp(a), "inside");
    const twice = grad((x: Tensor) => ops.sum(vmap(grad((z: Tensor) => ops.sum(ops.exp(z))))(x)))(a);
    expectSame(twice, ops.exp(a), "both");
  });

  test("runs under compile", () => {
    const [a, b] = [normal([4, 3]), normal([4, 3])];
    const f = vmap(grad((x: Tensor, y: Tensor) => ops.sum(ops.square(ops.sub(ops.tanh(x), y)))));
    expectSame(compile(f)(a, b) as Tensor, f(a, b), "compiled");
  });

  test("runs a user's op without a rule sample by sample", () => {
    const doubled = ops.defineOp<"x">("doubled", {
      inputs: ["x"],
      kernel: "neg",
      shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
      params: ({ x: { size } }) => [1, size, 1],
      vjp: { x: ({ dy }) => ops.neg(dy) },
    });
    const x = normal([3, 2]);
    expectSame(vmap((z: Tensor) => doubled([z], {}))(x), ops.neg(x), "value");
    const gradient = vmap(grad((z: Tensor) => ops.sum(ops.square(doubled([z], {})))))(x);
    expectSame(gradient, ops.mul(x, 2), "gradient");
  });

  test("works for models: an ensemble", () => {
    const model = new nn.Sequential(new nn.Linear(3, 4, { dtype: "float64" }), new nn.ReLU());
    const weights = normal([5, 4, 3]);
    const x = normal([2, 3]);
    const outputs = vmap((w: Tensor) => model.withParameters({ "0.weight": w }, () => model.forward(x)))(
      weights,
    );
    for (let i = 0; i < 5; i++) {
      const one = model.withParameters({ "0.weight": at(weights, i) }, () => model.forward(x));
      expectSame(at(outputs, i), one, `member ${i}`);
    }
  });

  test("refuses bad arguments", () => {
    const x = normal([4, 3]);
    const cases: [() => unknown, new (message: string) => Error, string][] = [
      [() => vmap(1 as never), ArgumentError, "vmap: expected a function, got 1"],
      [
        () => vmap(dot)(x, normal([5, 3])),
        ShapeError,
        "expected all inputs to have as many samples, got 4 and 5",
      ],
      [() => vmap(dot)(x, tensor(1)), ShapeError, "vmap: expected an axis of samples, got a scalar"],
      [
        () => vmap(dot, { inDims: null })(x, x),
        ArgumentError,
        "vmap: expected an input with samples, got none",
      ],
      [() => vmap(dot, { inDims: [0] })(x, x), ArgumentError, "vmap: expected inDims for 2 inputs, got 1"],
      [() => vmap(dot, { inDims: 2 })(x, x), ShapeError, "vmap"],
      [
        () => vmap(dot, { inDims: "0" as never })(x, x),
        ArgumentError,
        "vmap: expected inDims to be a whole number",
      ],
      [() => vmap((z: Tensor) => tensor(z.data))(x), GraphError, "its value cannot be read"],
      [() => vmap((z: Tensor) => (ops.sum(z).item() > 0 ? z : z))(x), GraphError, "its value cannot be read"],
      [() => vmap((_: Tensor) => 1 as never)(x), ArgumentError, "the function's result to be a tensor"],
      [
        () => vmap((z: Tensor) => ops.indexSelect(z, 0, tensor([3], { dtype: "int32" })))(x),
        IndexError,
        "indexSelect",
      ],
    ];
    for (const [run, type, message] of cases) {
      expect(run).toThrow(type);
      expect(run).toThrow(message);
    }
    let leaked: Tensor | undefined;
    vmap((z: Tensor) => {
      leaked = z;
      return z;
    })(x);
    expect(() => ops.exp(leaked as Tensor)).toThrow("a tensor of a vmap that has ended");
    const w = tensor([1, 2, 3], { dtype: "float64", requiresGrad: true });
    const backwardInside = (): Tensor =>
      vmap((z: Tensor) => {
        dot(w, z).backward();
        return z;
      })(x);
    expect(backwardInside).toThrow("under vmap each sample has a gradient of its own");
  });
});
