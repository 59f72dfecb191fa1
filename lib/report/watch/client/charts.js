// All charts: which there are, and the lines of each.
import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { COLOURS, labelOf, runs, view } from "./state.js";

const RATE = "learning rate";

const GRADIENT = "norm of the gradient by layer";

/** The order of the charts; the others are in between. */
const PLACES = new Map([
  ["loss", 0],
  [GRADIENT, 2],
  [RATE, 3],
]);

/** The charts: their titles, and the curves of each. */
function chartsOf() {
  const charts = new Map();
  const add = (title, line) => {
    const chart = charts.get(title) ?? { title, lines: [] };
    charts.set(title, chart);
    chart.lines.push(line);
  };
  for (const run of runs.values()) {
    if (!run.isOn) continue;
    const label = labelOf(run);
    for (const curve of run.curves.values()) {
      const { kind, name, set } = curve;
      if (kind === "figure") {
        const part = set === "steps" ? "" : set;
        add(name, { curve, colour: run.colour, label, part, isDashed: set === "validation" });
      } else if (kind === "rate") {
        const part = run.about.rates.length > 1 ? `group ${name}` : "";
        add(RATE, { curve, colour: run.colour, label, part, isDashed: name !== "0", isStepped: true });
      } else if (run.about.id === view.chosen) {
        const at = layerAt(run, name);
        const layer = name === "" ? "the model itself" : name;
        const look = { colour: 1 + (at % COLOURS), isDashed: at >= COLOURS, isAlwaysLog: true };
        add(GRADIENT, { curve, label: layer, part: "", ...look });
      }
    }
  }
  const place = ({ title }) => PLACES.get(title) ?? 1;
  return [...charts.values()].sort((a, b) => place(a) - place(b));
}

const layerAt = (run, name) =>
  Math.max(
    0,
    (run.about.begin?.layers ?? []).findIndex((layer) => layer.name === name),
  );

const charts = new Map();

export function drawCharts() {
  const wanted = chartsOf();
  for (const title of charts.keys()) {
    if (wanted.some((chart) => chart.title === title)) continue;
    charts.get(title).figure.remove();
    charts.delete(title);
  }
  for (const { title, lines } of wanted) {
    let chart = charts.get(title);
    if (chart === undefined) {
      chart = new Chart(title, setCursor);
      charts.set(title, chart);
    }
    const before = byId("charts").children[wanted.findIndex((one) => one.title === title)];
    if (before !== chart.figure) byId("charts").insertBefore(chart.figure, before ?? null);
    chart.draw(lines);
  }
}

function setCursor(step) {
  view.cursor = step;
  for (const chart of charts.values()) chart.point();
}
