// The figures of docs/backpropagation.md are those that the example writes.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../child.js";

const docs = join(import.meta.dirname, "../../docs");
const example = (...args: string[]) =>
  runCommand(process.execPath, ["--import", "tsx", "examples/figures.ts", ...args]);

describe("the figures of the lecture", () => {
  const out = mkdtempSync(join(tmpdir(), "thalweg-figures-"));
  let printed = "";
  beforeAll(async () => {
    const { code, stdout, stderr } = await example("--out", out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    printed = stdout;
  });
  afterAll(() => rmSync(out, { recursive: true }));

  test("are what the example prints that it wrote", () => {
    const files = readdirSync(out).map((name) => join(out, name));
    expect(printed.trim().split("\n").sort()).toEqual(files.sort());
  });

  test("are those of the documentation, byte for byte", () => {
    const kept = join(docs, "figures");
    const lecture = readdirSync(kept).filter((name) => name !== "benchmark.svg");
    expect(lecture.sort()).toEqual(readdirSync(out).sort());
    for (const name of readdirSync(out)) {
      expect(readFileSync(join(kept, name), "utf8"), name).toBe(readFileSync(join(out, name), "utf8"));
    }
  });

  test("stand in the page about backpropagation, each with a text in its place", () => {
    const page = readFileSync(join(docs, "backpropagation.md"), "utf8");
    const shown = Array.from(page.matchAll(/!\[([^\]]+)\]\(figures\/([^)]+)\)/g), ([, , name]) => name);
    expect(shown.sort()).toEqual(readdirSync(out).sort());
  });
});

test("the example of the figures tells its options and refuses others", async () => {
  const help = await example("--help");
  expect(help.code).toBe(0);
  for (const option of ["--out", "--seed", "--threads"]) expect(help.stdout).toContain(option);
  const wrong = await example("--outt", "x");
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("--outt");
});
