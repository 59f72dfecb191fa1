import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canLink, linkWithEngine } from "../../scripts/link.mjs";
import { attempt } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-division-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!canLink)("the work of 1 to 64 threads", () => {
  const program = join(folder, "division");
  beforeAll(() => linkWithEngine("test/native/division.cc", program));

  test.each(["planes", "products", "steps"])("is even to a twentieth: %s", { timeout: 300_000 }, (what) => {
    const { status, stdout, stderr } = attempt(program, [what]);
    expect(`${stdout}${stderr}`.slice(0, 4000)).toBe("0 uneven\n");
    expect(status).toBe(0);
  });
});
