import { describe, expect, test } from "vitest";
import { cost, jvp, type Tensor, vjp } from "../../lib/index.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import { hasDerivatives, readCosts, titleOf } from "../oracle/read.js";

for (const dtype of ["float64", "float32"] as const) {
  describe(`costs give PyTorch's losses and gradients in ${dtype}`, () => {
    test.each(readCosts().map((row) => [titleOf(row), row] as const))("%s", (_, row) => {
      // Beyond float32: 1e300² and the like.
      if (dtype === "float32" && row.note.startsWith("overflow")) return;
      const names = row.gradients === undefined ? [] : Object.keys(row.gradients);
      const y = fromOracle(row.inputs.y, dtype, names.includes("y"));
      const target = fromOracle(row.inputs.target, dtype, names.includes("target"));
      const loss = cost[row.cost](y, target, row.options);
      expectClose(loss, row.loss, TOLERANCE[dtype], "loss");
      if (row.dloss === undefined || row.gradients === undefined) return;
      loss.backward({ gradient: fromOracle(row.dloss, dtype) });
      const inputs: Record<string, Tensor> = { y, target };
      for (const [name, gradient] of Object.entries(row.gradients)) {
        expectClose(inputs[name]?.grad, gradient, TOLERANCE[dtype], `gradient of ${name}`);
      }
    });
  });
}

describe("costs give PyTorch's forward and second derivatives", () => {
  test.each(
    readCosts()
      .filter(hasDerivatives)
      .map((row) => [titleOf(row), row] as const),
  )("%s", (_, row) => {
    const names = Object.keys(row.gradients);
    const inputs: Record<string, Tensor> = {
      y: fromOracle(row.inputs.y),
      target: fromOracle(row.inputs.target),
    };
    const primals = names.map((name) => inputs[name] as Tensor);
    const tangents = names.map((name) => {
      const tangent = row.tangents[name];
      if (tangent === undefined) throw new Error(`no tangent of ${name}`);
      return fromOracle(tangent);
    });
    const f = (...at: Tensor[]): Tensor => {
      const all = { ...inputs, ...Object.fromEntries(names.map((name, i) => [name, at[i]])) };
      return cost[row.cost](all["y"] as Tensor, all["target"] as Tensor, row.options);
    };
    expectClose(jvp(f, primals, tangents)[1], row.jvp, TOLERANCE.float64, "jvp");
    if (row.hvp === undefined) return;
    if (row.dloss === undefined) throw new Error("no dloss");
    const dloss = fromOracle(row.dloss);
    // ∂/∂input of Σ gradient · v: the pullback of the gradients along v.
    names.forEach((name, i) => {
      const expected = row.hvp?.[name];
      if (expected === undefined) throw new Error(`no hvp of ${name}`);
      let total: Tensor | undefined;
      names.forEach((_, j) => {
        const gradientOf = (...at: Tensor[]): Tensor => vjp(f, ...at)[1](dloss)[j] as Tensor;
        const part = vjp(gradientOf, ...primals)[1](tangents[j] as Tensor)[i] as Tensor;
        total = total === undefined ? part : total.add(part);
      });
      expectClose(total, expected, TOLERANCE.float64, `hvp of ${name}`);
    });
    expect(names.length).toBeGreaterThan(0);
  });
});
