import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { library, runModule } from "../child.js";
import { canPreload, compilePreload } from "./preload.js";

/** What a process of its own tells of its threads: before anything ran, and after work for a team of them. */
interface Told {
  readonly cores: number;
  readonly allowed: string;
  readonly sums: readonly (number | string)[];
  readonly threads: number;
  readonly warnings: readonly string[];
}

async function tell(threads: number, env: Record<string, string>): Promise<Told> {
  const { code, stdout, stderr } = await runModule(
    `import { readFileSync } from "node:fs";
     import { backendInfo, compile, ones, ops, setThreads } from ${JSON.stringify(library)};
     const warnings = [];
     process.on("warning", ({ name, code, message }) => warnings.push(name + " " + code + " " + message));
     const { cores } = backendInfo();
     const allowed = /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
     setThreads(${threads});
     const x = ones([500, 500]);
     const product = compile((a) => ops.sum(ops.matmul(a, a)));
     const last = await product.runAsync(x).then((y) => y.item(), (error) => error.name + ": " + error.message);
     const sums = [ops.sum(ops.matmul(x, x)).item(), product(x).item(), last];
     await new Promise(setImmediate);
     console.log(JSON.stringify({ cores, allowed, sums, threads: backendInfo().threads, warnings }));`,
    { env, args: ["--no-warnings"] },
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Told;
}

const SUM = 500 ** 3;
const fewer = (asked: number, got: number): string =>
  `ThreadsWarning THALWEG_FEWER_THREADS thalweg: asked for ${asked} threads, the system gives ${got}: going on with ${got}`;

describe.skipIf(!canPreload)("where the system gives few threads", () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-threads-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let preload: string;
  beforeAll(() => {
    preload = compilePreload(join(import.meta.dirname, "few-threads.c"), join(folder, "few-threads.so"));
  });
  const given = (few: number): Record<string, string> => ({ LD_PRELOAD: preload, FEW_THREADS: String(few) });

  test("goes on with those that there are, and warns once", async () => {
    const { sums, threads, warnings } = await tell(64, given(12));
    expect(sums).toEqual([SUM, SUM, SUM]);
    expect(threads).toBeGreaterThan(1);
    expect(threads).toBeLessThanOrEqual(12);
    expect(warnings).toEqual([fewer(64, threads)]);
  });

  test("takes as many as were asked for where they can be had", async () => {
    // One more leads the others.
    const { sums, threads, warnings } = await tell(3, given(3));
    expect({ sums, threads, warnings }).toEqual({ sums: [SUM, SUM, SUM], threads: 3, warnings: [] });
  });

  test("does the work on the calling thread where there is none, and refuses a run beside it", async () => {
    const { sums, threads, warnings } = await tell(4, given(0));
    expect(sums).toEqual([SUM, SUM, "BackendError: program: the system gives no thread to run it on"]);
    expect(threads).toBe(1);
    expect(warnings).toEqual([fewer(4, 1)]);
  });
});

test.skipIf(process.platform !== "linux")(
  "what the environment says of OpenMP counts for nothing",
  async () => {
    const plain = await tell(3, {});
    expect(plain).toMatchObject({ sums: [SUM, SUM, SUM], threads: 3, warnings: [] });
    const settings = {
      OMP_PROC_BIND: "true",
      OMP_THREAD_LIMIT: "2",
      OMP_STACKSIZE: "20k",
      OMP_NUM_THREADS: "1",
    };
    expect(await tell(3, settings)).toEqual(plain);
  },
);
