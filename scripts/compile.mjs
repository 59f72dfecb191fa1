// Runs many commands of a compiler, as many at a time as there are cores.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { root } from "./toolchain.mjs";

/** @returns whether the compiler said nothing against it. */
function compile(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    child.on("error", reject);
    child.on("close", (status) => {
      if (status !== 0) console.error(`${command} ${args.join(" ")}`);
      resolve(status === 0);
    });
  });
}

/**
 * Compiles.
 * @param {string} command the compiler
 * @param {string[][]} compilations the arguments of each
 * @param {Record<string, string>} env what is added to the environment
 * @returns {Promise<number>} how many failed
 */
export async function compileAll(command, compilations, env = {}) {
  let failed = 0;
  const left = [...compilations];
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let args = left.shift(); args !== undefined; args = left.shift())
        if (!(await compile(command, args, env))) failed++;
    }),
  );
  return failed;
}
