import { describe, expect, test } from "vitest";
import { checkGradients, type Tensor } from "../../lib/index.js";
import { callOp } from "../oracle/call.js";
import { fromOracle } from "../oracle/compare.js";
import { hasDerivatives, type OpRow, readOps, titleOf } from "../oracle/read.js";

/** One row of each op with derivatives: the largest that is away from kinks and extremes. */
function samples(): OpRow[] {
  const chosen = new Map<string, OpRow>();
  const sizeOf = (row: OpRow): number =>
    Object.values(row.inputs).reduce((sum, { data }) => sum + data.length, 0);
  for (const row of readOps().filter(hasDerivatives)) {
    // The rows of these have equal entries, where differences have no meaning.
    if (row.op === "maximum" || row.op === "minimum") continue;
    if (/tie|kink|zero|extreme|large|small|empty|equal/.test(row.note)) continue;
    const best = chosen.get(row.op);
    if (best === undefined || sizeOf(row) > sizeOf(best)) chosen.set(row.op, row);
  }
  return [...chosen.values()];
}

describe("derivatives of both orders agree with central differences", () => {
  const rows = samples();
  test.each(rows.map((row) => [titleOf(row), row] as const))("%s", (_, row) => {
    const names = Object.keys(row.inputs);
    const moving = names.filter((name) => name in (row.gradients ?? {}));
    const inputs = names.map((name) => fromOracle(row.inputs[name] as OpRow["y"]));
    const f = (...primals: Tensor[]): Tensor =>
      callOp(
        row,
        inputs.map((fixed, i) => {
          const at = moving.indexOf(names[i] as string);
          return at < 0 ? fixed : (primals[at] as Tensor);
        }),
      );
    const primals = inputs.filter((_, i) => moving.includes(names[i] as string));
    checkGradients(f, primals, { order: 2 });
  });

  test("for every op that has them", () => {
    expect(rows.length).toBeGreaterThan(35);
  });
});
