// The script of the page of `thalweg watch`. It stands in the page as it is here. What runs have written is put in as
// text and as numbers alone.

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const COLOURS = 8;
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const byId = (id) => document.getElementById(id);

  /** An element with attributes and children: elements, and texts. */
  function element(name, attributes = {}, ...children) {
    const made = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }
  const SVG_NAMES = new Set(["svg", "path", "line", "text", "circle", "g"]);

  /** The runs by their ids: what is said of each, its colour, its curves, and whether it is shown. */
  const runs = new Map();
  let smoothing = 0;
  let isLog = false;
  /** The run whose layers are shown, and whether a person chose it. */
  let chosen = null;
  let isChosen = false;
  /** The step that the pointer is at; null for the last one. */
  let cursor = null;

  const number = (value) => (typeof value === "number" ? value : Number(value));

  /** A number for people. */
  function shown(value) {
    if (value === null || value === undefined) return "–";
    const own = number(value);
    if (!Number.isFinite(own)) return String(value);
    const size = Math.abs(own);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return own.toExponential(2).replace("e+", "e");
    return own.toLocaleString("en", { maximumSignificantDigits: 4 });
  }

  /** The folder of a run, and its time where the folder has several. */
  function labelOf({ about: { id, name, begin } }) {
    const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const folder = folderOf(name);
    const isAlone = ![...runs.values()].some(
      ({ about }) => about.id !== id && folderOf(about.name) === folder,
    );
    if (begin === null || (isAlone && folder !== "")) return folder === "" ? name : folder;
    return `${folder} ${new Date(number(begin.time)).toLocaleString("sv")}`.trim();
  }

  // Curves

  const RATE = "learning rate";
  const GRADIENT = "norm of the gradient by layer";
  /** The order of the charts; the others are in between. */
  const PLACES = new Map([
    ["loss", 0],
    [GRADIENT, 2],
    [RATE, 3],
  ]);

  const keyOf = ({ kind, name, set }) => JSON.stringify([kind, name, set]);

  function takePoints({ id, curves }) {
    const run = runs.get(id);
    if (run === undefined) return;
    for (const curve of curves) {
      const key = keyOf(curve);
      const own = run.curves.get(key) ?? { ...curve, points: [] };
      run.curves.set(key, own);
      const fresh = curve.points.map(([x, mean, least = mean, greatest = mean]) => ({
        x,
        y: number(mean),
        least: number(least),
        greatest: number(greatest),
      }));
      own.points = own.points.slice(0, curve.from).concat(fresh);
      own.smooth = null;
    }
  }

  /** The debiased exponential average of a curve. */
  function smoothed(curve) {
    if (smoothing === 0 || curve.kind === "rate") return curve.points;
    if (curve.smooth?.by === smoothing) return curve.smooth.points;
    let [average, weight] = [0, 1];
    const points = curve.points.map((point) => {
      if (!Number.isFinite(point.y)) return point;
      average = smoothing * average + (1 - smoothing) * point.y;
      weight *= smoothing;
      return { ...point, y: average / (1 - weight) };
    });
    curve.smooth = { by: smoothing, points };
    return points;
  }

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
        } else if (run.about.id === chosen) {
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

  const WIDTH = 600;
  const HEIGHT = 220;
  const LEFT = 58;
  const RIGHT = 12;
  const TOP = 10;
  const BOTTOM = 26;

  /** Round numbers between two. */
  function ticks(least, greatest, most) {
    const rough = (greatest - least) / most;
    if (!(rough > 0)) return [least];
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough);
    const found = [];
    // Counted in whole steps: one that is lost in rounding would otherwise never reach the end.
    const from = Math.ceil(least / step);
    for (let i = 0; i <= 2 * most + 2; i++) {
      const at = (from + i) * step;
      if (at > greatest + step / 1e6) break;
      found.push(Math.abs(at) < step / 1e6 ? 0 : at);
    }
    return found;
  }

  /** The ends of the axes of a chart. */
  function rangeOf(lines, isOnLog) {
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { curve } of lines) {
      for (const { x, y } of smoothed(curve)) {
        if (!Number.isFinite(y) || (isOnLog && y <= 0)) continue;
        const at = isOnLog ? Math.log10(y) : y;
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (at < y0) y0 = at;
        if (at > y1) y1 = at;
      }
    }
    if (x0 > x1) return null;
    if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
    // What differs by rounding alone is flat.
    const isFlat = y1 - y0 <= 1e-9 * Math.max(Math.abs(y0), Math.abs(y1));
    const room = isFlat ? Math.abs(y0) * 0.1 || 1 : (y1 - y0) * 0.06;
    return { x0, x1, y0: y0 - room, y1: y1 + room };
  }

  /** A height, held within the axes. */
  const within = (value) => Math.min(HEIGHT - BOTTOM, Math.max(TOP, value)).toFixed(1);

  class Chart {
    constructor(title) {
      this.value = element("span");
      this.svg = element("svg", { role: "img" });
      this.read = element("p", { class: "read" });
      const move = (event) => {
        const box = this.svg.getBoundingClientRect();
        const share =
          (((event.clientX - box.left) / box.width) * this.width - LEFT) / (this.width - LEFT - RIGHT);
        if (this.range)
          setCursor(this.range.x0 + Math.min(1, Math.max(0, share)) * (this.range.x1 - this.range.x0));
      };
      this.svg.addEventListener("pointermove", move);
      this.svg.addEventListener("pointerdown", move);
      this.svg.addEventListener("pointerleave", () => setCursor(null));
      const keyed = (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.key === "Escape") setCursor(null);
        if (by === undefined || !this.range) return;
        event.preventDefault();
        const { x0, x1 } = this.range;
        setCursor(Math.min(x1, Math.max(x0, (cursor ?? x1) + (by * (x1 - x0)) / 50)));
      };
      this.figure = element(
        "figure",
        {
          class: "chart",
          tabindex: "0",
          "aria-label": `${title}; the arrow keys read values`,
          keydown: keyed,
        },
        element("figcaption", {}, title, this.value),
        this.svg,
        this.read,
      );
      this.title = title;
    }

    draw(lines) {
      this.lines = lines;
      this.width = Math.max(240, Math.round(this.svg.clientWidth || WIDTH));
      this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
      const isOnLog = isLog || lines.some((line) => line.isAlwaysLog);
      this.isOnLog = isOnLog;
      this.range = rangeOf(lines, isOnLog);
      const parts = [];
      if (this.range !== null) parts.push(...this.axes(), ...lines.flatMap((line) => this.paths(line)));
      this.svg.setAttribute(
        "aria-label",
        `${this.title}: ${lines.map(({ label, part, curve }) => `${label} ${part} ${shown(curve.points.at(-1)?.y)}`).join("; ")}`,
      );
      this.cursor = element("g");
      this.svg.replaceChildren(...parts, this.cursor);
      this.point();
    }

    x(step) {
      const { x0, x1 } = this.range;
      return LEFT + ((step - x0) / (x1 - x0)) * (this.width - LEFT - RIGHT);
    }

    y(value) {
      const { y0, y1 } = this.range;
      const at = this.isOnLog ? Math.log10(value) : value;
      return TOP + (1 - (at - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    }

    axes() {
      const { x0, x1, y0, y1 } = this.range;
      const rows = this.isOnLog ? logTicks(y0, y1) : ticks(y0, y1, 5);
      const columns = ticks(x0, x1, Math.max(2, this.width / 110)).filter(Number.isInteger);
      return [
        ...rows.flatMap((value) => {
          const y = this.y(value).toFixed(1);
          return [
            element("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
            element("text", { x: LEFT - 8, y: Number(y) + 4, "text-anchor": "end" }, tickText(value)),
          ];
        }),
        ...columns.map((step) =>
          element(
            "text",
            { x: this.x(step).toFixed(1), y: HEIGHT - 6, "text-anchor": "middle" },
            tickText(step),
          ),
        ),
      ];
    }

    paths({ curve, colour, isDashed, isStepped }) {
      const of = (points) => {
        let text = "";
        let isNew = true;
        for (const { x, y } of points) {
          if (!Number.isFinite(y) || (this.isOnLog && y <= 0)) {
            isNew = true;
            continue;
          }
          const [left, top] = [this.x(x).toFixed(1), within(this.y(y))];
          text += isNew ? `M${left} ${top}` : isStepped ? `H${left}V${top}` : `L${left} ${top}`;
          isNew = false;
        }
        return text;
      };
      const own = `s${colour}${isDashed ? " dashed" : ""}`;
      const line = element("path", { class: own, d: of(smoothed(curve)) });
      if (smoothing > 0 && !isStepped)
        return [element("path", { class: `${own} raw`, d: of(curve.points) }), line];
      return [...this.band(curve, colour), line];
    }

    /** From the least to the greatest of what each point stands for. */
    band(curve, colour) {
      const points = curve.points.filter(
        ({ least, greatest }) =>
          Number.isFinite(least) && Number.isFinite(greatest) && (!this.isOnLog || least > 0),
      );
      if (!points.some(({ least, greatest }) => least !== greatest)) return [];
      const there = points.map(({ x, greatest }) => `${this.x(x).toFixed(1)} ${within(this.y(greatest))}`);
      const back = points.map(({ x, least }) => `${this.x(x).toFixed(1)} ${within(this.y(least))}`).reverse();
      return [element("path", { class: `band s${colour}`, d: `M${[...there, ...back].join("L")}Z` })];
    }

    /** Shows the values at the cursor. */
    point() {
      const read = new Map();
      const marks = [];
      let step = null;
      for (const line of this.lines) {
        const point = pointAt(smoothed(line.curve), cursor);
        if (point === null) continue;
        step = Math.max(step ?? 0, point.x);
        const own =
          read.get(line.label) ?? element("span", { class: `s${line.colour}` }, element("i"), line.label);
        read.set(line.label, own);
        own.append(line.part === "" ? " " : ` ${line.part} `, element("b", {}, shown(point.y)));
        if (!Number.isFinite(point.y) || this.range === null || (this.isOnLog && point.y <= 0)) continue;
        if (cursor === null && line.curve.points.length > 1) continue;
        const at = { cx: this.x(point.x), cy: this.y(point.y), r: 3.5 };
        marks.push(element("circle", { class: `s${line.colour}`, ...at }));
      }
      if (cursor !== null && this.range !== null) {
        const at = this.x(Math.min(this.range.x1, Math.max(this.range.x0, cursor))).toFixed(1);
        marks.unshift(element("line", { class: "cursor", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
      }
      this.value.textContent = step === null ? "" : `step ${step.toLocaleString("en")}`;
      this.read.replaceChildren(...read.values());
      this.cursor.replaceChildren(...marks);
    }
  }

  const tickText = (value) =>
    Math.abs(value) >= 1e4 ? `${Number((value / 1e3).toPrecision(4)).toLocaleString("en")}k` : shown(value);

  /** Powers of ten, and over less than two decades 2 and 5 times those. */
  function logTicks(least, greatest) {
    const found = [];
    const every = Math.max(1, Math.ceil((greatest - least) / 5));
    for (let power = Math.floor(least); power <= Math.ceil(greatest); power++) {
      if (power % every !== 0) continue;
      for (const by of greatest - least < 2 ? [1, 2, 5] : [1]) found.push(by * 10 ** power);
    }
    return found.filter((value) => Math.log10(value) >= least && Math.log10(value) <= greatest);
  }

  /** The point next to a step, by bisection. */
  function pointAt(points, step) {
    if (points.length === 0) return null;
    if (step === null) return points.at(-1);
    let [low, high] = [0, points.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle].x < step) low = middle + 1;
      else high = middle;
    }
    const before = points[Math.max(0, low - 1)];
    return step - before.x < points[low].x - step ? before : points[low];
  }

  const charts = new Map();

  function drawCharts() {
    const wanted = chartsOf();
    for (const title of charts.keys()) {
      if (wanted.some((chart) => chart.title === title)) continue;
      charts.get(title).figure.remove();
      charts.delete(title);
    }
    for (const { title, lines } of wanted) {
      let chart = charts.get(title);
      if (chart === undefined) {
        chart = new Chart(title);
        charts.set(title, chart);
      }
      const before = byId("charts").children[wanted.findIndex((one) => one.title === title)];
      if (before !== chart.figure) byId("charts").insertBefore(chart.figure, before ?? null);
      chart.draw(lines);
    }
  }

  function setCursor(step) {
    cursor = step;
    for (const chart of charts.values()) chart.point();
  }

  // Runs

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
  function cardOf(run) {
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

  function takeRun(about) {
    let run = runs.get(about.id);
    if (run === undefined) {
      const taken = [...runs.values()].map((one) => one.colour);
      const free = Array.from({ length: COLOURS }, (_, at) => at + 1).find(
        (colour) => !taken.includes(colour),
      );
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
    if (chosen === null || (isNew && !isChosen && about.state === "running")) chosen = about.id;
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
  function takeFolder({ runs: ids, leftOut }) {
    const gone = [...runs.keys()].filter((id) => !ids.includes(id));
    for (const id of gone) {
      runs.get(id).card?.remove();
      runs.delete(id);
    }
    if (gone.includes(chosen)) {
      chosen = runs.keys().next().value ?? null;
      isChosen = false;
    }
    byId("left-out").textContent = leftOut;
    if (gone.length > 0) listRuns();
  }

  function showRun(run) {
    const { about } = run;
    run.title.textContent = labelOf(run);
    run.state.textContent =
      about.error === null ? stateText(about) : `${STATES[about.state]}: ${about.error}`;
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

  // The model and the options

  function listRuns() {
    const names = [...runs.values()].map(({ about }) =>
      element("option", { value: about.id, selected: about.id === chosen }, labelOf({ about })),
    );
    byId("chosen").replaceChildren(...names);
    byId("none").hidden = runs.size > 0;
    showDiagram();
    showOptions();
  }

  /** The diagram that is shown, so that it is made anew only where something has changed. */
  let drawn = null;

  function showDiagram() {
    const run = runs.get(chosen);
    const diagram = run?.diagram ?? null;
    const norms = new Map(run?.about.norms ?? []);
    const key = JSON.stringify([
      chosen,
      diagram === null,
      run?.about.begin?.whyNoDiagram ?? null,
      [...norms],
    ]);
    if (key === drawn) return;
    drawn = key;
    if (diagram === null) {
      const why = run?.about.begin?.whyNoDiagram ?? null;
      const told = why === null ? [] : [element("p", { class: "soft" }, `There is no diagram: ${why}`)];
      return byId("diagram").replaceChildren(...told);
    }
    // As an image, in which nothing runs and nothing is loaded.
    const text = withNorms(diagram, norms);
    const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
    const image = element("img", {
      src: `data:image/svg+xml;base64,${btoa(bytes)}`,
      alt: norms.size === 0 ? "The model's diagram" : "The model's diagram with the norms of its gradients",
    });
    // Shown when it is there, so that nothing flickers.
    const show = () => drawn === key && byId("diagram").replaceChildren(image);
    image.decode().then(show, show);
  }

  const SMALL = 11;
  const ENTITIES = { "&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#39;": "'" };

  /**
   * The diagram, with the norm of the gradient at each function that has trained parameters. As text: a document of it
   * would be under the rules of this page, which forbid the styles that a picture has.
   */
  function withNorms(diagram, norms) {
    const shareOf = sharesOf(norms);
    const places = diagram.matchAll(/ data-layers="([^"]*)" data-top="(-?[\d.]+) (-?[\d.]+)"/g);
    const pills = Array.from(places, ([, layers, x, y]) => {
      const norm = normOf(layers, norms);
      return norm === null ? "" : pill(Number(x), Number(y), `‖∇‖ ${shown(norm)}`, shareOf(norm));
    });
    const end = diagram.lastIndexOf("</svg>");
    return diagram.slice(0, end) + pills.join("") + diagram.slice(end);
  }

  /** A label around a point, in a colour that is stronger for a larger share. */
  function pill(x, y, text, share) {
    const width = 0.7 * SMALL * text.length + 8;
    const place = `x="${x - width / 2}" y="${y - 13}" width="${width}" height="17" rx="8.5"`;
    const colour = "var(--thalweg-gradient)";
    return `<g><rect ${place} style="fill:var(--thalweg-page)"/>
<rect ${place} style="fill:${colour};stroke:${colour};fill-opacity:${(0.4 * share).toFixed(2)}"/>
<text x="${x}" y="${y - 0.5}" text-anchor="middle" font-size="${SMALL}" style="fill:var(--thalweg-ink)">${text}</text></g>`;
  }

  /** The norm of the gradients of all layers of a node, as one vector; null if one is not known. */
  function normOf(layers, norms) {
    try {
      const names = JSON.parse(layers.replace(/&(?:quot|amp|lt|gt|#39);/g, (entity) => ENTITIES[entity]));
      const own = names.map((layer) => norms.get(layer));
      return own.includes(undefined) ? null : Math.hypot(...own.map(number));
    } catch {
      return null;
    }
  }

  const LEAST_POWER = -6;

  /** The length of a norm's bar from 0 to 1, on a logarithmic scale. */
  function sharesOf(norms) {
    const powers = [...norms.values()].map((norm) => Math.log10(number(norm))).filter(Number.isFinite);
    const most = Math.max(...powers, LEAST_POWER + 1);
    const least = Math.min(...powers, most - 3);
    return (norm) => {
      const share = Math.max(0.02, (Math.log10(number(norm)) - least) / (most - least));
      return Number.isFinite(share) ? Math.min(1, share) : 0;
    };
  }

  function showLayers() {
    const run = runs.get(chosen);
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

  function showOptions() {
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

  // What happens

  let isWaiting = false;

  /** Draws once before the next frame, however much has changed. */
  function changed() {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      drawCharts();
      showDiagram();
      showLayers();
      showOptions();
    });
  }

  byId("smoothing").addEventListener("input", (event) => {
    smoothing = Number(event.target.value);
    byId("smoothed").textContent = String(smoothing);
    changed();
  });
  byId("log").addEventListener("change", (event) => {
    isLog = event.target.checked;
    changed();
  });
  byId("chosen").addEventListener("change", (event) => {
    chosen = event.target.value;
    isChosen = true;
    showDiagram();
    changed();
  });
  addEventListener("resize", changed);
  setInterval(() => {
    for (const run of runs.values()) if (run.about.state === "running") showRun(run);
  }, 5000);

  const events = new EventSource(`/events?token=${encodeURIComponent(token)}`);
  const say = (text) => {
    byId("state").textContent = text;
  };
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
})();
