// npm's install script: uses the prebuilt addon if there is one for this machine, else builds it.
//
//   node scripts/install.mjs [--force] [--clean] [--verbose]
//
// --force builds in any case, but only what changed. --clean builds everything again.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { findHeaders, findNodeGyp, loadFailure, missingTools, platformName, root } from "./toolchain.mjs";

const { values: options } = parseArgs({
  options: {
    force: { type: "boolean", default: false },
    clean: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

class InstallError extends Error {}

/** Whether a prebuilt addon can be used. Not in a checkout: its prebuilds may be older than its sources. */
function prebuiltServes() {
  if (existsSync(join(root, ".git"))) return false;
  const path = join(root, "prebuilds", platformName(), "thalweg.node");
  if (!existsSync(path)) return false;
  const failure = loadFailure(path);
  if (failure !== null)
    console.error(`thalweg: the prebuilt addon does not load here (${failure}); building one`);
  return failure === null;
}

/** Runs node-gyp; its output is shown only if it fails, or with --verbose. */
function runNodeGyp(args) {
  const script = findNodeGyp();
  if (script === null) {
    throw new InstallError("thalweg: node-gyp was not found; install it with: npm install --global node-gyp");
  }
  const headers = findHeaders();
  const nodedir = headers === null ? [] : [`--nodedir=${headers}`];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args, ...nodedir], {
      cwd: root,
      stdio: options.verbose ? "inherit" : ["ignore", "pipe", "pipe"],
      env: options.verbose ? { ...process.env, V: "1" } : process.env,
    });
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (status === 0) return resolve();
      process.stderr.write(Buffer.concat(output));
      reject(
        new InstallError(`thalweg: node-gyp ${args[0]} failed (${signal ?? `exit ${status}`}); see above`),
      );
    });
  });
}

async function build() {
  const missing = missingTools();
  if (missing.length > 0) {
    throw new InstallError(
      [
        `thalweg: cannot build the native addon: ${missing.join("; ")}.`,
        "  Debian, Ubuntu: apt-get install g++ make python3",
        "  then again:     npm rebuild thalweg (or, in thalweg's own folder, npm run build:native)",
      ].join("\n"),
    );
  }
  const start = performance.now();
  if (options.clean) await runNodeGyp(["clean"]);
  await runNodeGyp(["configure"]);
  await runNodeGyp(["build", "--jobs", String(os.availableParallelism())]);
  const failure = loadFailure(join(root, "build", "Release", "thalweg.node"));
  if (failure !== null && !process.env.THALWEG_SANITIZE) {
    throw new InstallError(`thalweg: the native addon was built but does not load: ${failure}`);
  }
  console.log(`thalweg: built the native addon in ${Math.round((performance.now() - start) / 1000)} s`);
}

try {
  if (options.force || options.clean || !prebuiltServes()) await build();
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
