import process from "node:process";
import { describe, expect, test } from "vitest";
import { backendInfo, compile, ones, ops } from "../../lib/index.js";
import { library, runModule } from "../child.js";
import { patience } from "./emulator.js";

describe("backendInfo().slow", () => {
  test("is null where fast kernels are in use, else says why they are not", () => {
    const { isa, isas, slow } = backendInfo();
    if (isa !== "reference") expect(slow).toBeNull();
    else if (isas.length === 1 && process.arch === "x64")
      expect(slow).toMatch(/^this CPU is below x86-64-v2, since it lacks [^:]*SSE4\.2[^:]*: plain kernels/);
    else expect(slow).toContain("plain kernels are in use");
  });

  test("says that the environment asks for the plain kernels", { timeout: 60_000 * patience }, async () => {
    const { stdout, stderr } = await runModule(
      `import { backendInfo, compile, ones, ops } from ${JSON.stringify(library)};
       console.log(backendInfo().slow);
       const f = compile((x) => ops.matmul(x, x));
       console.log(f.explain(ones([4, 4])));`,
      { env: { THALWEG_ISA: "reference" }, timeout: 60_000 * patience },
    );
    expect(stderr).toBe("");
    const [slow = "", ...lines] = stdout.split("\n");
    if (backendInfo().isas.length > 1)
      expect(slow).toMatch(/^THALWEG_ISA asks for "reference": plain kernels/);
    expect(lines.join("\n")).toContain(slow);
  });
});

test("explain says nothing of kernels where fast ones are in use", () => {
  const f = compile((x) => ops.matmul(x, x));
  if (backendInfo().slow === null) expect(f.explain(ones([4, 4]))).not.toContain("plain kernels");
});
