import { afterAll, describe, expect, test } from "vitest";
import { Generator, grad, ops, optim, setThreads, type Tensor, tensor } from "../../lib/index.js";
import { binding } from "../../lib/native/binding.js";
import { expectSame, f64, instructions, names, weight } from "./program.js";

const PASS = ["fuseElementwise"] as const;
const random = new Generator(2);
const x = f64([0.5, -1, 2, 3]);
const y = f64([2, 0.25, -3, 1]);

describe("fuseElementwise", () => {
  test("makes one instruction of a chain, and tells its ops", () => {
    const fn = (a: Tensor): Tensor => ops.maximum(ops.mul(ops.add(ops.exp(a), 1), a), 0.5);
    expect(instructions(fn, PASS, x)).toEqual([
      [
        "t0 [4] = chain of 4, block by block:",
        "v0 = exp(x0 [4])",
        "v1 = add(v0, 1)",
        "v2 = mul(v1, x0)",
        "t0 [4] = maximum(v2, 0.5)",
      ].join("\n"),
    ]);
    expectSame(() => fn, PASS, [x]);
  });

  test("joins branches, and what is read several times", () => {
    const fn = (a: Tensor, b: Tensor): Tensor => {
      const p = ops.add(a, b);
      const q = ops.tanh(b);
      return ops.sub(ops.mul(p, q), ops.square(ops.mul(p, p)));
    };
    expect(names(fn, PASS, x, y)).toEqual(["chain"]);
    expectSame(() => fn, PASS, [x, y]);
  });

  test("writes what others need, once, and goes on in the chain", () => {
    const fn = (a: Tensor): Tensor[] => {
      const e = ops.exp(a);
      const s = ops.sigmoid(ops.neg(e));
      return [ops.sum(e), s, ops.sqrt(s)];
    };
    const found = instructions(fn, PASS, x);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^t\d \[4\], t\d \[4\], t\d \[4\] = chain of 4/);
    expectSame(() => fn, PASS, [x]);
  });

  test("works with every dtype, also where it changes within the chain", () => {
    const fn = (a: Tensor, b: Tensor): Tensor[] => {
      const less = ops.less(a, b);
      const both = ops.logicalAnd(less, ops.logicalNot(ops.equal(ops.to(a, "int32"), ops.to(b, "int32"))));
      const chosen = ops.where(both, ops.to(a, "float32"), ops.to(ops.to(both, "int32"), "float32"));
      return [ops.to(chosen, "float64"), both, ops.isFinite(ops.div(ops.to(less, "float64"), 0))];
    };
    expect(names(fn, PASS, x, y)).toEqual(["chain"]);
    expectSame(() => fn, PASS, [x, y]);
  });

  test("takes every elementwise instruction", () => {
    const float = (a: Tensor, b: Tensor): Tensor[] => [
      ...[ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.maximum, ops.minimum].map((op) => op(a, b)),
      ...[ops.neg, ops.abs, ops.sign, ops.square, ops.sqrt, ops.reciprocal].map((op) => op(a)),
      ...[ops.exp, ops.log, ops.tanh, ops.sigmoid, ops.relu, ops.heaviside].map((op) => op(a)),
      ...[ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh].map((op) => op(a)),
      ...[ops.asinh, ops.acosh, ops.atanh, ops.expm1, ops.log1p, ops.exp2, ops.log2].map((op) => op(a)),
      ...[ops.log10, ops.erf, ops.erfc, ops.rsqrt, ops.floor, ops.ceil, ops.round, ops.trunc].map((op) =>
        op(a),
      ),
      ops.atan2(a, b),
      ...[ops.equal, ops.notEqual, ops.less, ops.lessEqual, ops.greater, ops.greaterEqual].map((op) =>
        op(a, b),
      ),
      ops.isFinite(a),
      ...(["float32", "int32", "bool"] as const).map((dtype) => ops.to(a, dtype)),
    ];
    // One of them behind another in a chain of two.
    const total = float(x, y).length;
    for (let k = 0; k < total; k++) {
      const fn = (a: Tensor, b: Tensor): Tensor => float(ops.abs(a), b)[k] as Tensor;
      expect(names(fn, [...PASS, "deadCode"], x, y)).toEqual(["chain"]);
      expectSame(() => fn, PASS, [x, y]);
    }
    const bool = (a: Tensor, b: Tensor): Tensor[] => {
      const [p, q] = [ops.greater(a, 0), ops.greater(b, 0)];
      return [
        ops.logicalOr(p, q),
        ops.logicalAnd(p, q),
        ops.logicalNot(p),
        ops.to(q, "float64"),
        ops.where(p, a, b),
      ];
    };
    expect(names(bool, PASS, x, y)).toEqual(["chain"]);
    expectSame(() => bool, PASS, [x, y]);
    const elementwise = binding.instructions
      .filter(({ family }) => family === "elementwise")
      .map(({ name }) => name);
    expect(elementwise).toHaveLength(59);
  });

  test("broadcasts one number, known or computed, and leaves other broadcasts outside", () => {
    const m = random.normal([3, 5]);
    const scalar = (a: Tensor): Tensor => ops.mul(ops.sub(a, ops.mean(a)), ops.add(ops.exp(a), 2));
    expect(names(scalar, PASS, m)).toEqual(["sum", "mul", "chain"]);
    expectSame(() => scalar, PASS, [m]);
    const row = (a: Tensor, b: Tensor): Tensor => ops.relu(ops.add(ops.neg(a), b));
    expect(names(row, PASS, m, random.normal([5]))).toEqual(["neg", "add", "relu"]);
    expectSame(() => row, PASS, [m, random.normal([5])]);
  });

  test("goes round what must stand between two of its ops", () => {
    // The sum of the exponentials is needed for the quotient: no one instruction can do both.
    const softmax = (a: Tensor): Tensor => {
      const e = ops.exp(ops.neg(a));
      return ops.sqrt(ops.div(e, ops.sum(e)));
    };
    expect(names(softmax, PASS, x)).toEqual(["chain", "sum", "chain"]);
    expectSame(() => softmax, PASS, [x]);
  });

  test("does not wait for what it need not wait for", () => {
    const fn = (a: Tensor): Tensor[] => {
      const e = ops.exp(a);
      const s = ops.sum(e);
      return [s, ops.neg(e), ops.square(ops.neg(e))];
    };
    expect(names(fn, PASS, x)).toEqual(["chain", "sum"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("puts what may be done early or late with what reads it", () => {
    const w = f64([
      [1, -1],
      [0.5, 2],
    ]);
    const fn = (a: Tensor): Tensor => {
      const z = ops.tanh(ops.mul(a, 2));
      const dz = ops.matmul(ops.matmul(z, w), w, { transposeB: true });
      return ops.mul(dz, ops.sub(1, ops.square(z)));
    };
    const found = instructions(fn, PASS, w);
    expect(found[0]).toContain("chain of 2");
    expect(found[3]).toContain("chain of 3");
    expect(found).toHaveLength(4);
    expectSame(() => fn, PASS, [w]);
  });

  test("leaves two chains apart that would each have to wait for the other", () => {
    const fn = (a: Tensor, b: Tensor): Tensor[] => {
      const [p, q] = [ops.exp(a), ops.tanh(b)];
      return [ops.mul(p, ops.sum(q)), ops.mul(q, ops.sum(p))];
    };
    expectSame(() => fn, PASS, [x, y]);
    expectSame(() => fn, PASS, [x, f64([1, 2])]);
  });

  test("reads a state as it is at each op's place", () => {
    const make = () => {
      const w = weight([1, 2, 3, 4]);
      const opt = new optim.SGD([w], { lr: 0.5 });
      return (a: Tensor): Tensor => {
        const before = ops.mul(ops.detach(w), 2);
        w.grad = a;
        opt.step();
        const after = ops.mul(ops.detach(w), 3);
        return ops.add(before, ops.mul(after, a));
      };
    };
    const found = names(make(), PASS, x);
    expect(found.indexOf("sgd")).toBeGreaterThan(
      found.findIndex((name) => name === "mul" || name === "chain"),
    );
    expectSame(make, PASS, [x]);
  });

  test("leaves counts and generators that are written in place to themselves", () => {
    const make = () => {
      const generator = new Generator(5);
      const w = weight([1, 2, 3, 4]);
      const opt = new optim.Adam([w], { lr: 0.5 });
      return (a: Tensor): Tensor[] => {
        opt.zeroGrad();
        ops.sum(ops.mul(ops.square(w), ops.add(generator.uniform([4], { dtype: "float64" }), a))).backward();
        opt.step();
        return [ops.neg(w), ops.exp(ops.neg(generator.normal([4])))];
      };
    };
    expectSame(make, PASS, [x], { runs: 5 });
  });

  test("splits what is too long for one", () => {
    const fn = (a: Tensor): Tensor => {
      let z = a;
      for (let i = 0; i < 50; i++) z = ops.add(ops.mul(z, 0.5), a);
      return z;
    };
    const found = names(fn, PASS, x);
    expect(found.length).toBeGreaterThan(3);
    expect(found.length).toBeLessThan(8);
    expectSame(() => fn, PASS, [x]);
  });

  test("chains nothing that has no elements", () => {
    const empty = tensor(new Float64Array(0));
    const fn = (a: Tensor): Tensor => ops.exp(ops.neg(a));
    expect(names(fn, PASS, empty)).toEqual(["neg", "exp"]);
    expectSame(() => fn, PASS, [empty]);
  });

  afterAll(() => setThreads(2));
  const gelu = (a: Tensor): Tensor => {
    const inner = ops.mul(ops.add(a, ops.mul(ops.pow(a, 3), 0.044715)), Math.sqrt(2 / Math.PI));
    return ops.mul(ops.mul(a, 0.5), ops.add(ops.tanh(inner), 1));
  };
  // Around the vectors, the shares of threads and the blocks; the last is worth a team.
  test.each([1, 3, 17, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 2047, 2049, 100_003])(
    "gives the same bits for %d elements with 1, 2 and 3 threads",
    (n) => {
      for (const dtype of ["float32", "float64"] as const) {
        const a = random.normal([n], { dtype });
        const slope = grad((z) => ops.sum(gelu(z)));
        for (const threads of [1, 2, 3]) {
          setThreads(threads);
          expectSame(() => (z) => [gelu(z), slope(z), ops.greater(gelu(z), 0)], PASS, [a], { runs: 1 });
        }
      }
    },
  );
});
