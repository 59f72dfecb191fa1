import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { commandIn, main, temporaryFolder } from "./command.js";

const folder = temporaryFolder();
const run = commandIn(folder);

test("thalweg watch prints an address that only this machine reaches, and Ctrl-C ends it", async () => {
  const child = spawn(process.execPath, [main, "watch", "."], { cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  stdout += first;
  const url = stdout.trim();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("EventSource");
  const events = await fetch(url.replace("/?", "/events?"));
  const ended = events.text().catch(() => "");
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number | null];
  expect([code, stderr]).toEqual([0, expect.stringContaining("Ctrl-C ends it")]);
  await ended;
});

test("thalweg watch refuses a folder that is none and a port that is none", async () => {
  const absent = await run(["watch", join(folder, "absent")]);
  expect([absent.code, absent.stdout]).toEqual([1, ""]);
  expect(absent.stderr).toMatch(
    /^FileError: watch: there is no folder \S+absent yet; fit\(model, \{ …, watch: "/,
  );
  const port = await run(["watch", ".", "--port", "70000"]);
  expect([port.code, port.stdout]).toEqual([2, ""]);
  expect((await run(["watch"])).code).toBe(2);
});

test("thalweg watch --help says what it does", async () => {
  const { code, stdout } = await run(["watch", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain("--port");
  expect(stdout).toContain("thalweg watch runs");
});
