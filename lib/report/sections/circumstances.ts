import { ACTIVITIES, type Activity } from "../../train/following.js";
import { type Html, html } from "../html.js";
import { thisMachine } from "../machine.js";
import type { RunRecord } from "../record.js";
import { bar, count, duration, percent, table } from "../words.js";
import { section } from "./section.js";

/** The options of the run, and what it ran on. */
export function circumstancesSection({ options, history }: RunRecord): Html {
  const { cpu, cores, threads, kernels, matmul, node, system } = thisMachine();
  const machine: [string, string][] = [
    ["CPU", cpu],
    ["cores", count(cores)],
    ["threads", count(threads)],
    ["kernels", kernels],
    ["matrix products", matmul],
    ["Node.js", node],
    ["system", system],
  ];
  const given = Object.entries(options).map(([name, value]) => [
    html`<code>${name}</code>`,
    html`<span class="mono">${String(value)}</span>`,
  ]);
  const changes = history.flatMap((report) => report.changes ?? []);
  return section(
    "circumstances",
    "Options and machine",
    html`<div class="columns">
${given.length === 0 ? null : html`<div><h3>Options</h3>\n${table("Options", [{ title: "option" }, { title: "value" }], given)}</div>`}
<div><h3>Machine</h3>\n${table("Machine", [{ title: "part" }, { title: "value" }], machine)}</div>
</div>`,
    changes.length === 0
      ? null
      : html`<h3>Learning rates that were set by hand</h3>
${table(
  "Learning rates that were set by hand",
  [
    { title: "after step", isNumber: true },
    { title: "epoch", isNumber: true },
    { title: "group" },
    { title: "learning rate", isNumber: true },
  ],
  changes.map(({ step, epoch, group, lr }) => [
    count(step),
    count(epoch),
    group === undefined ? "all" : String(group),
    String(lr),
  ]),
)}`,
  );
}

const WORDS: Readonly<Record<Activity, string>> = {
  data: "waiting for data",
  steps: "training steps",
  validation: "validation",
  callbacks: "callbacks",
  checkpoints: "copies for checkpoints",
  recording: "gradients for this page",
  other: "all else",
};

/** What takes less is 0.0 % of the time. */
const LEAST_SHARE = 0.0005;

/** Where the time went. */
export function timeSection({ outcome }: RunRecord): Html | null {
  if (outcome === null) return null;
  const { seconds } = outcome;
  const all = ACTIVITIES.reduce((sum, activity) => sum + seconds[activity], 0);
  const isSeen = (activity: Activity): boolean => seconds[activity] >= LEAST_SHARE * all;
  const rows = ACTIVITIES.filter(isSeen).map((activity) => [
    WORDS[activity],
    duration(seconds[activity]),
    percent(seconds[activity] / all),
    bar(seconds[activity] / all),
  ]);
  const columns = [
    { title: "what for" },
    { title: "time", isNumber: true },
    { title: "share", isNumber: true },
    { title: "as a bar", isBar: true },
  ];
  return section("time", "Where the time went", table("Where the time went", columns, rows));
}
