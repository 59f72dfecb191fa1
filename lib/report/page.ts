import { type Html, html, raw } from "./html.js";
import type { RunRecord } from "./record.js";
import { answersSection } from "./sections/answers.js";
import { circumstancesSection, timeSection } from "./sections/circumstances.js";
import { curvesSection, gradientsSection } from "./sections/curves.js";
import { dataSection } from "./sections/data.js";
import { modelSection } from "./sections/model.js";
import { summaryOf } from "./sections/summary.js";
import { worstSection } from "./sections/worst.js";
import { REPORT_STYLE } from "./style.js";

/** A section of a page; null where there is nothing to show. */
export type Section = (record: RunRecord) => Html | null;

/** In the order in which a reader would look. */
const SECTIONS: readonly Section[] = [
  curvesSection,
  answersSection,
  worstSection,
  modelSection,
  gradientsSection,
  dataSection,
  circumstancesSection,
  timeSection,
];

// Nothing is loaded and nothing runs: the styles are in the page, the images in their URLs.
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The page of a run. The same record gives the same bytes, but for the time at which it is made. */
export function pageOf(record: RunRecord, made: Date): string {
  const sections = SECTIONS.map((section) => section(record));
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="thalweg">
<title>${record.title}</title>
<style>
${raw(REPORT_STYLE)}</style>
</head>
<body>
${summaryOf(record)}
<main>
${sections}</main>
<footer><p>Made by thalweg, <time datetime="${made.toISOString()}">${made.toISOString().slice(0, 19).replace("T", " ")} UTC</time>.</p></footer>
</body>
</html>
`);
}
