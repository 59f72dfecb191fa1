// The page of `thalweg watch`. What runs have written is put in as text and as numbers alone.
import { showRun } from "./card.js";
import { drawCharts } from "./charts.js";
import { takePoints } from "./curves.js";
import { showDiagram } from "./diagram.js";
import { byId } from "./dom.js";
import { takeFolder, takeRun } from "./runs.js";
import { changed, drawBy, runs, view } from "./state.js";
import { showLayers, showOptions } from "./tables.js";
import { token } from "./token.js";

drawBy(() => {
  drawCharts();
  showDiagram();
  showLayers();
  showOptions();
});

const events = new EventSource(`/events?token=${encodeURIComponent(token)}`);

const say = (text) => {
  byId("state").textContent = text;
};

byId("smoothing").addEventListener("input", (event) => {
  view.smoothing = Number(event.target.value);
  byId("smoothed").textContent = String(view.smoothing);
  changed();
});
byId("log").addEventListener("change", (event) => {
  view.isLog = event.target.checked;
  changed();
});
byId("chosen").addEventListener("change", (event) => {
  view.chosen = event.target.value;
  view.isChosen = true;
  showDiagram();
  changed();
});
addEventListener("resize", changed);
setInterval(() => {
  for (const run of runs.values()) if (run.about.state === "running") showRun(run);
}, 5000);
events.addEventListener("begin", () => {
  say("Connected.");
  // After an interruption everything is told again.
  for (const run of runs.values()) run.curves.clear();
  byId("none").hidden = runs.size > 0;
});
events.addEventListener("folder", (event) => {
  takeFolder(JSON.parse(event.data));
  changed();
});
events.addEventListener("run", (event) => {
  takeRun(JSON.parse(event.data));
  changed();
});
events.addEventListener("points", (event) => {
  takePoints(JSON.parse(event.data));
  changed();
});
events.addEventListener("error", () => {
  const isOver = events.readyState === EventSource.CLOSED;
  say(
    isOver ? "The server has ended, or has another address now." : "The connection is lost; trying again …",
  );
});
