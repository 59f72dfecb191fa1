import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runCommand } from "./child.js";

const example = (file: string, ...args: string[]) =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${file}`, ...args]);

describe("the lecture's network", () => {
  test("learns one sample at a time and in mini-batches", async () => {
    const { code, stdout, stderr } = await example("lecture.ts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const parts = stdout.split(/^(?=\S)/m);
    expect(parts.map((part) => part.split("\n")[0])).toEqual([
      "one sample at a time, η = 0.01",
      "mini-batches of 32, η = 0.1",
    ]);
    for (const part of parts) {
      const losses = [...part.matchAll(/epoch \d: average loss ([\d.]+), largest [\d.]+/g)].map(([, loss]) =>
        Number(loss),
      );
      expect(losses).toHaveLength(5);
      // Ten classes: guessing costs ln 10 = 2.3.
      expect(losses.at(-1)).toBeLessThan(0.5);
      expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
    }
  });
});

describe("the lecture's options", () => {
  test("are told, and one that does not exist is refused", async () => {
    const help = await example("lecture.ts", "--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const option of ["--epochs", "--seed", "--threads", "--help"]) expect(help.stdout).toContain(option);
    const refused = await example("lecture.ts", "--helps");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^lecture: there is no option --helps; did you mean --help\?\n\nusage: /);
  });
});

describe("the MNIST example", () => {
  test("tells its options", async () => {
    const { code, stdout } = await example("mnist.ts", "--help");
    expect(code).toBe(0);
    for (const option of ["--fashion", "--epochs", "--batch-size", "--seed", "--threads", "--help"]) {
      expect(stdout).toContain(option);
    }
  });

  test("refuses an option that does not exist", async () => {
    const { code, stdout, stderr } = await example("mnist.ts", "--epoch", "3");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^mnist: there is no option --epoch; did you mean --epochs\?\n\nusage: npm start/);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

test.each(readdirSync("examples").filter((file) => file.endsWith(".ts")))(
  "%s reads its command line as all examples do",
  (file) => {
    const source = readFileSync(`examples/${file}`, "utf8");
    expect(source).toContain(`new Options("${file.slice(0, -".ts".length)}", USAGE`);
    expect(source).toMatch(
      /const USAGE = `usage: .*[\s\S]*^ +--seed N .*$[\s\S]*^ +--threads N .*$[\s\S]*^ +--help +this text/m,
    );
    expect(source).not.toMatch(/parseArgs|process\.argv/);
  },
);
