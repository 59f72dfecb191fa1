import { variable } from "../../draw/theme.js";
import { meanAbsoluteError, rootMeanSquaredError } from "../../metrics/regression.js";
import { r2 } from "../../metrics/variance.js";
import { residuals as residualsPlot } from "../../plot/residuals.js";
import { type Html, html } from "../html.js";
import { type ClassAnswers, confusionOf, type NumberAnswers } from "../judgement.js";
import { plotted } from "../plots.js";
import type { RunRecord } from "../record.js";
import { count, figure, percent, table } from "../words.js";
import { ofWhich } from "./data.js";
import { section } from "./section.js";

// A larger matrix is not read as a table.
const MOST_CLASSES = 20;

/** What came for what was to come: the confusion matrix of classes, the residuals of numbers. */
export function answersSection({ judgement, kept }: RunRecord): Html | null {
  if (kept === null || judgement === null) return null;
  if (typeof judgement === "string") {
    return section("answers", "Answers", html`<p class="soft">The model could not be run: ${judgement}</p>`);
  }
  const { answers } = judgement;
  if (answers === null) return null;
  const of = html`<p class="soft">Of ${ofWhich(kept)}.</p>`;
  return answers.kind === "classes"
    ? section("answers", "Confusion matrix", matrix(answers), of)
    : section("answers", "Residuals", residuals(answers), of);
}

function matrix(answers: ClassAnswers): Html {
  const { names, target, predicted } = answers;
  const right = target.reduce((sum, label, at) => sum + Number(label === predicted[at]), 0);
  const told = html`<p>${count(right)} of ${count(target.length)} samples have the class that was predicted: ${percent(right / target.length)}.</p>`;
  if (names.length > MOST_CLASSES) return html`${told}${confusions(answers)}`;
  const counts = confusionOf(answers);
  const totals = counts.map((row) => row.reduce((sum, one) => sum + one, 0));
  return html`${told}
<div class="scroll" role="region" aria-label="Confusion matrix, table" tabindex="0"><table class="matrix">
<caption class="soft">A row for each true class, a column for each predicted one.</caption>
<thead><tr><th scope="col">true \\ predicted</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${counts.map(
  (row, i) =>
    html`<tr><th scope="row">${names[i] as string}</th>${row.map((one, j) => cell(one, totals[i] as number, i === j))}</tr>\n`,
)}</tbody></table></div>`;
}

const MOST_SHADE = 45;

/** A cell, shaded by its share of the row: blue for what is right, orange for what is not. */
function cell(one: number, total: number, isRight: boolean): Html {
  const shade = total === 0 ? 0 : Math.round((MOST_SHADE * one) / total);
  const colour = variable(isRight ? "positive" : "negative");
  const style = `background:color-mix(in srgb,var(${colour}) ${shade}%,transparent)`;
  return html`<td${isRight ? html` class="right"` : null} style="${style}">${count(one)}</td>`;
}

const MOST_CONFUSIONS = 20;

/** The most frequent confusions, where there are too many classes for a matrix. */
function confusions(answers: ClassAnswers): Html {
  const { names } = answers;
  const pairs = confusedIn(answers)
    .sort((a, b) => b.one - a.one)
    .slice(0, MOST_CONFUSIONS);
  const columns = [
    { title: "true class" },
    { title: "predicted class" },
    { title: "samples", isNumber: true },
  ];
  const rows = pairs.map(({ i, j, one }) => [names[i] as string, names[j] as string, count(one)]);
  return html`<h3>The most frequent confusions</h3>
${table("The most frequent confusions", columns, rows)}`;
}

interface Confused {
  readonly i: number;
  readonly j: number;
  readonly one: number;
}

/** The pairs of a true class and another predicted one that occur. A matrix of very many classes has no room. */
function confusedIn({ names, target, predicted }: ClassAnswers): Confused[] {
  const counts = new Map<number, number>();
  for (const [at, i] of target.entries()) {
    const j = predicted[at] as number;
    // Targets that are ignored are no classes.
    if (i === j || i < 0 || i >= names.length) continue;
    const pair = i * names.length + j;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return Array.from(counts, ([pair, one]) => ({
    i: Math.floor(pair / names.length),
    j: pair % names.length,
    one,
  })).sort((a, b) => a.i - b.i || a.j - b.j);
}

type Target = NumberAnswers["targets"][number];

function residuals({ targets }: NumberAnswers): Html {
  const known = targets.filter(({ target, predicted }) => [...target, ...predicted].every(Number.isFinite));
  const others = targets.filter((one) => !known.includes(one)).map(({ name }) => name);
  return html`${known.length === 0 ? null : errors(known)}
${known.map(({ name, target, predicted }, at) =>
  plotted(residualsPlot(predicted, target, { title: `Residuals of ${name}` }), `residuals-${at}`),
)}
${others.length === 0 ? null : html`<p class="soft">Not all outputs are finite: ${others.join(", ")}.</p>`}`;
}

function errors(targets: readonly Target[]): Html {
  const rows = targets.map(({ name, target, predicted }) => [
    name,
    ...[meanAbsoluteError, rootMeanSquaredError, r2].map((metric) => figure(metric(predicted, target))),
  ]);
  const columns = ["mean absolute error", "root mean squared error", "R²"];
  const titles = [{ title: "target" }, ...columns.map((title) => ({ title, isNumber: true }))];
  return table("Errors", titles, rows);
}
