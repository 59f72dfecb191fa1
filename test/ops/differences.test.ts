import { describe, test } from "vitest";
import { checkGradients } from "../../lib/index.js";
import { registry } from "../../lib/ops/registry.js";
import { differentiable, inputsOf } from "../oracle/call.js";
import { casesOf } from "../oracle/cases.js";
import { type DerivativeRow, isDifferentiated, nameOf, readOps } from "../oracle/read.js";

/** One row of each op with derivatives: the largest of those drawn at random, which are far from kinks. */
function samples(): DerivativeRow[] {
  const random = new Set(
    [...registry.values()].flatMap((about) =>
      casesOf(about)
        .filter(({ isRandom }) => isRandom)
        .map(({ note }) => nameOf({ op: about.name, note })),
    ),
  );
  const chosen = new Map<string, DerivativeRow>();
  const sizeOf = (row: DerivativeRow): number =>
    inputsOf(row).reduce((sum, { data }) => sum + data.length, 0);
  for (const row of readOps().filter(isDifferentiated)) {
    if (!random.has(nameOf(row))) continue;
    const best = chosen.get(row.op);
    if (best === undefined || sizeOf(row) > sizeOf(best)) chosen.set(row.op, row);
  }
  return [...chosen.values()];
}

describe("derivatives agree with central differences, of both orders unless there is no second", () => {
  test.each(samples().map((row) => [nameOf(row), row] as const))("%s", (_, row) => {
    const { primals, f } = differentiable(row);
    checkGradients(f, primals, { order: row.hvp === undefined ? 1 : 2 });
  });
});
