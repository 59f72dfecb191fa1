// The runs of the folder, as the server tells of them.
import { cardOf, showRun } from "./card.js";
import { showDiagram } from "./diagram.js";
import { byId, element } from "./dom.js";
import { COLOURS, labelOf, runs, view } from "./state.js";
import { showOptions } from "./tables.js";

export function takeRun(about) {
  let run = runs.get(about.id);
  if (run === undefined) {
    const taken = [...runs.values()].map((one) => one.colour);
    const free = Array.from({ length: COLOURS }, (_, at) => at + 1).find((colour) => !taken.includes(colour));
    run = {
      about,
      colour: free ?? 1 + (runs.size % COLOURS),
      curves: new Map(),
      isOn: runs.size < COLOURS,
      diagram: null,
      groups: -1,
    };
    runs.set(about.id, run);
  }
  const isNew = run.card === undefined || run.about.begin === null;
  run.about = about;
  // The newest run that goes on is looked at, unless another was chosen.
  if (view.chosen === null || (isNew && !view.isChosen && about.state === "running")) view.chosen = about.id;
  if (about.diagram !== undefined) run.diagram = about.diagram;
  if (run.groups !== about.rates.length) {
    run.groups = about.rates.length;
    const card = cardOf(run);
    if (run.card === undefined) byId("runs").append(card);
    else run.card.replaceWith(card);
    run.card = card;
    card.classList.toggle("off", !run.isOn);
  }
  showRun(run);
  if (isNew || about.diagram !== undefined) listRuns();
}

/** Lets go the runs that are no longer there. */
export function takeFolder({ runs: ids, leftOut }) {
  const gone = [...runs.keys()].filter((id) => !ids.includes(id));
  for (const id of gone) {
    runs.get(id).card?.remove();
    runs.delete(id);
  }
  if (gone.includes(view.chosen)) {
    view.chosen = runs.keys().next().value ?? null;
    view.isChosen = false;
  }
  byId("left-out").textContent = leftOut;
  if (gone.length > 0) listRuns();
}

function listRuns() {
  const names = [...runs.values()].map(({ about }) =>
    element("option", { value: about.id, selected: about.id === view.chosen }, labelOf({ about })),
  );
  byId("chosen").replaceChildren(...names);
  byId("none").hidden = runs.size > 0;
  showDiagram();
  showOptions();
}
