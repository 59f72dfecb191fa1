import { describe, test } from "vitest";
import { expectSame, KINDS, LAYERS, nameOf, SCHEDULES } from "./resuming.js";

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s goes on after a stop", (_, kind) => {
  const rows = SCHEDULES.flatMap((one) =>
    Object.keys(LAYERS).map((layer) => [nameOf(one), layer, one] as const),
  );

  test.each(rows)("with %s and %s", async (__, layer, scheduled) => {
    await expectSame(kind, scheduled, [layer], [3, 7, 10, 14]);
  });
});
