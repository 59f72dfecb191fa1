// npm's install script: does nothing if the package with this system's binary is installed, else builds the addon.
//
//   node scripts/install.mjs [--force] [--clean] [--verbose]
//
// --force builds in any case, but only what changed. --clean builds everything again.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { packageName, platformName, platformPackage, platforms } from "./platforms.mjs";
import { findHeaders, findNodeGyp, loadFailure, missingTools, root, toolAdvice } from "./toolchain.mjs";

const { values: options } = parseArgs({
  options: {
    force: { type: "boolean", default: false },
    clean: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

class InstallError extends Error {}

/** Whether the package with this system's binary can be used. @throws InstallError if it is of another version. */
function binaryServes() {
  const { serves, isOther, problem } = platformPackage();
  if (isOther) throw new InstallError(`thalweg: ${problem}`);
  if (problem !== null) console.error(`thalweg: ${problem}; building the addon`);
  return serves;
}

/** How to have the binary instead, if there is one for this system. */
function binaryAdvice() {
  const name = platformName();
  if (!platforms.some((each) => each.name === name)) return [];
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return [`  or the binary:  npm install ${packageName(name)}@${version}`];
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
        `  ${toolAdvice()}`,
        "  then again: npm rebuild thalweg (or, in thalweg's own folder, npm run build:native)",
        ...(options.force ? [] : binaryAdvice()),
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
  if (options.force || options.clean || !binaryServes()) await build();
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
