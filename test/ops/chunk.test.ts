import { expect, test } from "vitest";
import { ArgumentError, ops, ShapeError, zeros } from "../../lib/index.js";
import { bad } from "../errors/expect-error.js";

test("an empty axis in more pieces than a list can hold is refused", () => {
  expect(() => ops.chunk(zeros([0, 2]), 2 ** 31 - 1)).toThrow(ArgumentError);
  expect(() => ops.chunk(zeros([0, 2]), 2 ** 31 - 1)).toThrow(/^chunk: expected chunks/);
  expect(ops.chunk(zeros([0, 2]), 5)).toHaveLength(5);
  expect(ops.chunk(zeros([3, 2]), 2 ** 31 - 1)).toHaveLength(3);
});

test("a size of another kind beside an open one is refused", () => {
  for (const size of [2n, "2", 1.5, -2, Number.NaN, null]) {
    expect(() => ops.reshape(zeros([4]), [-1, bad(size)])).toThrow(ShapeError);
  }
});
