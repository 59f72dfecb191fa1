import { afterAll, describe, expect, test } from "vitest";
import { Generator, grad, ops, optim, setThreads, type Tensor, tensor } from "../../lib/index.js";
import { binding, executeAny } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { fuseElementwise } from "../../lib/plan/fuse-elementwise.js";
import type { Instruction, Value, ValueKind } from "../../lib/plan/ir.js";
import { allocate, type DType, type TypedArray } from "../../lib/tensor/dtype.js";
import { all, expectSame, f64, names, only, programOf, stepsOf, weight } from "./program.js";

const PASS = ["fuseElementwise"] as const;
const random = new Generator(2);
const x = f64([0.5, -1, 2, 3]);
const y = f64([2, 0.25, -3, 1]);

describe("fuseElementwise", () => {
  test("makes one instruction of a chain", () => {
    const fn = (a: Tensor): Tensor => ops.maximum(ops.mul(ops.add(ops.exp(a), 1), a), 0.5);
    const program = programOf(fn, PASS, x);
    const chain = only("chain", program);
    // Values 0 to 2 are x and the two numbers.
    expect(stepsOf(chain)).toEqual(["exp(0)", "add(3, 1)", "mul(4, 0)", "maximum(5, 2) kept"]);
    expect(chain.operands("inputs").map(({ kind, size }) => [kind, size])).toEqual([
      ["input", 4],
      ["constant", 1],
      ["constant", 1],
    ]);
    expect(chain.operands("results")).toEqual(program.outputs);
    expect(program.instructions).toHaveLength(1);
    expectSame(() => fn, PASS, [x]);
  });

  test("joins branches, and results that are read several times", () => {
    const fn = (a: Tensor, b: Tensor): Tensor => {
      const p = ops.add(a, b);
      const q = ops.tanh(b);
      return ops.sub(ops.mul(p, q), ops.square(ops.mul(p, p)));
    };
    expect(names(fn, PASS, x, y)).toEqual(["chain"]);
    expectSame(() => fn, PASS, [x, y]);
  });

  test("writes a result once that others need, and continues the chain", () => {
    const fn = (a: Tensor): Tensor[] => {
      const e = ops.exp(a);
      const s = ops.sigmoid(ops.neg(e));
      return [ops.sum(e), s, ops.sqrt(s)];
    };
    const program = programOf(fn, PASS, x);
    expect(program.instructions.map(({ name }) => name)).toEqual(["chain", "sum"]);
    const chain = only("chain", program);
    expect(stepsOf(chain)).toHaveLength(4);
    expect(chain.operands("results")).toHaveLength(3);
    expectSame(() => fn, PASS, [x]);
  });

  test("reads an input that is broadcast along the first axes", () => {
    const [whole, row, own] = [[3, 300], [300], [3, 1]].map((shape) => random.normal(shape)) as Tensor[];
    const fn = (a: Tensor, b: Tensor): Tensor[] => {
      const sum = ops.add(a, b);
      return [ops.relu(sum), ops.mul(ops.sub(b, ops.exp(a)), 2)];
    };
    const program = programOf(fn, PASS, whole as Tensor, row as Tensor);
    const chains = all("chain", program);
    expect(chains.map((chain) => [chain.param("n"), chain.param("period")])).toEqual([
      [900, 300],
      [900, 300],
    ]);
    expect(program.instructions).toHaveLength(2);
    expectSame(() => fn, PASS, [whole as Tensor, row as Tensor]);
    // Not one that is broadcast along the last axis, nor two of different sizes.
    expect(names((a, b) => ops.relu(ops.add(a, b)), PASS, whole as Tensor, own as Tensor)).toEqual([
      "add",
      "relu",
    ]);
    const [large, other] = [random.normal([4, 300]), random.normal([400])];
    const two = (a: Tensor, b: Tensor, c: Tensor): Tensor => ops.add(ops.reshape(ops.add(a, b), [3, 400]), c);
    expect(names(two, PASS, large, row as Tensor, other)).toEqual(["add", "add"]);
    expectSame(() => two, PASS, [large, row as Tensor, other]);
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

  const ELEMENTWISE = binding.instructions.filter(({ family }) => family === "elementwise");

  test.each(ELEMENTWISE.map((description) => [description.name, description] as const))(
    "fuses %s, with the same bits as alone",
    (name, { operands, dtypes, gives }) => {
      for (const dtype of dtypes as readonly DType[]) {
        const values = (at: number): TypedArray => {
          const array = allocate(dtype, 5);
          for (let i = 0; i < 5; i++) array[i] = dtype === "bool" ? (i + at) % 2 : i + 1 - at;
          return array;
        };
        const buffer = (kind: ValueKind, of: DType): Value => ({ kind, size: 5, dtype: of, shape: [5] });
        const reads = operands.filter(({ access }) => access === "read");
        const inputs = reads.map((operand) => buffer("input", operand.name === "condition" ? "bool" : dtype));
        const result = gives === "same" ? dtype : gives;
        const [y, copied] = [buffer("temporary", result), buffer("temporary", result)];
        const strides = reads.map(() => 1);
        const apart: Instruction[] = [
          { name, params: [1, 5, ...strides], operands: [...inputs, y] },
          { name: "copy", params: [1, 5, 1], operands: [y, copied] },
        ];
        const program = fuseElementwise({ instructions: apart, outputs: [copied] });
        expect(stepsOf(only("chain", program)).map((step) => step.split("(")[0])).toEqual([name, "copy"]);
        const run = (instructions: readonly Instruction[]): TypedArray => {
          const arrays = new Map(inputs.map((input, at) => [input, values(at)]));
          if (inputs[0]?.dtype === "bool") arrays.set(inputs[0], Uint8Array.of(0, 1, 1, 0, 1));
          for (const one of [y, copied]) arrays.set(one, allocate(one.dtype, 5));
          for (const { name: own, params, operands: used } of instructions) {
            const memory = used.map((one) => arrays.get(one as Value) as TypedArray);
            executeAny(instructionId(own), params, memory);
          }
          return arrays.get(copied) as TypedArray;
        };
        expect(run(program.instructions)).toEqual(run(apart));
      }
    },
  );

  test("broadcasts one number, known or computed, and leaves other broadcasts outside", () => {
    const m = random.normal([3, 5]);
    const scalar = (a: Tensor): Tensor => ops.mul(ops.sub(a, ops.mean(a)), ops.add(ops.exp(a), 2));
    expect(names(scalar, PASS, m)).toEqual(["sum", "mul", "chain"]);
    expectSame(() => scalar, PASS, [m]);
    const row = (a: Tensor, b: Tensor): Tensor => ops.relu(ops.add(ops.neg(a), b));
    expect(names(row, PASS, m, random.normal([5]))).toEqual(["neg", "add", "relu"]);
    expectSame(() => row, PASS, [m, random.normal([5])]);
  });

  test("splits around an instruction that must come between two ops", () => {
    // The quotient needs the sum of the exponentials, so one chain cannot do both.
    const softmax = (a: Tensor): Tensor => {
      const e = ops.exp(ops.neg(a));
      return ops.sqrt(ops.div(e, ops.sum(e)));
    };
    expect(names(softmax, PASS, x)).toEqual(["chain", "sum", "chain"]);
    expectSame(() => softmax, PASS, [x]);
  });

  test("does not split around an instruction that it does not depend on", () => {
    const fn = (a: Tensor): Tensor[] => {
      const e = ops.exp(a);
      const s = ops.sum(e);
      return [s, ops.neg(e), ops.square(ops.neg(e))];
    };
    expect(names(fn, PASS, x)).toEqual(["chain", "sum"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("joins an op that may run early or late to the op that reads it", () => {
    const w = f64([
      [1, -1],
      [0.5, 2],
    ]);
    const fn = (a: Tensor): Tensor => {
      const z = ops.tanh(ops.mul(a, 2));
      const dz = ops.matmul(ops.matmul(z, w), w, { transposeB: true });
      return ops.mul(dz, ops.sub(1, ops.square(z)));
    };
    const program = programOf(fn, PASS, w);
    expect(program.instructions.map(({ name }) => name)).toEqual(["chain", "matmul", "matmul", "chain"]);
    expect(all("chain", program).map((chain) => stepsOf(chain).length)).toEqual([2, 3]);
    expectSame(() => fn, PASS, [w]);
  });

  test("does not join ops if the two chains would depend on each other", () => {
    const fn = (a: Tensor, b: Tensor): Tensor[] => {
      const [p, q] = [ops.exp(a), ops.tanh(b)];
      return [ops.mul(p, ops.sum(q)), ops.mul(q, ops.sum(p))];
    };
    expectSame(() => fn, PASS, [x, y]);
    expectSame(() => fn, PASS, [x, f64([1, 2])]);
  });

  test("reads a state's value at the place of each op", () => {
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

  test("does not fuse counts and generators, which are written in place", () => {
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

  test("splits ops that are too many for one chain", () => {
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

  test("does not fuse ops without elements", () => {
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
  // Sizes around the vector width, the shares of the threads and the blocks. The last is large enough for a team.
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
