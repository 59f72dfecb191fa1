import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { library, runModule } from "../child.js";

const { header } = process.report.getReport() as unknown as { header: Record<string, unknown> };
const isGlibc = header["glibcVersionRuntime"] !== undefined && process.env["LD_PRELOAD"] === undefined;

const PRODUCTS = 400;
const multiply = `
import { ops, randn } from ${JSON.stringify(library)};
const a = randn([512, 512]);
const faults = () => process.resourceUsage().minorPageFault;
for (let i = 0; i < 200; i++) ops.matmul(a, a);
const before = faults();
for (let i = 0; i < ${PRODUCTS}; i++) ops.matmul(a, a);
console.log(faults() - before);
`;
const pagesOfResult = (512 * 512 * 4) / 4096;

const HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled";
const hasHugePages = existsSync(HUGE_PAGES) && !readFileSync(HUGE_PAGES, "utf8").includes("[never]");

test.runIf(hasHugePages)("large results are given huge pages", async () => {
  const { stdout: asked } = await runModule(`
import { ones, ops } from ${JSON.stringify(library)};
const a = ones([3000, 1]);
const before = process.resourceUsage().minorPageFault;
for (let i = 0; i < 10; i++) ops.matmul(a, a, { transposeB: true });
console.log(process.resourceUsage().minorPageFault - before);
`);
  expect(Number.parseInt(asked, 10)).toBeLessThan((10 * 3000 * 3000 * 4) / 4096 / 4);
});

describe.runIf(isGlibc)("memory of freed arrays", () => {
  test("is used for the next ones, not given back and asked for anew", async () => {
    const { stdout: asked } = await runModule(multiply);
    expect(Number.parseInt(asked, 10)).toBeLessThan((PRODUCTS * pagesOfResult) / 4);
  });

  test("is malloc's to treat where the user says how", async () => {
    const { stdout: asked } = await runModule(multiply, { env: { MALLOC_MMAP_THRESHOLD_: "131072" } });
    expect(Number.parseInt(asked, 10)).toBeGreaterThan((PRODUCTS * pagesOfResult) / 2);
  });
});
