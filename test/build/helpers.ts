import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

export const root = dirname(dirname(import.meta.dirname));
export const gypFolder = join(root, "build");
export const cmakeFolder = join(root, "build-cmake");

/** A user's environment: this one without the variables of npm, vitest and Thalweg. */
export function userEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(npm_(?!config_)|THALWEG_|VITEST|NODE_OPTIONS$|NODE_ENV$)/.test(name)) {
      env[name] = value;
    }
  }
  return { ...env, ...extra };
}

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with success or failure. */
export function attempt(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Result {
  const child = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? userEnvironment(),
    input: options.input ?? "",
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (child.error !== undefined) throw child.error;
  return { status: child.status, stdout: child.stdout, stderr: child.stderr };
}

/** Runs a program that must succeed. @returns its output. */
export function run(...args: Parameters<typeof attempt>): string {
  const { status, stdout, stderr } = attempt(...args);
  if (status !== 0) {
    throw new Error(
      `${args[0]} ${args[1].join(" ")}: exit ${status}\n${stdout.slice(-8000)}${stderr.slice(-8000)}`,
    );
  }
  return stdout;
}

/** Whether dist/ is older than lib/: the packed code would not be the tested code. */
export function distIsStale(): boolean {
  const built = join(root, "dist", "index.js");
  if (!existsSync(built)) return true;
  const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" });
  return sources.some((path) => statSync(join(root, "lib", path)).mtimeMs > statSync(built).mtimeMs);
}
