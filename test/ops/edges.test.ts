// Every op at the edges: no elements, one, no axes, numbers that are none. It may refuse them by a typed error; and a
// compiled function does what the call does.
import { describe, expect, test } from "vitest";
import { compile, full, ops, type Tensor, ThalwegError } from "../../lib/index.js";
import { registry } from "../../lib/ops/registry.js";
import { callOp, inputsOf, opOf } from "../oracle/call.js";
import { expectSame, fromOracle } from "../oracle/compare.js";
import { hasValue, type OracleTensor, readOp, type ValueRow } from "../oracle/read.js";

/** A call of each form: by the ranks of its tensors. */
const formsOf = (name: string): ValueRow[] => [
  ...new Map(
    readOp(name)
      .filter(hasValue)
      .map((row) => [`${inputsOf(row).map(({ shape }) => shape.length)}`, row]),
  ).values(),
];

const SHAPES = [[], [0], [1], [0, 3], [1, 1], [2, 0, 3]];
const NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** What a call gives: its results, or the error's class. */
function outcome(run: () => readonly Tensor[]): readonly Tensor[] | string {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(ThalwegError);
    return (error as ThalwegError).name;
  }
}

/** Holds a call to its compiled twin. */
function checkCall(row: ValueRow, inputs: readonly Tensor[], what: string): void {
  const called = outcome(() => callOp(row, inputs));
  if (opOf(row).eager === true) return;
  const compiled = outcome(() => compile((...args: Tensor[]) => callOp(row, args))(...inputs));
  if (typeof called === "string" || typeof compiled === "string") {
    expect(compiled, what).toBe(called);
    return;
  }
  called.forEach((y, i) => {
    expectSame(compiled[i], y, `${what}, result ${i}`);
  });
}

const filled = (shape: readonly number[], { dtype }: OracleTensor): Tensor =>
  full(shape, dtype === "bool" ? true : dtype === "int32" ? 0 : 0.5, { dtype });

describe.each([...registry.keys()])("%s", (name) => {
  const rows = formsOf(name);

  test("of tensors without elements, of one, and without axes", () => {
    for (const row of rows) {
      for (const shape of SHAPES) {
        const inputs = inputsOf(row).map((input) => filled(shape, input));
        checkCall(row, inputs, `${row.note} of [${shape}]`);
      }
    }
  });

  test("of NaN and infinities among other numbers", () => {
    for (const row of rows) {
      for (const [i, { dtype, data }] of inputsOf(row).entries()) {
        if (dtype !== "float64" || data.length === 0) continue;
        for (const number of NUMBERS) {
          const inputs = inputsOf(row).map((input) => fromOracle(input));
          (inputs[i] as Tensor).data[data.length >> 1] = number;
          checkCall(row, inputs, `${row.note}, ${number} in tensor ${i}`);
        }
      }
    }
  });

  test("keeps its inputs as they are", () => {
    for (const row of rows) {
      const inputs = inputsOf(row).map((input) => fromOracle(input));
      const before = inputs.map((x) => ops.mul(ops.to(x, "float64"), 1));
      callOp(row, inputs);
      inputs.forEach((x, i) => {
        expectSame(ops.to(x, "float64"), before[i] as Tensor, `${row.note}, tensor ${i}`);
      });
    }
  });
});
