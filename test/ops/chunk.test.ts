import { expect, test } from "vitest";
import { ArgumentError, ops, zeros } from "../../lib/index.js";

test("an empty axis in more pieces than a list can hold is refused", () => {
  expect(() => ops.chunk(zeros([0, 2]), 2 ** 31 - 1)).toThrow(ArgumentError);
  expect(() => ops.chunk(zeros([0, 2]), 2 ** 31 - 1)).toThrow(/^chunk: expected chunks/);
  expect(ops.chunk(zeros([0, 2]), 5)).toHaveLength(5);
  expect(ops.chunk(zeros([3, 2]), 2 ** 31 - 1)).toHaveLength(3);
});
