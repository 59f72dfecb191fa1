// Derivatives where a mask, a clamp or a tie meets 0/0, 0·∞ or an infinite slope: of both orders, by both modes, op by
// op and compiled. What they are, PyTorch's answers and the decisions where it has none, is in test/oracle/singular.py.
import { describe, expect, test } from "vitest";
import {
  compile,
  cost,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  ops,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { expectNumbersClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import { readSingular, type SingularRow } from "../oracle/read.js";

type AnyFunction = (...args: unknown[]) => Tensor;

const rootAbove = (x: Tensor): Tensor => {
  const isAbove = ops.greater(x, 0);
  return ops.where(isAbove, ops.sqrt(ops.where(isAbove, x, 1)), 0);
};

/** The row's function with its options, which are not all one object at the end. */
function functionOf({ function: name, options }: SingularRow): (...inputs: Tensor[]) => Tensor {
  const [folder, own] = name.split(".") as [string, string | undefined];
  if (own === undefined) return rootAbove;
  const { exponent, base } = options as Record<string, number | undefined>;
  if (exponent !== undefined) return (x) => ops.pow(x as Tensor, exponent);
  if (base !== undefined) return (b) => ops.pow(base, b as Tensor);
  const f = ((folder === "ops" ? ops : cost) as unknown as Record<string, AnyFunction>)[own] as AnyFunction;
  const all = folder === "ops" ? options : { ...options, reduction: "none" };
  return (...inputs) => (Object.keys(all).length === 0 ? f(...inputs) : f(...inputs, all));
}

interface Total {
  /** Σ dy ∘ f of all moving inputs as one vector. */
  readonly total: (v: Tensor) => Tensor;
  readonly f: (v: Tensor) => Tensor;
  readonly at: Tensor;
}

function totalOf(row: SingularRow, dtype: "float32" | "float64" = "float64"): Total {
  const inputs = Object.entries(row.inputs).map(([name, value]) => [name, fromOracle(value, dtype)] as const);
  const call = functionOf(row);
  const f = (v: Tensor): Tensor => {
    let start = 0;
    const parts = inputs.map(([name, fixed]) => {
      if (!row.moving.includes(name)) return fixed;
      start += fixed.size;
      return ops.reshape(ops.slice(v, 0, { start: start - fixed.size, end: start }), fixed.shape);
    });
    return call(...parts);
  };
  const dy = fromOracle(row.dy, dtype);
  const numbers = row.moving.flatMap((name) => [...(row.inputs[name] as SingularRow["dy"]).data]);
  return { f, total: (v) => ops.sum(ops.mul(f(v), dy)), at: tensor(numbers, { dtype }) };
}

const rows = readSingular().map(
  (row) => [`${row.function} ${JSON.stringify(row.options)}: ${row.note}`, row] as const,
);
const unit = (n: number, i: number): Tensor =>
  tensor(
    Array.from({ length: n }, (_, k) => Number(k === i)),
    { dtype: "float64" },
  );
const { float64 } = TOLERANCE;

test.each(rows)("first derivatives of %s", (_, row) => {
  const { f, total, at } = totalOf(row);
  expectNumbersClose(f(at).data, row.value.data, float64, "value");
  expectNumbersClose(compile(f)(at).data, row.value.data, float64, "compiled value");
  const { data } = row.gradient;
  expectNumbersClose(grad(total)(at).data, data, float64, "gradient");
  expectNumbersClose(compile(grad(total))(at).data, data, float64, "compiled gradient");
  const forward = data.map((_, i) => jvp(total, [at], [unit(at.size, i)])[1].item());
  expectNumbersClose(forward, expectedForward(row), float64, "by jvp");
  const columns = jacobian(total, { mode: "forward" });
  expectNumbersClose(columns(at).data, expectedForward(row), float64, "by forward mode");
  expectNumbersClose(compile(columns)(at).data, expectedForward(row), float64, "compiled, by forward mode");
});

/** 0 along one axis times an infinite slope along another is NaN in forward mode. */
function expectedForward({ gradient: { data } }: SingularRow): number[] {
  return data.map((slope, i) =>
    data.some((other, j) => j !== i && !Number.isFinite(other)) ? Number.NaN : slope,
  );
}

test.each(rows)("second derivatives of %s", (_, row) => {
  const { total, at } = totalOf(row);
  const { data } = row.hessian;
  const n = at.size;
  const rowOf = (i: number): Tensor => grad((v: Tensor) => ops.sum(ops.mul(grad(total)(v), unit(n, i))))(at);
  const byReverse = Array.from({ length: n }, (_, i) => [...rowOf(i).data]).flat();
  expectNumbersClose(byReverse, data, float64, "grad of grad");
  // Symmetric: its columns are its rows.
  const products = Array.from({ length: n }, (_, i) => [
    ...(hvp(total, [at], [unit(n, i)])[1][0] as Tensor).data,
  ]);
  expectNumbersClose(products.flat(), data, float64, "hvp");
  expectNumbersClose(hessian(total)(at).data, data, float64, "hessian");
  expectNumbersClose(compile(hessian(total))(at).data, data, float64, "compiled hessian");
});

test.each(rows)("float32 gradients of %s", (_, row) => {
  const { total, at } = totalOf(row, "float32");
  // Numbers beyond float32 are infinite there.
  if ([...at.data].some((x, i) => x !== totalOf(row).at.data[i] && !Number.isFinite(x))) return;
  expectNumbersClose(grad(total)(at).data, row.gradient.data, { rtol: 1e-5, atol: 1e-5 }, "gradient");
});

describe("a power at 0", () => {
  const at = tensor([0], { dtype: "float64" });
  const total = (n: number) => (x: Tensor) => ops.sum(ops.pow(x, n));
  const next = (f: (x: Tensor) => Tensor) => (x: Tensor) => ops.sum(grad(f)(x));

  test.each([
    [1, 0, 0],
    [2, 0, 0],
    [3, 6, 0],
    [4, 0, 24],
    [5, 0, 0],
  ])("%i has the polynomial's third and fourth derivatives", (n, third, fourth) => {
    const second = next(next(total(n)));
    expect([...grad(second)(at).data]).toEqual([third]);
    expect([...grad(next(second))(at).data]).toEqual([fourth]);
    expect([...compile(grad(next(second)))(at).data]).toEqual([fourth]);
    expect([...hessian(next(total(n)))(at).data]).toEqual([third]);
    expect([...hessian(second)(at).data]).toEqual([fourth]);
    expect([...(hvp(second, [at], [unit(1, 0)])[1][0] as Tensor).data]).toEqual([fourth]);
  });

  test("has them too where the exponent is a tensor", () => {
    const cube = (x: Tensor): Tensor => ops.sum(ops.pow(x, tensor([3], { dtype: "float64" })));
    expect([...grad(next(next(cube)))(at).data]).toEqual([6]);
    expect([...hessian(next(cube))(at).data]).toEqual([6]);
  });
});

test("a side of where that is not taken gets 0, and multiplies it by its own slope, as the doc says", () => {
  const x = tensor([0, 4]);
  const root = (v: Tensor): Tensor => ops.sum(ops.where(ops.greater(v, 0), ops.sqrt(v), 0));
  expect([...grad(root)(x).data]).toEqual([Number.NaN, 0.25]);
  expect([...grad((v: Tensor) => ops.sum(rootAbove(v)))(x).data]).toEqual([0, 0.25]);
});

test("one of a huge difference keeps huber's and smooth-L1's slope in float32", () => {
  const [y, target] = [tensor([3e38, -3e38]), tensor([0, 0])];
  for (const of of [cost.huber, cost.smoothL1]) {
    expect([...grad((v: Tensor) => of(v, target, { reduction: "sum" }))(y).data]).toEqual([1, -1]);
  }
});
