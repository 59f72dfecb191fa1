import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
import { canLink, linkWithEngine } from "../../scripts/link.mjs";
import { run } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-levels-"));
afterAll(() => rmSync(folder, { recursive: true }));

const canEmulate = process.arch === "x64" && canLink && spawnSync("qemu-x86_64", ["--version"]).status === 0;

test("the next better instruction set lacks something, unless there is none", () => {
  const { isas, lacking } = backendInfo();
  if (process.arch !== "x64") expect(lacking).toBeNull();
  else if (isas.includes("x86_64_v4")) expect(lacking).toBeNull();
  else expect(lacking).not.toBe("");
});

// Debian's qemu-user emulates all of x86-64-v3, and nothing of AVX-512.
describe.skipIf(!canEmulate)("what an emulated CPU has", () => {
  const program = join(folder, "levels");
  beforeAll(() => linkWithEngine("test/native/levels.cc", program));

  const V3 = "reference x86_64_v2 x86_64_v3";
  const V2 = "reference x86_64_v2";
  const AVX512 = "AVX512F, AVX512DQ, AVX512CD, AVX512BW, AVX512VL, registers of 512 bits kept by the system";

  test.each([
    ["Haswell", V3, AVX512],
    ["Haswell,-fma", V2, "FMA"],
    ["Haswell,-movbe", V2, "MOVBE"],
    ["Haswell,-f16c", V2, "F16C"],
    ["Haswell,-bmi1", V2, "BMI1"],
    ["Haswell,-avx2", V2, "AVX2"],
    ["Haswell,-bmi2", V2, "BMI2"],
    ["Haswell,-abm", V2, "LZCNT"],
    ["Haswell,-xsave", V2, "OSXSAVE, registers of 256 bits kept by the system"],
    ["Haswell,-cx16", "reference", "CMPXCHG16B"],
    ["Haswell,-popcnt", "reference", "POPCNT"],
    ["Haswell,-lahf-lm", "reference", "LAHF and SAHF"],
  ])("%s: %s", (cpu, isas, lacking) => {
    expect(run("qemu-x86_64", ["-cpu", cpu, program])).toBe(`${isas} | ${lacking}\n`);
  });

  test.each([
    ["Nehalem", V2, "FMA, MOVBE, "],
    ["core2duo", "reference", "SSE4.1, SSE4.2, POPCNT"],
  ])("%s: %s, and more is lacking", (cpu, isas, lacking) => {
    const said = run("qemu-x86_64", ["-cpu", cpu, program]);
    expect(said.startsWith(`${isas} | ${lacking}`), said).toBe(true);
  });
});
