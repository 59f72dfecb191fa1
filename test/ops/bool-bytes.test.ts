import { describe, expect, test } from "vitest";
import { compile, full, ops, type Tensor, tensor, zeros } from "../../lib/index.js";
import { type Registered, registry } from "../../lib/ops/registry.js";

// JavaScript may write any byte to a bool tensor's data: all but 0 are true.
const clean = [true, false, true, true, false, true, true];
const dirty = [2, 0, 255, 1, 0, 128, 3];

const truths = (values: readonly (number | boolean)[]): Tensor => {
  const x = zeros([values.length], { dtype: "bool" });
  values.forEach((value, i) => {
    x.data[i] = Number(value);
  });
  return x;
};

const other = tensor([true, true, false, true, false, false, true]);
const numbers = tensor([1, 2, 3, 4, 5, 6, 7]);
const index = tensor([6, 5, 4, 3, 2, 1, 0], { dtype: "int32" });
/** The ops of two inputs that take booleans. */
const compared = [...registry.values()].filter(
  ({ elementwise }) =>
    elementwise?.length === 2 && elementwise.some((of) => of === "ties" || of === "truths"),
);
const call = ({ op }: Registered, ...args: readonly Tensor[]): Tensor =>
  (op as (...given: readonly Tensor[]) => Tensor)(...args);

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...Object.fromEntries(compared.map((op) => [op.name, (x: Tensor) => call(op, x, other)])),
  ...Object.fromEntries(
    compared.map((op) => [`${op.name} from the right`, (x: Tensor) => call(op, other, x)]),
  ),
  ...Object.fromEntries(
    compared.map((op) => [`${op.name} of rows`, (x: Tensor) => call(op, ops.unsqueeze(x, 1), other)]),
  ),
  "equal true": (x) => ops.equal(x, 1),
  "equal itself": (x) => ops.equal(x, ops.logicalNot(ops.logicalNot(x))),
  logicalNot: (x) => ops.logicalNot(x),
  isFinite: (x) => ops.isFinite(x),
  any: (x) => ops.any(x),
  all: (x) => ops.all(x),
  "all of true": (x) => ops.all(ops.gather(x, 0, tensor([0, 2, 3], { dtype: "int32" }))),
  where: (x) => ops.where(x, numbers, 0),
  "where of truths": (x) => ops.where(other, x, ops.logicalNot(x)),
  "to float32": (x) => ops.to(x, "float32"),
  "to float64": (x) => ops.to(x, "float64"),
  "to int32": (x) => ops.to(x, "int32"),
  sum: (x) => ops.sum(ops.to(x, "int32")),
  gather: (x) => ops.equal(ops.gather(x, 0, index), other),
  indexSelect: (x) => ops.equal(ops.indexSelect(x, 0, index), other),
  scatter: (x) => ops.equal(ops.scatter(other, 0, index, x), other),
  concat: (x) => ops.equal(ops.concat([x, x]), ops.concat([other, other])),
  pad: (x) => ops.equal(ops.pad(x, 0, 1, 0, 1), ops.pad(other, 0, 1, 0, true)),
  flip: (x) => ops.equal(ops.flip(x, 0), other),
  tril: (x) => ops.equal(ops.tril(ops.expand(x, [7, 7])), other),
};

describe("bytes of a bool tensor other than 0 and 1 are true", () => {
  test.each(Object.entries(functions))("%s", (_, f) => {
    const expected = f(truths(clean)).toArray();
    expect(f(truths(dirty)).toArray()).toEqual(expected);
    expect(compile(f)(truths(dirty)).toArray()).toEqual(expected);
    expect(compile(f, { passes: [] })(truths(dirty)).toArray()).toEqual(expected);
  });

  test("for long tensors too", () => {
    const n = 70_001;
    const x = zeros([n], { dtype: "bool" });
    x.data.forEach((_, i) => {
      x.data[i] = i % 5;
    });
    const even = ops.equal(x, full([n], true, { dtype: "bool" }));
    expect(ops.sum(ops.to(even, "int32")).item()).toBe(n - Math.ceil(n / 5));
    expect(ops.any(ops.logicalXor(even, x)).item()).toBe(0);
  });

  test("item, toArray and toString say so", () => {
    const x = truths([2]);
    expect([x.item(), x.toArray(), x.toString()]).toEqual([
      1,
      [true],
      "Tensor([ true], shape=[1], dtype=bool)",
    ]);
  });
});
