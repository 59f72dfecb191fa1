// Installs the tarballs of a folder in a clean one, without install scripts, and trains there: whether the package works on
// this system as npm would install it.
//
//   node scripts/try-package.mjs FOLDER
//
// The package with this system's binary is taken from the folder too, if it has one.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/try-package.mjs FOLDER");
  process.exit(1);
}

const tarballs = readdirSync(folder).filter((name) => /^thalweg-.*\.tgz$/.test(name));
/** The dependencies on these tarballs: "thalweg-linux-x64-0.1.0.tgz" is @thalweg/linux-x64. */
const dependenciesOn = (names) =>
  Object.fromEntries(
    names.map((name) => [
      name
        .replace(/-\d+\.\d+\..*$/, "")
        .replace("-", "/")
        .replace(/^thalweg\//, "@thalweg/"),
      `file:${resolve(folder, name)}`,
    ]),
  );
const isLibrary = (name) => /^thalweg-\d/.test(name);
const about = {
  private: true,
  type: "module",
  dependencies: dependenciesOn(tarballs.filter(isLibrary)),
  // npm takes that of this system and leaves out the others.
  optionalDependencies: dependenciesOn(tarballs.filter((name) => !isLibrary(name))),
};

const app = mkdtempSync(join(tmpdir(), "thalweg-try-"));
try {
  writeFileSync(join(app, "package.json"), JSON.stringify(about));
  copyFileSync(join(import.meta.dirname, "train.mjs"), join(app, "train.mjs"));
  const run = (command, ...args) =>
    execFileSync(command, args, { cwd: app, stdio: "inherit", shell: process.platform === "win32" });
  run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund");
  run(process.execPath, "train.mjs");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(app, { recursive: true, force: true });
}
