import { describe, expect, test } from "vitest";
import { compile, Generator, ones, ops, type Tensor, tensor, zeros } from "../../lib/index.js";
import { expectSame, f64, names } from "./program.js";

const x = f64([1, 2, 3]);
const PASS = ["foldConstants"] as const;

describe("foldConstants", () => {
  test("computes once what depends only on constants", () => {
    const fn = (a: Tensor): Tensor => ops.mul(a, ops.exp(ops.add(ones([3], { dtype: "float64" }), 1)));
    expect(names(fn, [], x)).toEqual(["add", "exp", "mul"]);
    expect(names(fn, PASS, x)).toEqual(["mul"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("returns a constant", () => {
    const fn = (): Tensor[] => [ops.exp(tensor([0, 1])), ops.argmax(tensor([1, 3, 2]))];
    expect(names(fn, PASS)).toEqual([]);
    expectSame(() => fn, PASS, []);
  });

  test("folds the gradient of a mean, which other passes need as a constant", () => {
    const fn = (): Tensor => ops.expand(ops.mul(tensor(1), 0.25), [4]);
    expect(names(fn, PASS)).toEqual([]);
    expectSame(() => fn, PASS, []);
  });

  test("does not fold tensors from outside: they may change between runs", () => {
    const w = tensor([1, 2, 3]);
    const fn = (): Tensor => ops.mul(w, 2);
    expect(names(fn, PASS)).toEqual(["mul"]);
    const compiled = compile(fn, { passes: PASS });
    expect(compiled().toArray()).toEqual([2, 4, 6]);
    w.data[1] = 10;
    expect(compiled().toArray()).toEqual([2, 20, 6]);
  });

  test("does not fold random numbers", () => {
    const make = () => {
      const generator = new Generator(1);
      return (): Tensor => ops.add(generator.normal([3]), 1);
    };
    expect(names(make(), PASS)).toContain("normal");
    expectSame(make, PASS, []);
  });

  test("leaves large results to each run: as constants they would keep their memory", () => {
    const large = (n: number) => (): Tensor => ops.exp(zeros([n]));
    expect(names(large(65_536), PASS)).toEqual([]);
    expect(names(large(65_537), PASS)).toEqual(["exp"]);
  });
});
