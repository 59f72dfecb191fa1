// A training that was broken off and resumed gives the same bits as one that was not. The whole table, every optimizer
// with every schedule and layer, is in resume.slow.test.ts.
import { describe, expect, test } from "vitest";
import { expectSame, KINDS, LAYERS, nameOf, SCHEDULES } from "./resuming.js";

describe("goes on after a stop in the middle of an epoch and between two", () => {
  const rows = SCHEDULES.map((scheduled, i) => [KINDS[i % KINDS.length], scheduled] as const);
  const others = KINDS.slice(rows.length).map((kind) => [kind, null] as const);
  const named = [...rows, ...others].map(([kind, scheduled]) => {
    if (kind === undefined) throw new Error("there are no optimizers");
    return [kind.name, nameOf(scheduled), kind, scheduled] as const;
  });

  test.each(named)("%s with %s", async (_, __, kind, scheduled) => {
    await expectSame(kind, scheduled, Object.keys(LAYERS), [7, 10]);
    expect.hasAssertions();
  });
});
