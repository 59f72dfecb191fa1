import { expect, test } from "vitest";
import { ops, ShapeError, zeros } from "../../lib/index.js";
import { bad } from "../errors/expect-error.js";

test("a size of another kind beside an open one is refused", () => {
  for (const size of [2n, "2", 1.5, -2, Number.NaN, null]) {
    expect(() => ops.reshape(zeros([4]), [-1, bad(size)])).toThrow(ShapeError);
  }
});
