import { expect, test } from "vitest";
import { fromTypedArray, ops, tensor } from "../../lib/index.js";

test("pad fills with what the dtype holds: infinities, whole numbers, truths", () => {
  expect(ops.pad(tensor([1]), 0, 1, 0, Number.NEGATIVE_INFINITY).toArray()).toEqual([-Infinity, 1]);
  expect(ops.pad(tensor([1], { dtype: "int32" }), 0, 0, 1, -7).toArray()).toEqual([1, -7]);
  const mask = fromTypedArray(Uint8Array.of(0, 1), [2], { dtype: "bool" });
  expect(ops.pad(mask, 0, 1, 1, true).toArray()).toEqual([true, false, true, true]);
});
