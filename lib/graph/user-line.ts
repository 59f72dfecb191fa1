const folder = new URL("..", import.meta.url);

/** The line outside the library that called into it, as a stack trace names it; null where there is none. */
export function userLine(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const line = lines.find((one) => !one.includes(folder.href) && !one.includes(folder.pathname));
  return line === undefined ? null : line.trim();
}
