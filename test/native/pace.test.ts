import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";
import {
  backendInfo,
  cost,
  fit,
  manualSeed,
  nn,
  optim,
  randn,
  setThreads,
  type Tensor,
} from "../../lib/index.js";
import { attempt, root, run } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-pace-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("steps go by the team or by one thread, as is faster", () => {
  const program = join(folder, "pace");
  run(process.env["CXX"] ?? "g++", ["-std=c++20", join(root, "test/native/pace.cc"), "-o", program]);
  const { status, stdout } = attempt(program, []);
  expect(stdout).toBe("as it should be\n");
  expect(status).toBe(0);
});

async function trained(threads: number): Promise<readonly unknown[]> {
  const before = backendInfo().threads;
  setThreads(threads);
  try {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(300, 80), new nn.Tanh(), new nn.Linear(80, 5));
    const data = { x: randn([1600, 300]), y: randn([1600, 5]) };
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    await fit(model, { data, cost: cost.mse, optimizer, epochs: 30, batchSize: 32, seed: 1 });
    return Array.from(model.parameters(), (parameter: Tensor) => parameter.toArray());
  } finally {
    setThreads(before);
  }
}

test("a busy machine changes no bit of a training", { timeout: 120_000 }, async () => {
  const alone = await trained(1);
  const neighbours: ChildProcess[] = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ["-e", "for (;;) ;"], { stdio: "ignore" }),
  );
  try {
    expect(await trained(4)).toEqual(alone);
  } finally {
    for (const neighbour of neighbours) neighbour.kill("SIGKILL");
  }
});
