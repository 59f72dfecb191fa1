// Every op with inputs of every dtype: a result of the right dtype, or an error that says what it takes.
import { describe, expect, test } from "vitest";
import { DTypeError, ops, type Tensor } from "../../lib/index.js";
import { registry } from "../../lib/ops/registry.js";
import { callOp, inputsOf, opOf } from "../oracle/call.js";
import { isOracleTensor } from "../oracle/cases.js";
import { expectNumbersClose, fromOracle } from "../oracle/compare.js";
import { hasValue, readOp, type ValueRow } from "../oracle/read.js";

const DTYPES = ["float32", "float64", "int32", "bool"] as const;

/** A row of finite numbers; one whose other arguments are whole, which an int32 tensor takes beside it, where there is one. */
function rowOf(name: string): ValueRow {
  const rows = readOp(name)
    .filter(hasValue)
    .filter((row) => inputsOf(row).every(({ data }) => data.length > 0 && data.every(Number.isFinite)));
  const isWhole = (row: ValueRow): boolean =>
    !/\d\.\d/.test(JSON.stringify(row.args.filter((argument) => !isOracleTensor(argument))));
  const row = rows.find(isWhole) ?? rows[0];
  if (row === undefined) throw new Error(`${name}: no case of finite numbers`);
  return row;
}

/** The dtype that the first inputs have: that of the others, such as an index, is the op's own. */
const leading = (row: ValueRow): string => inputsOf(row)[0]?.dtype as string;

/** The row's inputs, of which those of the leading dtype are whole numbers of another. */
const inputsAs = (row: ValueRow, dtype: (typeof DTYPES)[number]): Tensor[] =>
  inputsOf(row).map((input) => {
    const x = fromOracle(input);
    if (input.dtype !== leading(row)) return x;
    return ops.to(input.dtype === "float64" ? ops.to(ops.mul(x, 2), "int32") : x, dtype);
  });

describe.each([...registry.keys()])("%s", (name) => {
  const row = rowOf(name);
  test.each(DTYPES)("of %s gives a result of the right dtype, or refuses it", (dtype) => {
    let results: Tensor[];
    try {
      results = callOp(row, inputsAs(row, dtype));
    } catch (error) {
      expect(error).toBeInstanceOf(DTypeError);
      expect((error as Error).message).toMatch(
        new RegExp(`^${name}: expected \\w+.* to be .*, got ${dtype}$`),
      );
      // An op takes the dtypes of its own cases.
      expect(dtype).not.toBe(leading(row));
      if (leading(row) === "float64") expect(dtype).not.toBe("float32");
      return;
    }
    const own = leading(row);
    results.forEach((y, i) => {
      const expected = row.y[i]?.dtype as string;
      const same = opOf(row).gives?.[dtype] ?? dtype;
      expect(y.dtype, `result ${i}`).toBe(expected === own && own !== "bool" ? same : expected);
    });
  });

  test("of whole numbers gives the same numbers in every dtype that holds them", () => {
    const [first, ...others] = DTYPES.slice(0, 3).flatMap((dtype) => {
      try {
        return [callOp(row, inputsAs(row, dtype))];
      } catch {
        return [];
      }
    });
    for (const results of others) {
      results.forEach((y, i) => {
        const expected = (first as Tensor[])[i] as Tensor;
        expectNumbersClose(y.data, [...expected.data], { rtol: 1e-4, atol: 1e-5 }, `result ${i}`);
      });
    }
  });
});
