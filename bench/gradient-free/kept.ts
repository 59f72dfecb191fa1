// GRADIENT-FREE.md: what was found last, in parts that are written each by itself.
import { FUNCTIONS } from "../bbob/index.js";
import { type Implementation, OURS, type Skip } from "../implementations.js";
import { circumstances } from "../provenance.js";
import { skippedLines } from "../skipped.js";
import { DIMENSIONS, namePart, type SearchRow } from "./searches.js";
import { LEGEND, searchReports } from "./tables.js";

/** The time outside the function, and a part for each dimension. */
export type Part = "outside" | number;

const PARTS: readonly Part[] = ["outside", ...DIMENSIONS];
const headOf = (part: Part) => (part === "outside" ? "## Time outside the function" : `## d = ${part}`);

const HEAD = `# Without gradients

Written by \`npm run bench -- --modes gradient-free --results\`. What is measured, and how, is told in
[README.md](README.md). A part that was not found anew stays as it was.

${LEGEND}`;

/** What was left out of the work whose name has this word. */
export function leftOut(skipped: readonly Skip[], word: string): string[] {
  const lines = skippedLines(
    skipped.filter(({ where }) => where?.split(" ").some((part) => part.startsWith(word))),
  );
  return lines.length === 0 ? [] : ["Left out:", lines.join("\n")];
}

/** The searches of each dimension in which all functions were searched: others say too little to be kept. */
export function searchParts({
  searches,
  implementations,
  skipped,
  threads,
  args,
}: {
  readonly searches: readonly SearchRow[];
  readonly implementations: readonly Pick<Implementation, "name" | "version">[];
  readonly skipped: readonly Skip[];
  readonly threads: number;
  readonly args: readonly string[];
}): Map<Part, string> {
  const parts = new Map<Part, string>();
  for (const [d, report] of searchReports(searches)) {
    const own = searches.filter((row) => row.d === d);
    const isWhole = FUNCTIONS.every(({ id }) => own.some((row) => row.function === id && row.impl === OURS));
    if (!isWhole) continue;
    const end = circumstances(own, { implementations, threads, args });
    parts.set(d, [...report, ...leftOut(skipped, namePart(d)), ...end].join("\n\n"));
  }
  return parts;
}

/** The file's text with these parts in place of those that it had. */
export function merge(text: string | null, parts: ReadonlyMap<Part, string>): string {
  const kept = new Map<string, string>();
  for (const section of (text ?? "").split(/^(?=## )/m)) {
    const end = section.indexOf("\n");
    if (end >= 0) kept.set(section.slice(0, end), section.slice(end).trim());
  }
  const sections = PARTS.flatMap((part) => {
    const head = headOf(part);
    const body = parts.get(part) ?? kept.get(head);
    return body === undefined ? [] : [`${head}\n\n${body}`];
  });
  return `${[HEAD, ...sections].join("\n\n")}\n`;
}
