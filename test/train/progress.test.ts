import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { library, root, runCommand, runModule } from "../child.js";

const program = (progress: boolean): string => `
import { cost, fit, manualSeed, nn, optim, rand, tensor } from ${JSON.stringify(library)};
manualSeed(0);
const model = new nn.Linear(20, 5);
const x = rand([400, 20]);
const data = { x, y: rand([400, 5]) };
await fit(model, { data, validation: data, cost: cost.squaredError, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
  metrics: { half: () => tensor(0.5) }, epochs: 2, batchSize: 4, progress: ${progress},
  onBatch: () => { const until = performance.now() + 1.5; while (performance.now() < until); } });
console.log("done");
`;

const LINE =
  /^epoch (\d)\/2 {2}loss \d+\.\d{4} {2}half 0\.5000 {2}validation loss \d+\.\d{4} {2}validation half 0\.5000 {2}[\d,]+ samples\/s$/;

describe("progress", () => {
  const folder = mkdtempSync(join(root, "build-test-progress-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.concurrent("is a line per epoch if standard error is not a terminal", async () => {
    const { code, stdout, stderr } = await runModule(program(true));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "done\n" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines.map((line) => LINE.exec(line)?.[1])).toEqual(["1", "2"]);
  });

  test.concurrent("is silent by default", async () => {
    expect(await runModule(program(false))).toEqual({ code: 0, signal: null, stdout: "done\n", stderr: "" });
  });

  test.concurrent("is a bar on a terminal, and a line for each epoch stays", async (context) => {
    const file = join(folder, "program.mjs");
    writeFileSync(file, program(true));
    const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(file)}`;
    const ended = await runCommand("script", ["-qec", command, "/dev/null"], {
      env: { TERM: "xterm" },
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (ended === null) return context.skip("util-linux's script is not installed");
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null });
    // The bar is drawn repeatedly, with a growing percentage.
    const bars = [...ended.stdout.matchAll(/epoch (\d)\/2 \[[█░]+\] (\d+)% {2}loss ([\d.]*)/g)];
    expect(bars.length).toBeGreaterThan(4);
    const shares = bars.filter(([, epoch]) => epoch === "1").map(([, , share]) => Number(share));
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(ended.stdout).toMatch(/samples\/s {2}\S+ left/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's control sequences
    const plain = ended.stdout.replace(/\u001b(\[[\d;?]*[a-zA-Z]|[78])/g, "\r");
    const lines = plain.split(/[\r\n]+/).filter((line) => LINE.test(line));
    expect(lines).toHaveLength(2);
    // At the end the cursor is visible again.
    expect(ended.stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(ended.stdout.lastIndexOf("\u001b[?25l"));
  });
});
