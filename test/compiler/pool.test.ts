import { describe, expect, test } from "vitest";
import type { Executable } from "../../lib/compiler/executable.js";
import { Pool } from "../../lib/compiler/pool.js";
import { Specializations } from "../../lib/compiler/specialization.js";
import {
  detectAnomaly,
  fromTypedArray,
  Generator,
  nn,
  ops,
  optim,
  rand,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { PASSES } from "../../lib/plan/index.js";

type Fn = (x: Tensor) => unknown;

const made = (pool: Pool, fn: Fn, shape = [3]): Executable =>
  new Specializations(fn as (...inputs: Tensor[]) => unknown, PASSES, pool).for([{ dtype: "float32", shape }])
    .executable;

const [a, b] = [tensor([1, 2, 3]), tensor([1, 2, 3])];
const [one, other] = [new Generator(1), new Generator(1)];
const model = new nn.Linear(3, 2);
const optimizer = new optim.Adam(model.parameters());
const shared = Float32Array.of(1, 2, 3);

function step(x: Tensor): Tensor {
  const loss = ops.sum(model.forward(x));
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
}

describe("the executable that there is", () => {
  test.each<[string, () => Fn]>([
    ["ops", () => (x) => ops.exp(ops.mul(x, x))],
    ["numbers", () => (x) => ops.clamp(ops.mul(x, 0.1), { min: -1 })],
    ["constants made in the function", () => (x) => ops.mul(x, tensor([1, Number.NaN, -0]))],
    ["a tensor from outside", () => (x) => ops.mul(x, a)],
    ["several results under names", () => (x) => ({ sum: ops.sum(x), x })],
    ["draws from a generator", () => (x) => ops.add(x, ops.add(one.normal([3]), rand([3])))],
    ["a generator made in the function", () => (x) => ops.add(x, new Generator(4).normal([3]))],
    ["a step of an optimizer", () => step],
  ])("is used for another function of the same: %s", (_, make) => {
    const pool = new Pool();
    const first = made(pool, make());
    expect(made(pool, make())).toBe(first);
    expect(made(pool, make(), [2, 3])).not.toBe(first);
    expect(made(new Pool(), make())).not.toBe(first);
  });

  test.each<[string, Fn, Fn]>([
    ["an op", (x) => ops.exp(x), (x) => ops.sin(x)],
    ["a number", (x) => ops.mul(x, 2), (x) => ops.mul(x, 2.5)],
    ["a parameter of an op", (x) => ops.clamp(x, { max: 1 }), (x) => ops.clamp(x, { max: 2 })],
    ["the sign of a zero", (x) => ops.div(x, 0), (x) => ops.div(x, -0)],
    ["one element", (x) => ops.mul(x, tensor([1, 2, 3])), (x) => ops.mul(x, tensor([1, 2, 4]))],
    ["a dtype", (x) => ops.to(x, "float64"), (x) => ops.to(x, "int32")],
    ["operands", (x) => ops.sub(x, a), (x) => ops.sub(a, x)],
    ["a tensor of the same values", (x) => ops.mul(x, a), (x) => ops.mul(x, b)],
    ["a result", (x) => [ops.exp(x), ops.sin(x)], (x) => [ops.sin(x), ops.exp(x)]],
    ["a generator", (x) => ops.add(x, one.normal([3])), (x) => ops.add(x, other.normal([3]))],
    [
      "the seed of a generator made in the function",
      (x) => ops.add(x, new Generator(1).normal([3])),
      (x) => ops.add(x, new Generator(2).normal([3])),
    ],
    ["the order of draws", (x) => [x, one.normal([3]), rand([3])], (x) => [x, rand([3]), one.normal([3])]],
    ["whether it is a step", step, (x) => ops.sum(model.forward(x))],
  ])("is not used where a function differs in %s", (_, first, second) => {
    const pool = new Pool();
    const [before, after] = [made(pool, first), made(pool, second)];
    expect(after).not.toBe(before);
    expect(made(pool, first)).toBe(before);
    expect(made(pool, second)).toBe(after);
  });

  test("is not used where an array that a constant was made of has been written since", () => {
    const pool = new Pool();
    const times: Fn = (x) => ops.mul(x, fromTypedArray(shared, [3]));
    const before = made(pool, times);
    shared[1] = 7;
    expect(made(pool, times)).not.toBe(before);
  });

  test("is not used under detectAnomaly, which checks each result", () => {
    const pool = new Pool();
    const exp: Fn = (x) => ops.exp(x);
    const before = made(pool, exp);
    expect(detectAnomaly(() => made(pool, exp))).not.toBe(before);
  });

  test("is dropped when many others were used since", () => {
    const pool = new Pool();
    const times = (factor: number): Executable => made(pool, (x) => ops.mul(x, factor));
    const [first, second] = [times(0), times(1)];
    for (let factor = 2; factor < 100; factor++) {
      times(factor);
      expect(times(0)).toBe(first);
    }
    expect(times(1)).not.toBe(second);
  });
});
