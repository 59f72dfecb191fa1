import { expect, test } from "vitest";
import { compile, DTypeError, ops, tensor } from "../../lib/index.js";

test("over no axes each element is its own result, checked and of the dtype that the op gives", () => {
  const x = tensor([2, 0, -3]);
  const none = { dim: [] as number[] };
  expect(ops.sum(x, none).toArray()).toEqual([2, 0, -3]);
  const counts = ops.countNonzero(x, none);
  expect([counts.dtype, counts.toArray()]).toEqual(["int32", [1, 0, 1]]);
  expect(compile(() => ops.countNonzero(x, none))().toArray()).toEqual([1, 0, 1]);
  const whole = ops.sum(tensor([true, false]), none);
  expect([whole.dtype, whole.toArray()]).toEqual(["int32", [1, 0]]);
  expect(() => ops.norm(tensor([true, false]), none)).toThrow(DTypeError);
});
