import { describe, expect, test } from "vitest";
import { Generator, ops, type Tensor } from "../../lib/index.js";
import { matmulBatch } from "../../lib/ops/matmul-batch.js";
import { expectSame, names, only, programOf } from "./program.js";

const PASS = ["fuseBias"] as const;
const random = new Generator(3);
const normal = (...shape: number[]): Tensor => random.normal(shape, { dtype: "float64" });
const [S, M, N, K] = [3, 4, 5, 2];
const a = normal(S, M, K);
const b = normal(S, N, K);
const batch = (x: Tensor): Tensor => matmulBatch(x, b, { transposeA: false, transposeB: true });
const TOLERANCE = { tolerance: 1e-14 };

describe("fuseBias", () => {
  test.each([
    ["a row for each product", [S, 1, N], 1],
    ["one row for all", [N], 0],
  ] as const)("adds %s within matmul_batch", (_, shape, eachBias) => {
    const bias = normal(...shape);
    for (const fn of [
      (x: Tensor): Tensor => ops.add(batch(x), bias),
      (x: Tensor): Tensor => ops.add(bias, batch(x)),
    ]) {
      expect(names(fn, [], a)).toEqual(["matmul_batch", "add"]);
      const product = only("matmul_batch", programOf(fn, PASS, a));
      expect(product.operand("bias")?.storage).toBe(bias.storage);
      expect(product.param("eachBias")).toBe(eachBias);
      expect(names(fn, PASS, a)).toEqual(["matmul_batch"]);
      expectSame(() => fn, PASS, [a], TOLERANCE);
    }
  });

  test("lets an activation follow", () => {
    const bias = normal(S, 1, N);
    const fn = (x: Tensor): Tensor => ops.tanh(ops.add(batch(x), bias));
    expect(names(fn, ["fuseBias", "fuseActivation"], a)).toEqual(["matmul_batch"]);
    expectSame(() => fn, ["fuseBias", "fuseActivation"], [a], TOLERANCE);
  });

  test("adds a bias that is computed after the product", () => {
    const bias = normal(S, 1, N);
    const fn = (x: Tensor): Tensor => {
      const products = batch(x);
      return ops.add(products, ops.exp(bias));
    };
    expect(names(fn, PASS, a)).toEqual(["exp", "matmul_batch"]);
    expectSame(() => fn, PASS, [a], TOLERANCE);
  });

  test.each([
    ["a column", [S, M, 1]],
    ["a matrix for all", [M, N]],
    ["a number for all", []],
    ["as many numbers", [S, M, N]],
  ] as const)("does not add %s", (_, shape) => {
    const other = normal(...shape);
    const fn = (x: Tensor): Tensor => ops.add(batch(x), other);
    expect(names(fn, PASS, a)).toEqual(["matmul_batch", "add"]);
    expectSame(() => fn, PASS, [a]);
  });

  test("leaves a product that is read elsewhere or has a bias already", () => {
    const bias = normal(S, 1, N);
    const twice = (x: Tensor): Tensor[] => {
      const products = batch(x);
      return [products, ops.add(products, bias)];
    };
    expect(names(twice, PASS, a)).toEqual(["matmul_batch", "add"]);
    expectSame(() => twice, PASS, [a]);
    const biases = (x: Tensor): Tensor => ops.add(ops.add(batch(x), bias), bias);
    expect(names(biases, PASS, a)).toEqual(["matmul_batch", "add"]);
    expectSame(() => biases, PASS, [a], TOLERANCE);
  });
});
