// Tensors as text: their values are printed as NumPy prints them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { arange, compile, type DType, nn, ones, ops, type Tensor, tensor, zeros } from "../../lib/index.js";

interface Answers {
  readonly short: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly data: readonly string[];
    readonly text: string;
  }[];
  readonly long: readonly {
    readonly shape: readonly number[];
    readonly step: number;
    readonly text: string;
  }[];
}

const path = process.env["THALWEG_PRINTING"] ?? join(import.meta.dirname, "..", "oracle", "printing.json");
const { short, long } = JSON.parse(readFileSync(path, "utf8")) as Answers;

/** What is printed of the values alone. */
const valuesIn = (x: Tensor): string => /^Tensor\(([\s\S]*?),\s+shape=/.exec(String(x))?.[1] ?? "";

const number = (text: string): number => Number(text.replace(/^(-?)inf$/, "$1Infinity"));

test.each(short.map((one, i) => [i, one] as const))("case %i is printed as NumPy prints it", (_, one) => {
  const x = tensor(one.data.map(number), { shape: one.shape, dtype: one.dtype });
  const expected = one.text.replaceAll("True", "true").replaceAll("False", "false");
  expect(valuesIn(x)).toBe(expected);
});

test.each(long)("$shape in steps of $step is shortened as NumPy shortens it", ({ shape, step, text }) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const x = ops.mul(arange(size, { dtype: "float64" }), step).reshape(shape);
  expect(valuesIn(x)).toBe(text);
});

describe("after the values", () => {
  test("stand shape and dtype, in a line of their own where there is no room", () => {
    expect(String(tensor([[1, 2]]))).toBe("Tensor([[1., 2.]], shape=[1, 2], dtype=float32)");
    const row = `[${Array.from({ length: 10 }, () => "0.").join(", ")}]`;
    expect(String(zeros([2, 10]))).toBe(
      `Tensor([${row},\n        ${row}],\n       shape=[2, 10], dtype=float32)`,
    );
    expect(String(zeros([0, 2], { dtype: "int32" }))).toBe("Tensor([], shape=[0, 2], dtype=int32)");
  });

  test("stands whether it requires a gradient, or which op gave it", () => {
    const w = new nn.Parameter(ones([1]));
    expect(String(w)).toBe("Parameter([1.], shape=[1], dtype=float32, requiresGrad=true)");
    expect(String(w.exp().mul(0))).toBe("Tensor([0.], shape=[1], dtype=float32, gradFn=<mul>)");
    expect(String(new nn.Parameter(ones([1]), false))).toBe("Parameter([1.], shape=[1], dtype=float32)");
    expect(String(new nn.Buffer(tensor([true])))).toBe("Buffer([ true], shape=[1], dtype=bool)");
  });
});

describe("values that cannot be read", () => {
  test("are in use by a run", async () => {
    const module = new nn.BatchNorm1d(2);
    const run = compile((x: Tensor) => module.forward(x)).runAsync(ones([3, 2]));
    const text = String(module.runningMean);
    const shown = inspect(module.runningMean);
    await run;
    expect(text).toBe("Buffer(in use by a run, shape=[2], dtype=float32)");
    expect(shown).toBe(text);
    expect(String(module.runningMean)).toBe("Buffer([0.1, 0.1], shape=[2], dtype=float32)");
  });

  test("are not known in a traced function, or were transferred", () => {
    let seen = "";
    compile((x: Tensor) => {
      seen = String(x.add(1));
      return x;
    })(ones([2]));
    expect(seen).toBe("Tensor(not known while a function is traced, shape=[2], dtype=float32)");
    const gone = ones([2]);
    structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
    expect(String(gone)).toBe("Tensor(its memory was transferred, shape=[2], dtype=float32)");
  });
});

describe("console.log", () => {
  const x = tensor([[1, 2.5]]);

  test("shows a tensor where it stands, aligned with its bracket", () => {
    expect(inspect(x)).toBe(String(x));
    expect(inspect({ a: { x: zeros([2, 1]) } })).toBe(
      "{\n  a: {\n    x: Tensor([[0.],\n            [0.]], shape=[2, 1], dtype=float32)\n  }\n}",
    );
  });

  test("names it where it is nested too deep", () => {
    expect(inspect({ a: { b: { c: { x } } } }, { depth: 2 })).toContain("[Object]");
    expect(inspect({ x }, { depth: 0 })).toBe("{ x: [Tensor] }");
  });

  test("colours the numbers, which stay aligned", () => {
    expect(inspect(x, { colors: true })).toBe(
      "Tensor([[\u001b[33m1. \u001b[39m, \u001b[33m2.5\u001b[39m]], shape=[1, 2], dtype=float32)",
    );
  });
});
