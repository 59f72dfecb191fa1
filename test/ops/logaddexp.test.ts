import { expect, test } from "vitest";
import { grad, ops, type Tensor, tensor } from "../../lib/index.js";

const infinities = tensor([Infinity, -Infinity], { dtype: "float64" });

test("equal infinities are their own sum, and each has half of the gradient", () => {
  const sum = (a: Tensor, b: Tensor): Tensor => ops.sum(ops.logaddexp(a, b));
  expect(ops.logaddexp(infinities, infinities).toArray()).toEqual([Infinity, -Infinity]);
  const [da, db] = grad(sum, { argnums: [0, 1] })(infinities, infinities) as [Tensor, Tensor];
  expect([da.toArray(), db.toArray()]).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
});
