// A Python with the packages that a test needs: PYTHON in the environment, or .venv/bin/python.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "../..");

/** Its path; null where there is none. */
export function pythonWith(...packages: string[]): string | null {
  const own = join(root, ".venv/bin/python");
  const python = process.env["PYTHON"] ?? (existsSync(own) ? own : null);
  if (python === null) return null;
  const { status } = spawnSync(python, ["-c", `import ${packages.join(", ")}`], { stdio: "ignore" });
  return status === 0 ? python : null;
}

/** What a script of test/oracle prints. */
export const runScript = (python: string, script: string, args: readonly string[]): string =>
  execFileSync(python, [join(root, "test/oracle", script), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
