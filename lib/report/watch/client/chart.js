// One chart: lines over steps, and their values at the cursor.
import { logTicks, rangeOf, ticks } from "./axes.js";
import { pointAt, smoothed } from "./curves.js";
import { element } from "./dom.js";
import { view } from "./state.js";
import { shown, tickText } from "./text.js";

const WIDTH = 600;

const HEIGHT = 220;

const LEFT = 58;

const RIGHT = 12;

const TOP = 10;

const BOTTOM = 26;

/** A height, held within the axes. */
const within = (value) => Math.min(HEIGHT - BOTTOM, Math.max(TOP, value)).toFixed(1);

export class Chart {
  /** @param setCursor shows the values of all charts at a step. */
  constructor(title, setCursor) {
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
      setCursor(Math.min(x1, Math.max(x0, (view.cursor ?? x1) + (by * (x1 - x0)) / 50)));
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
    const isOnLog = view.isLog || lines.some((line) => line.isAlwaysLog);
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
    if (view.smoothing > 0 && !isStepped)
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
      const point = pointAt(smoothed(line.curve), view.cursor);
      if (point === null) continue;
      step = Math.max(step ?? 0, point.x);
      const own =
        read.get(line.label) ?? element("span", { class: `s${line.colour}` }, element("i"), line.label);
      read.set(line.label, own);
      own.append(line.part === "" ? " " : ` ${line.part} `, element("b", {}, shown(point.y)));
      if (!Number.isFinite(point.y) || this.range === null || (this.isOnLog && point.y <= 0)) continue;
      if (view.cursor === null && line.curve.points.length > 1) continue;
      const at = { cx: this.x(point.x), cy: this.y(point.y), r: 3.5 };
      marks.push(element("circle", { class: `s${line.colour}`, ...at }));
    }
    if (view.cursor !== null && this.range !== null) {
      const at = this.x(Math.min(this.range.x1, Math.max(this.range.x0, view.cursor))).toFixed(1);
      marks.unshift(element("line", { class: "cursor", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
    }
    this.value.textContent = step === null ? "" : `step ${step.toLocaleString("en")}`;
    this.read.replaceChildren(...read.values());
    this.cursor.replaceChildren(...marks);
  }
}
