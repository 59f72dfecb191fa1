import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "..");

/** What tests import by its path, though no user can. */
const INNER = ["native/binding", "keeping/target"];

/**
 * Bundles lib/ for the tests that run it in processes and threads of their own. Not to dist/, which is the
 * package's, and each run by itself, so that two runs of the tests are not in each other's way.
 * @returns what to do when the tests are done.
 */
export function setup(): () => void {
  // Another project of this run has compiled it.
  if (process.env["THALWEG_TEST_LIBRARY"] !== undefined) return () => {};
  const folder = mkdtempSync(join(root, "build-test-"));
  // Not by process.execPath: that may be an emulated Node, for which there is no bundler.
  const build = join(root, "scripts", "build.mjs");
  const also = INNER.flatMap((name) => ["--also", name]);
  execFileSync("node", [build, "--no-types", "--out", folder, ...also], { cwd: root, stdio: "inherit" });
  process.env["THALWEG_TEST_LIBRARY"] = join(folder, "index.js");
  // Programs that tests run by tsx import the bundle too: to compile all of lib/ takes each of them seconds.
  const paths = { thalweg: ["./index.mjs"], "thalweg/*": ["./*/index.mjs"] };
  const configuration = join(folder, "tsconfig.json");
  writeFileSync(configuration, JSON.stringify({ compilerOptions: { target: "ES2023", paths } }));
  process.env["TSX_TSCONFIG_PATH"] = configuration;
  return () => rmSync(folder, { recursive: true, force: true });
}
