// Every cost gives PyTorch's values, gradients and second derivatives, op by op and compiled.
import { describe, expect, test } from "vitest";
import { compile, jvp, ops, type Tensor, vjp } from "../../lib/index.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import type { OracleTensor } from "../oracle/read.js";
import { CASES, inputsOf, lossOf, movingOf } from "./cases.js";

describe.each(["float64", "float32"] as const)("costs give PyTorch's values and gradients in %s", (dtype) => {
  const within = CASES.filter(([, { own }]) => dtype === "float64" || own.fitsFloat32 !== false);
  test.each(within)("%s", (_, one) => {
    const inputs = inputsOf(one, dtype);
    for (const [, i] of movingOf(one)) (inputs[i] as Tensor).requiresGrad = true;
    const loss = lossOf(one, inputs, dtype);
    expectClose(loss, one.row.loss, TOLERANCE[dtype], "loss");
    if (one.row.dloss === undefined) return;
    loss.backward({ gradient: fromOracle(one.row.dloss, dtype) });
    for (const [name, i] of movingOf(one)) {
      const expected = one.row.gradients?.[name] as OracleTensor;
      expectClose(inputs[i]?.grad, expected, TOLERANCE[dtype], `gradient of ${name}`);
    }
  });
});

test.each(CASES)("compiled, %s is the same", (_, one) => {
  const compiled = compile((...inputs: Tensor[]) => lossOf(one, inputs));
  expectClose(compiled(...inputsOf(one)), one.row.loss, TOLERANCE.float64, "compiled");
});

describe("costs give PyTorch's forward and second derivatives", () => {
  test.each(CASES.filter(([, { row }]) => row.dloss !== undefined))("%s", (_, one) => {
    const { row } = one;
    const [all, moving] = [inputsOf(one), movingOf(one)];
    expect(moving.length).toBeGreaterThan(0);
    const f = (...at: Tensor[]): Tensor =>
      lossOf(
        one,
        all.map((fixed, i) => at[moving.findIndex(([, position]) => position === i)] ?? fixed),
      );
    const primals = moving.map(([, i]) => all[i] as Tensor);
    const tangents = moving.map(([name]) => fromOracle(row.tangents?.[name] as OracleTensor));
    if (row.jvp !== undefined) expectClose(jvp(f, primals, tangents)[1], row.jvp, TOLERANCE.float64, "jvp");
    if (row.hvp === undefined) return;
    const dloss = fromOracle(row.dloss as OracleTensor);
    const along = (...at: Tensor[]): Tensor =>
      vjp(f, ...at)[1](dloss)
        .map((gradient, i) => ops.sum(ops.mul(gradient, tangents[i] as Tensor)))
        .reduce((a, b) => ops.add(a, b));
    const [, second] = vjp(along, ...primals);
    second(fromOracle({ shape: [], dtype: "float64", data: [1] })).forEach((product, i) => {
      const name = moving[i]?.[0] as string;
      expectClose(
        product,
        row.hvp?.[name] as OracleTensor,
        TOLERANCE.float64,
        `second derivative of ${name}`,
      );
    });
  });
});
