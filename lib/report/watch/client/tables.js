// The layers of the chosen run, and the options of all that are shown.
import { byId, element } from "./dom.js";
import { sharesOf } from "./norms.js";
import { labelOf, runs, view } from "./state.js";
import { shown } from "./text.js";

export function showLayers() {
  const run = runs.get(view.chosen);
  const norms = new Map(run?.about.norms ?? []);
  const shareOf = sharesOf(norms);
  const rows = (run?.about.begin?.layers ?? []).map(({ name, kind, parameters }) => {
    const norm = norms.get(name);
    const bar = element("span", { class: "bar" });
    bar.style.width = `${norm === undefined ? 0 : 100 * shareOf(norm)}%`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name === "" ? "the model itself" : name),
      element("td", {}, kind),
      element("td", { class: "number" }, parameters.toLocaleString("en")),
      element("td", { class: "number" }, norm === undefined ? "–" : shown(norm)),
      element("td", { class: "wide" }, bar),
    );
  });
  byId("layers").tBodies[0].replaceChildren(...rows);
}

export function showOptions() {
  const shownRuns = [...runs.values()].filter((run) => run.isOn && run.about.begin !== null);
  const names = [
    ...new Set(
      shownRuns.flatMap(({ about }) =>
        [...about.begin.options, ...about.begin.machine].map(([name]) => name),
      ),
    ),
  ];
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "option"),
    ...shownRuns.map(({ about }) => element("th", { scope: "col" }, labelOf({ about }))),
  );
  const rows = names.map((name) => {
    const values = shownRuns.map(
      ({ about }) => new Map([...about.begin.options, ...about.begin.machine]).get(name) ?? "",
    );
    const differs = new Set(values).size > 1;
    return element(
      "tr",
      { class: differs ? "differs" : null },
      element("th", { scope: "row" }, name),
      ...values.map((value) => element("td", {}, value)),
    );
  });
  byId("options").tHead.replaceChildren(head);
  byId("options").tBodies[0].replaceChildren(...rows);
}
