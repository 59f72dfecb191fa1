// The card of a run: what is said of it, and what can be asked of it.
import { element } from "./dom.js";
import { changed, labelOf } from "./state.js";
import { number, shown } from "./text.js";
import { token } from "./token.js";

const STATES = {
  running: "running",
  finished: "finished",
  stopped: "stopped",
  aborted: "aborted",
  failed: "failed",
  "broken off": "broken off: its process is gone",
};

const QUIET_SECONDS = 20;

function stateText({ state, time, begin }) {
  if (begin === null) return "nothing was read yet";
  const quiet = Math.round((Date.now() - number(time)) / 1000);
  if (state === "running" && quiet > QUIET_SECONDS)
    return `running; nothing new for ${quiet.toLocaleString("en")} s`;
  return STATES[state];
}

function factsOf({ about }) {
  const { begin, epoch, step, figures, validation, samplesPerSecond, broken, isTooLong } = about;
  const facts = [
    ["epoch", `${epoch ?? 0} of ${begin?.epochs ?? "?"}`],
    ["step", step.toLocaleString("en")],
    ...figures.map(([name, value]) => [name, shown(value)]),
    ...validation.map(([name, value]) => [`validation ${name}`, shown(value)]),
  ];
  if (samplesPerSecond !== null)
    facts.push(["samples a second", Math.round(number(samplesPerSecond)).toLocaleString("en")]);
  if (broken > 0) facts.push(["lines that could not be read", broken.toLocaleString("en")]);
  if (isTooLong) facts.push(["the file", "is too long to be read to its end"]);
  return facts;
}

async function ask(run, command) {
  run.told.textContent = "…";
  try {
    const answer = await fetch(`/commands?token=${encodeURIComponent(token)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ run: run.about.id, ...command }),
    });
    run.told.textContent = answer.ok ? "Asked." : (await answer.text()).replace(/^thalweg watch: /, "");
    run.told.classList.toggle("bad", !answer.ok);
  } catch {
    run.told.textContent = "The server does not answer.";
    run.told.classList.add("bad");
  }
}

const rateText = (rate) => String(Number(number(rate).toPrecision(6)));

/** Puts rates that have changed into their fields, unless a person is at one of them. */
function refreshFields({ about, asks, fields }) {
  if (asks.contains(document.activeElement)) return;
  for (const [group, own] of fields.entries()) {
    const text = rateText(about.rates[group]);
    if (text === own.given) continue;
    own.given = text;
    own.field.value = text;
  }
}

/** The card of a run. Its controls stay while what is said of it changes. */
export function cardOf(run) {
  const { id, name, rates } = run.about;
  const box = element("input", {
    type: "checkbox",
    checked: run.isOn,
    change: () => {
      run.isOn = box.checked;
      run.card.classList.toggle("off", !run.isOn);
      changed();
    },
  });
  run.title = element("span", {}, labelOf(run));
  run.state = element("p", { class: "soft told" });
  run.facts = element("dl", { class: "facts" });
  run.bar = element("progress", { max: 1, value: 0, "aria-label": `Progress of ${name}` });
  run.told = element("p", { class: "told", role: "status" });
  const stop = element(
    "button",
    {
      type: "button",
      class: "stop",
      click: () =>
        confirm(`Stop ${name}? Its epoch ends with the steps that are done.`) &&
        ask(run, { command: "stop" }),
    },
    "Stop",
  );
  run.fields = [];
  const forms = rates.map((rate, group) => {
    const label = rates.length > 1 ? `lr ${group}` : "lr";
    const field = element("input", {
      type: "text",
      inputmode: "decimal",
      id: `lr-${id}-${group}`,
      value: rateText(rate),
      autocomplete: "off",
    });
    run.fields.push({ field, given: rateText(rate) });
    const set = (event) => {
      event.preventDefault();
      const value = Number(field.value);
      const most = Number(document.body.dataset.mostRate);
      if (field.value.trim() === "" || !(value >= 0 && value <= most)) {
        run.told.textContent = `Expected a learning rate from 0 to ${most}.`;
        run.told.classList.add("bad");
        return;
      }
      ask(run, { command: "lr", value, group: rates.length > 1 ? group : null });
    };
    return element(
      "form",
      { submit: set },
      element("label", { for: field.id }, label),
      field,
      element("button", {}, "Set"),
    );
  });
  const isScheduled = run.about.begin?.options.some(([option]) => option === "schedule") === true;
  const note = element("span", { class: "soft" }, "A schedule replaces what is set here when it goes on.");
  run.asks = element("div", { class: "asks" }, stop, ...forms, ...(isScheduled ? [note] : []));
  return element(
    "li",
    { class: `s${run.colour}` },
    element("label", { class: "name" }, box, run.title),
    run.state,
    run.bar,
    run.facts,
    run.asks,
    run.told,
  );
}

export function showRun(run) {
  const { about } = run;
  run.title.textContent = labelOf(run);
  run.state.textContent = about.error === null ? stateText(about) : `${STATES[about.state]}: ${about.error}`;
  run.state.classList.toggle("bad", about.state === "failed");
  run.facts.replaceChildren(
    ...factsOf(run).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
  const { epochs = 1, steps } = about.begin ?? {};
  const done = steps == null ? (about.epoch ?? 0) / epochs : about.step / (steps * epochs);
  run.bar.value = Number.isFinite(done) ? done : 0;
  run.bar.hidden = about.state !== "running";
  refreshFields(run);
  run.asks.hidden = about.state !== "running" || about.begin === null;
}
