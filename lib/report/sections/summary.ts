import { type Html, html } from "../html.js";
import type { RunRecord } from "../record.js";
import { count, duration, figure } from "../words.js";

const STATES = {
  finished: "finished",
  stopped: "stopped before its last epoch",
  aborted: "was aborted by its signal",
  failed: "failed",
} as const;

/** The head of the page: how the run ended, and its most important figures. */
export function summaryOf({ title, history, outcome, model }: RunRecord): Html {
  const last = history.at(-1);
  const parameters = model?.parameters().reduce((sum, { size }) => sum + size, 0);
  const seconds = history.reduce((sum, report) => sum + report.seconds, 0);
  const figures: [string, string][] = [
    ["Epochs", count(history.length)],
    ...(last === undefined ? [] : lastFigures(last)),
    ...(parameters === undefined ? [] : [["Parameters", count(parameters)] as [string, string]]),
    ["Time of the steps", duration(seconds)],
    ...(last === undefined
      ? []
      : [["Samples a second", count(Math.round(last.samplesPerSecond))] as [string, string]]),
  ];
  return html`<header>
<h1>${title}</h1>
${outcome === null ? null : html`<p class="soft">The run ${STATES[outcome.state]}.</p>`}
${outcome?.error == null ? null : html`<p class="error"><strong>Error:</strong> ${outcome.error}</p>`}
<dl class="figures">
${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
</header>`;
}

const MOST_FIGURES = 6;

function lastFigures({ loss, metrics, validation }: RunRecord["history"][number]): [string, string][] {
  const named = (figures: Readonly<Record<string, unknown>>, prefix: string): [string, string][] =>
    Object.entries(figures).flatMap(([name, value]) =>
      typeof value === "number" ? [[`${prefix}${name}`, figure(value)] as [string, string]] : [],
    );
  const all = [...named({ loss, ...metrics }, "Training "), ...named(validation ?? {}, "Validation ")];
  return all.slice(0, MOST_FIGURES);
}
