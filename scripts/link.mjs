// Small C++ programs that use the engine without Node.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const built = join(root, "build", "Release");

/** Whether the engine is there as a library: where it was built from its sources. */
export const canLink = existsSync(join(built, "engine.a"));

/**
 * Compiles a program of one source, linked with the engine and the kernels.
 * @param {string} source below the root
 * @param {string} program what is written
 * @param {readonly string[]} flags of the compiler
 * @throws if that fails
 */
export function linkWithEngine(source, program, flags = ["-std=c++20", "-O2", "-pthread"]) {
  const kernels = readdirSync(built).filter((name) => /^kernels_\w+\.a$/.test(name));
  const libraries = ["engine.a", ...kernels].map((name) => join(built, name));
  execFileSync(process.env.CXX ?? "g++", [...flags, join(root, source), ...libraries, "-o", program], {
    stdio: "pipe",
  });
}
