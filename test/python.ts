import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../.venv/bin/python", import.meta.url));
const candidates = [process.env["PYTHON"], existsSync(own) ? own : undefined, "python3"];

/** A Python that can import these modules: PYTHON in the environment, .venv, or python3; undefined where none can. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  return candidates.find(
    (python) =>
      python !== undefined &&
      spawnSync(python, ["-c", `import ${modules.join(", ")}`], { timeout: 60_000 }).status === 0,
  );
}

/** What a program prints as JSON. */
export function askPython(python: string, program: string, ...args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** What a script of test/oracle prints. */
export const runScript = (python: string, script: string, args: readonly string[]): string =>
  execFileSync(python, [fileURLToPath(new URL(`oracle/${script}`, import.meta.url)), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
