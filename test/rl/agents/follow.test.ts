import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBoard } from "../../../lib/rl/agents/follow.js";
import { parseEvents } from "../../../lib/tensorboard/index.js";

test("a speed is told where steps were made, not where more was learnt of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-"));
  try {
    const board = await openBoard(folder);
    for (const [loss, steps] of [8, 8, 8, 16, 16, 24].entries()) board.update(steps, { loss });
    await board.close();
    const events = readdirSync(folder).flatMap((file) => parseEvents(readFileSync(join(folder, file))));
    const stepsOf = (tag: string) =>
      events.flatMap(({ step, summary }) => (summary?.value.some((one) => one.tag === tag) ? [step] : []));
    expect(stepsOf("steps per second")).toEqual([16, 24]);
    expect(stepsOf("learn/loss")).toEqual([8, 8, 8, 16, 16, 24]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
