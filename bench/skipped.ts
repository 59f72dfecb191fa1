// What was left out of a run, as text.
import type { Skip } from "./implementations.js";

/** A line for each implementation and reason, with where it was left out. */
export function skippedLines(skipped: readonly Skip[]): string[] {
  const wheres = new Map<string, string[]>();
  for (const { impl, where, reason } of skipped) {
    const key = `${impl}: ${reason}`;
    wheres.set(key, [...(wheres.get(key) ?? []), ...(where === null ? [] : [where])]);
  }
  return [...wheres].map(([key, list]) => `- ${key}${list.length === 0 ? "" : ` (${list.join(", ")})`}`);
}
