// Starts the standalone server in a folder of its own, where only what Next.js traced is to be found; asks it; stops it.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";

const DEADLINE = 30_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), "thalweg-next-"));
cpSync(join(".next", "standalone"), folder, { recursive: true, verbatimSymlinks: true });
const port = await freePort();
const server = spawn(process.execPath, ["server.js"], {
  cwd: folder,
  env: { ...process.env, PORT: String(port), HOSTNAME: "127.0.0.1" },
  stdio: ["ignore", "inherit", "inherit"],
});
const ended = new Promise((resolve) => server.once("exit", resolve));

async function ask() {
  const started = Date.now();
  while (Date.now() - started < DEADLINE && server.exitCode === null) {
    try {
      return await fetch(`http://127.0.0.1:${port}/api/train`);
    } catch {
      await setTimeout(200);
    }
  }
  throw new Error("the server did not answer");
}

try {
  const answer = await ask();
  console.log(answer.status, await answer.text());
  if (!answer.ok) process.exitCode = 1;
} finally {
  server.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
