import { describe, expect, test } from "vitest";
import { ops, type Tensor, tensor } from "../../lib/index.js";
import { expectSame, f64, names } from "./program.js";

const PASS = ["simplify", "deadCode"] as const;
const x = f64([1, -2, 0, -0, Number.NaN, Number.NEGATIVE_INFINITY]);

// The first instruction makes a temporary, which alone can stand for a result.
const FORWARDED: [string, (y: Tensor) => Tensor][] = [
  ["a difference with 0", (y) => ops.sub(y, 0)],
  ["a quotient by 1", (y) => ops.div(y, 1)],
  ["a double negation", (y) => ops.neg(ops.neg(y))],
  ["several in a row", (y) => ops.neg(ops.sub(ops.neg(ops.div(y, 1)), 0))],
];

const KEPT: [string, string[], (y: Tensor) => Tensor][] = [
  ["a sum with 0, where −0 + 0 is +0", ["mul", "add"], (y) => ops.add(y, 0)],
  ["a difference with −0, where −0 − (−0) is +0", ["mul", "sub"], (y) => ops.sub(y, -0)],
  ["a difference of 0 and x", ["mul", "sub"], (y) => ops.sub(0, y)],
  ["a quotient of 1 and x", ["mul", "div"], (y) => ops.div(1, y)],
  [
    "a difference with zeros that it is broadcast to",
    ["mul", "sub"],
    (y) => ops.sub(y, tensor([[0], [0]], { dtype: "float64" })),
  ],
];

describe("simplify", () => {
  test.each(FORWARDED)("reads x instead of %s", (_, f) => {
    const fn = (a: Tensor): Tensor => ops.exp(f(ops.mul(a, 2)));
    expect(names(fn, PASS, x)).toEqual(["mul", "exp"]);
    expectSame(() => fn, PASS, [x]);
    // Bits that a sign of zero shows in.
    expectSame(() => (a: Tensor) => ops.div(1, f(ops.mul(a, 2))), PASS, [x]);
  });

  test.each(KEPT)("leaves %s", (_, kept, f) => {
    const fn = (a: Tensor): Tensor => ops.div(3, f(ops.mul(a, 2)));
    expect(names(fn, PASS, x)).toEqual([...kept, "div"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("forwards a result too", () => {
    const fn = (a: Tensor): Tensor => ops.sub(ops.mul(a, 2), 0);
    expect(names(fn, PASS, x)).toEqual(["mul"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("leaves a copy of an input, which the caller may write to", () => {
    const fn = (a: Tensor): Tensor => ops.div(a, 1);
    expect(names(fn, PASS, x)).toEqual(["div"]);
    expectSame(() => fn, PASS, [x]);
  });
});
