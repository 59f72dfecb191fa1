// Every op against PyTorch: values in both dtypes, as it is called and compiled, and derivatives of both orders.
import { describe, expect, test } from "vitest";
import { compile, jvp, ops, type Tensor, ThalwegError, tensor, vjp } from "../../lib/index.js";
import { callOp, differentiable, inputsOf, opOf } from "../oracle/call.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import {
  type DerivativeRow,
  hasValue,
  isDifferentiated,
  nameOf,
  type OracleTensor,
  readOps,
  type ValueRow,
} from "../oracle/read.js";

const rows = readOps();
const values = rows.filter(hasValue);

/** Holds the op's results to PyTorch's, with floats in that dtype. */
function checkValues(row: ValueRow, dtype: "float64" | "float32"): void {
  const inputs = inputsOf(row).map((input) => fromOracle(input, dtype));
  const takesFloats = inputsOf(row).some((input) => input.dtype === "float64");
  const check = (results: readonly Tensor[], how: string): void => {
    expect(results.length, `results, ${how}`).toBe(row.y.length);
    row.y.forEach((y, i) => {
      const what = `result ${i}, ${how}`;
      expectClose(results[i], y, TOLERANCE[dtype], what);
      expect(results[i]?.dtype, `dtype of ${what}`).toBe(
        y.dtype === "float64" && takesFloats ? dtype : y.dtype,
      );
    });
  };
  check(callOp(row, inputs), "called");
  if (opOf(row).eager === true) return;
  const compiled = compile((...args: Tensor[]) => callOp(row, args));
  check(compiled(...inputs), "compiled");
}

describe("ops give PyTorch's values in float64", () => {
  test.each(values.map((row) => [nameOf(row), row] as const))("%s", (_, row) => checkValues(row, "float64"));
});

// Beyond the range of float32 there is nothing to compare.
const fitsFloat32 = (row: ValueRow): boolean =>
  [...inputsOf(row), ...row.y].every(({ data }) =>
    data.every((v) => !Number.isFinite(v) || v === 0 || (Math.abs(v) < 1e30 && Math.abs(v) > 1e-30)),
  );

describe("ops give PyTorch's values in float32, to its precision", () => {
  const inRange = values.filter(fitsFloat32);
  test.each(inRange.map((row) => [nameOf(row), row] as const))("%s", (_, row) => checkValues(row, "float32"));
});

describe("ops refuse what PyTorch refuses", () => {
  const refused = rows.filter((row) => !hasValue(row));
  test.each(refused.map((row) => [nameOf(row), row] as const))("%s", (_, row) => {
    const inputs = inputsOf(row).map((input) => fromOracle(input));
    expect(() => callOp(row, inputs)).toThrow(ThalwegError);
    expect(() => callOp(row, inputs)).toThrow(new RegExp(`^${row.op}: `));
  });
});

describe("ops have PyTorch's derivatives", () => {
  const differentiated = rows.filter(isDifferentiated);
  test.each(differentiated.map((row) => [nameOf(row), row] as const))("%s", (_, row: DerivativeRow) => {
    const { primals, f } = differentiable(row);
    const dy = fromOracle(row.dy);
    const [, pullback] = vjp(f, ...primals);
    pullback(dy).forEach((gradient, i) => {
      const expected = row.gradients[i] as OracleTensor;
      expectClose(gradient, expected, TOLERANCE.float64, `gradient of tensor ${row.moving[i]}`);
    });

    const tangents = row.tangents.map((tangent) => fromOracle(tangent));
    expectClose(jvp(f, primals, tangents)[1], row.jvp, TOLERANCE.float64, "jvp");

    const { hvp } = row;
    if (hvp === undefined) return;
    // Σ gradient · tangent over all inputs, and its own gradient.
    const along = (...moving: Tensor[]): Tensor =>
      vjp(f, ...moving)[1](dy)
        .map((gradient, i) => ops.sum(ops.mul(gradient, tangents[i] as Tensor)))
        .reduce((a, b) => ops.add(a, b));
    const second = vjp(along, ...primals)[1];
    second(tensor(1, { dtype: "float64" })).forEach((product, i) => {
      const expected = hvp[i] as OracleTensor;
      expectClose(product, expected, TOLERANCE.float64, `second derivative of tensor ${row.moving[i]}`);
    });
  });
});
