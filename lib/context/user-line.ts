const folder = new URL("..", import.meta.url);
const FRAMES = 50;

/** The line outside the library that called into it, as a stack trace names it; null if there is none. */
export function userLine(): string | null {
  return withFrames(() => lineOf(new Error().stack));
}

/** The first line of a stack trace that is outside the library. */
export function lineOf(stack = ""): string | null {
  const lines = stack.split("\n").slice(1);
  const line = lines.find((one) => !one.includes(folder.href) && !one.includes(folder.pathname));
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
