// Ops whose results depend on elements in a way that a compiled function cannot follow.
import { describe, expect, test } from "vitest";
import { compile, ops, type Tensor, TraceError, tensor, vmap } from "../../lib/index.js";

const x = tensor([3, 1, 3]);
const OPS: Readonly<Record<string, (x: Tensor) => unknown>> = {
  unique: (x) => ops.unique(x).values,
  nonzero: ops.nonzero,
  allclose: (x) => ops.allclose(x, x),
};

describe.each(Object.entries(OPS))("%s", (name, op) => {
  const refusal = new RegExp(`^${name}: cannot be used within compile or vmap: `);

  test("is refused within compile, and says why", () => {
    const run = (): unknown => compile((a: Tensor) => op(a) as Tensor)(x);
    expect(run).toThrow(TraceError);
    expect(run).toThrow(refusal);
  });

  test("is refused within compile of a tensor from outside, too", () => {
    const run = (): unknown => compile((a: Tensor) => [ops.neg(a), op(x)] as Tensor[])(x);
    expect(run).toThrow(refusal);
  });

  test("is refused within vmap, and says why", () => {
    expect(() => vmap((a: Tensor) => op(a) as Tensor)(ops.stack([x, x]))).toThrow(refusal);
  });
});
