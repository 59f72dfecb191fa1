import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ownFile, packageAround } from "../native/package-root.js";

const FRAMES = 50;

/**
 * What lines of a stack trace in the library's own code have in them: the folder that it runs from and, since source
 * maps name them, its sources. In an application's bundle that is the bundle, where its own code is too.
 */
const OWN: readonly string[] = (
  packageAround === null
    ? [ownFile, join("node_modules", "thalweg", "lib", "/")]
    : [join(dirname(ownFile), "..", "/"), join(packageAround, "lib", "/")]
).flatMap((path) => [path, pathToFileURL(path).href]);

/** The line outside the library that called into it, as a stack trace names it; null if there is none. */
export function userLine(): string | null {
  return withFrames(() => lineOf(new Error().stack));
}

/** The first line of a stack trace that is outside the library. */
export function lineOf(stack = ""): string | null {
  const lines = stack.split("\n").slice(1);
  const line = lines.find((one) => !OWN.some((own) => one.includes(own)));
  return line === undefined ? null : line.trim();
}

/** Runs `run` with stack traces long enough to reach the user's code. */
export function withFrames<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
