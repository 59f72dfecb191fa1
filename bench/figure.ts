// Draws docs/figures/benchmark.svg from RESULTS.md: training steps of each peer over Thalweg's.
// Run: npm run bench:figure
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Plot } from "../lib/plot/plot.js";
import { byColour, colour, type Frame, logTicks, type Part } from "../lib/plot/spec.js";
import { KEPT } from "./provenance.js";

export const FIGURE = join(import.meta.dirname, "..", "docs", "figures", "benchmark.svg");

/** The section that is drawn, and the optimizer. */
const SECTION = "Training step";
const OPTIMIZER = "adam";

export interface Bar {
  readonly workload: string;
  readonly batch: number;
  readonly peer: string;
  /** The peer's median over Thalweg's. */
  readonly ratio: number;
}

export interface Drawn {
  readonly bars: readonly Bar[];
  readonly processor: string;
  readonly threads: string;
  /** Names and versions of all that was measured. */
  readonly versions: readonly string[];
}

/** The cells of a Markdown table's line. */
const cells = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The first table after a line that begins so. */
function tableAfter(text: string, begin: string): string[][] {
  const lines = text.split("\n");
  const from = lines.indexOf(begin);
  if (from === -1) throw new Error(`expected a line "${begin}"`);
  const first = lines.findIndex((line, i) => i > from && line.startsWith("|"));
  const rest = first === -1 ? [] : lines.slice(first);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  const [head, , ...rows] = rest.slice(0, end === -1 ? rest.length : end).map(cells);
  if (head === undefined || rows.length === 0) throw new Error(`expected a table below "${begin}"`);
  return [head, ...rows];
}

/** What the figure shows of the results. */
export function readResults(text: string): Drawn {
  const [head = [], ...rows] = tableAfter(text, `## ${SECTION}`);
  const column = (name: string): number => {
    const at = head.indexOf(name);
    if (at === -1) throw new Error(`expected a column "${name}" in "${SECTION}"`);
    return at;
  };
  const peers = head.slice(column("best peer") + 1);
  const bars = rows
    .filter((row) => row[column("optimizer")] === OPTIMIZER)
    .flatMap((row) =>
      peers.flatMap((peer) => {
        const ratio = /^([\d.]+)×$/.exec(row[column(peer)] ?? "")?.[1];
        if (ratio === undefined) return []; // "—": it was not measured
        const [workload, batch] = [row[column("workload")] as string, Number(row[column("B")])];
        return [{ workload, batch, peer, ratio: Number(ratio) }];
      }),
    );
  if (bars.length === 0) throw new Error(`expected ratios for the optimizer ${OPTIMIZER} in "${SECTION}"`);
  const [, ...circumstances] = tableAfter(text, "# Results");
  const about = new Map(circumstances.map(([name, value]) => [name as string, value as string]));
  const of = (name: string): string => {
    const value = about.get(name);
    if (value === undefined) throw new Error(`expected a row "${name}" in the first table`);
    return value;
  };
  return {
    bars,
    processor: of("processor").replace(/ \(.*$/, ""),
    threads: of("threads"),
    versions: ["thalweg", ...peers].map((name) => `${name} ${of(name).replace(/[ +].*$/, "")}`),
  };
}

const nameOf = ({ workload, batch }: Bar): string => `${workload}, B = ${batch}`;
const shown = (ratio: number): string => `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`;

function spec(bars: readonly Bar[], { width, height }: Frame): Part {
  const workloads = [...new Set(bars.map(nameOf))];
  const peers = [...new Set(bars.map(({ peer }) => peer))];
  const rows = bars.map((bar) => ({
    workload: nameOf(bar),
    peer: bar.peer,
    ratio: bar.ratio,
    text: shown(bar.ratio),
    from: 1,
  }));
  const place = {
    y: {
      field: "workload",
      type: "nominal",
      sort: workloads,
      axis: { title: null, ticks: false, labelPadding: 6, labelLimit: 0 },
      scale: { paddingInner: 0.25 },
    },
    yOffset: { field: "peer", type: "nominal", sort: peers, scale: { paddingInner: 0.3 } },
  };
  const x = {
    field: "ratio",
    type: "quantitative",
    scale: { type: "log", domainMin: Math.min(1, ...bars.map(({ ratio }) => ratio)), nice: false },
    axis: {
      title: "times Thalweg's (logarithmic; above 1, Thalweg is faster)",
      grid: false, // each bar has its number, which a line would cross
      values: logTicks([1, ...bars.map(({ ratio }) => ratio)]),
      labelExpr: "datum.label + '×'",
    },
  };
  return {
    width,
    height: height ?? workloads.length * peers.length * 19 + workloads.length * 8,
    data: { values: rows },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2 },
        encoding: { ...place, x, x2: { field: "from" }, color: byColour("peer", peers, width) },
      },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 11, fill: colour("ink") },
        encoding: { ...place, x, text: { field: "text", type: "nominal" } },
      },
    ],
  };
}

/** The figure of these results, as SVG that follows the reader's setting of light or dark. */
export function drawResults(text: string): string {
  const { bars, processor, threads, versions } = readResults(text);
  const inWords = bars.map((bar) => `${nameOf(bar)}: ${bar.peer} ${shown(bar.ratio)}`).join("; ");
  const figure = new Plot({
    data: bars,
    title: "A training step with Adam: each peer's time over Thalweg's",
    subtitle: `${processor}, ${threads} threads. ${versions.join(", ")}.`,
    description: `How many times as long as Thalweg's a step takes. ${inWords}.`,
    draw: (frame) => spec(bars, frame),
  });
  return figure.toSvg({ width: 720, id: "benchmark" });
}

/** The text of the file. */
export const drawKept = (): string =>
  `${drawResults(readFileSync(join(import.meta.dirname, KEPT.all), "utf8"))}\n`;

if (process.argv[1] === import.meta.filename) writeFileSync(FIGURE, drawKept());
