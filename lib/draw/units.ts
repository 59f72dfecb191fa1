// The style "units": every unit a circle, every weight a line.
import { ArgumentError } from "../errors.js";
import { Module } from "../nn/module.js";
import { kindOf } from "../nn/show.js";
import { checkFlag, checkNumber, isInstance } from "../options.js";
import { type DrawRequest, registerStyle } from "./style.js";
import { type Brush, type Child, type Drawing, element, type Markup } from "./svg.js";
import { SIZES, textWidth } from "./theme.js";
import type { UnitGraph, UnitLayer } from "./units-graph.js";
import { layOut, levelsOf, type PlacedText, type Point, type UnitLayout } from "./units-layout.js";
import { collectLines, FIXED, type Line, largestOf, lineOf } from "./units-lines.js";
import { traceUnits } from "./units-trace.js";

declare module "./style.js" {
  interface Styles {
    units: true;
  }
  interface DrawOptions {
    /** Of the style "units": the most units of a layer that are shown; of a larger one the first and the last are. Default: 16. */
    readonly mostUnits?: number;
    /** Whether the values of units stand in them. Default: where the net is small. */
    readonly values?: boolean;
  }
}

/** Up to this many units on the picture have their values in them. */
const FEW_UNITS = 80;
const RADIUS = 20;
const SMALL_RADIUS = 9;
const LEGEND = 46;
/** More layers or units than this are no picture. */
const MOST_LAYERS = 300;

function render({ where, model, input, options }: DrawRequest): Drawing {
  const mostUnits = checkNumber(where, "mostUnits", options.mostUnits ?? 16, {
    min: 4,
    max: 200,
    integer: true,
  });
  const { graph, run } = traceUnits(where, model, input);
  if (graph.layers.length > MOST_LAYERS) {
    throw new ArgumentError(
      `${where}: expected at most ${MOST_LAYERS} layers of units, got ${graph.layers.length}; style "block" shows modules instead`,
    );
  }
  const shown = graph.layers.reduce((sum, { size }) => sum + Math.min(size, mostUnits), 0);
  const hasValues =
    options.values === undefined ? shown <= FEW_UNITS : checkFlag(where, "values", options.values);
  const layout = layOut(graph, {
    direction: options.direction,
    mostUnits,
    radius: hasValues ? RADIUS : SMALL_RADIUS,
  });
  return new UnitsDrawing(graph, layout, {
    hasValues,
    samples: run.samples,
    of: isInstance(model, Module) ? kindOf(model) : "a function",
  });
}

class UnitsDrawing implements Drawing {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  readonly #layout: UnitLayout;
  readonly #hasValues: boolean;
  readonly #lines: readonly Line[];
  readonly #legend: Legend;

  constructor(
    graph: UnitGraph,
    layout: UnitLayout,
    { hasValues, samples, of }: { hasValues: boolean; samples: number; of: string },
  ) {
    this.title = `Units and weights of ${of}`;
    this.#layout = layout;
    this.#hasValues = hasValues;
    this.#lines = collectLines(graph, layout);
    this.#legend = legendOf(this.#lines, layout, hasValues, samples);
    this.width = Math.ceil(Math.max(layout.width, this.#legend.width + 48));
    this.height = Math.ceil(layout.height + (this.#legend.parts.length > 0 ? LEGEND : 0));
    this.description = describeGraph(graph);
  }

  body(brush: Brush): Child[] {
    const left = (this.width - this.#layout.width) / 2;
    const move = left === 0 ? {} : { transform: `translate(${left.toFixed(2)} 0)` };
    return [
      element(
        "g",
        move,
        element("g", { fill: "none" }, ...this.#lines.map((line) => drawLine(brush, line))),
        ...this.#drawOnes(brush),
        ...this.#drawUnits(brush),
        ...this.#drawCaptions(brush),
      ),
      ...drawLegend(brush, this.#legend, this.width, this.#layout.height),
    ];
  }

  #drawUnits(brush: Brush): Markup[] {
    const { units, radius } = this.#layout;
    return Array.from(units.values(), ({ layer, position, x, y }) => {
      const value = layer.values[position] as number;
      const fill = layer.isGiven ? "observed" : "computed";
      return element(
        "g",
        {},
        element("title", {}, tellUnit(layer, position)),
        element("circle", {
          cx: x,
          cy: y,
          r: radius,
          "stroke-width": 1.5,
          ...brush.paint({ fill, stroke: "ink" }),
        }),
        this.#hasValues ? centred(brush, { x, y }, shortNumber(value), SIZES.small) : null,
      );
    });
  }

  #drawOnes(brush: Brush): Markup[] {
    const { ones, radius } = this.#layout;
    return Array.from(ones.values(), ({ x, y }) =>
      element(
        "g",
        {},
        element("title", {}, "The constant 1: its weights are the biases"),
        element("circle", {
          cx: x,
          cy: y,
          r: radius,
          "stroke-width": 1.5,
          "stroke-dasharray": "3 2.5",
          ...brush.paint({ fill: "observed", stroke: "ink" }),
        }),
        centred(brush, { x, y }, "1", SIZES.small),
      ),
    );
  }

  #drawCaptions(brush: Brush): Markup[] {
    return this.#layout.layers.flatMap(({ caption, dots }) => [
      ...caption.flatMap((text) => drawCaption(brush, text)),
      ...dots.map(({ x, y }) => element("circle", { cx: x, cy: y, r: 2, ...brush.paint({ fill: "line" }) })),
    ]);
  }
}

/** A line of text on a ground of its own, since lines may pass there. */
function drawCaption(brush: Brush, { text, isBold, x, y, anchor }: PlacedText): Markup[] {
  const width = textWidth(text, { size: SIZES.label, bold: isBold }) + 6;
  const height = SIZES.label * 1.2;
  return [
    element("rect", {
      x: anchor === "end" ? x - width + 3 : x - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: 3,
      "fill-opacity": 0.85,
      ...brush.paint({ fill: "page" }),
    }),
    element(
      "text",
      {
        x,
        y: y + 0.35 * SIZES.label,
        "font-size": SIZES.label,
        "font-weight": isBold ? 600 : undefined,
        "text-anchor": anchor,
        ...brush.paint({ fill: isBold ? "ink" : "soft" }),
      },
      text,
    ),
  ];
}

function centred(brush: Brush, { x, y }: Point, text: string, size: number): Markup {
  return element(
    "text",
    { x, y: y + 0.35 * size, "font-size": size, "text-anchor": "middle", ...brush.paint({ fill: "ink" }) },
    text,
  );
}

function drawLine(brush: Brush, line: Line): Markup {
  const { path, weight, strength, isFixed, label } = line;
  const stroke = weight < 0 ? "negative" : isFixed ? "line" : "positive";
  return element(
    "path",
    {
      d: path,
      "stroke-width": 0.6 + 3.4 * strength,
      "stroke-opacity": isFixed ? undefined : 0.3 + 0.7 * strength,
      "stroke-dasharray": isFixed ? "5 3" : undefined,
      ...brush.paint({ stroke }),
    },
    label === "" ? null : element("title", {}, label),
  );
}

/** "s = −0.3, z = tanh(s) = −0.29" */
function tellUnit({ name, functions, values, sums, isGiven, bias }: UnitLayer, i: number): string {
  const unit = `${name === "" ? "unit" : name}[${i}]: `;
  const value = fullNumber(values[i] as number);
  if (isGiven) return `${unit}${value}`;
  const b = bias === null ? "" : `, b = ${fullNumber(bias[i] as number)}`;
  if (functions.length === 0) return `${unit}z = ${value}${b}`;
  const f = functions.reduce((inner, one) => `${one.name}(${inner}${one.isTogether ? ", …" : ""})`, "s");
  return sums === values
    ? `${unit}z = ${value}`
    : `${unit}s = ${fullNumber(sums[i] as number)}, z = ${f} = ${value}${b}`;
}

/** At most 5 characters. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value < 0 ? "−∞" : "∞";
  const size = Math.abs(value);
  const digits = size === 0 ? "0" : size >= 9950 || size < 0.005 ? size.toExponential(0) : plain(size);
  return `${value < 0 && digits !== "0" ? "−" : ""}${digits.replace("e+", "e").replace("-", "−")}`;
}

const plain = (size: number): string => {
  const text = size >= 99.5 ? size.toFixed(0) : size >= 9.95 ? size.toFixed(1) : size.toFixed(2);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
};

const fullNumber = (value: number): string => String(Number(value.toPrecision(6))).replace("-", "−");

interface LegendPart {
  readonly text: string;
  /** A sample of a line; null for text alone. */
  readonly sample: Omit<Line, "path" | "label"> | null;
}

interface Legend {
  readonly parts: readonly LegendPart[];
  readonly width: number;
}

const SAMPLE = 26;
const PART_GAP = 18;

function legendOf(lines: readonly Line[], { ones }: UnitLayout, hasValues: boolean, samples: number): Legend {
  const most = largestOf(lines);
  const parts: LegendPart[] = [];
  if (most > 0) {
    parts.push({ text: "weights:", sample: null });
    for (const strength of [-1, -0.5, 0.5, 1]) {
      const text = shortNumber(strength * most);
      parts.push({ text, sample: { weight: strength, strength: Math.abs(strength), isFixed: false } });
    }
  }
  if (lines.some(({ isFixed }) => isFixed)) {
    parts.push({ text: "no weight: as it is", sample: { weight: 1, strength: FIXED, isFixed: true } });
  }
  if (lines.some(({ isFixed, weight }) => isFixed && weight < 0)) {
    parts.push({ text: "its negative", sample: { weight: -1, strength: FIXED, isFixed: true } });
  }
  if (ones.size > 0) parts.push({ text: "1: biases", sample: null });
  if (hasValues && samples > 1) {
    parts.push({ text: `values: the first of ${samples.toLocaleString("en")} samples`, sample: null });
  }
  const width = parts.reduce((sum, part) => sum + widthOf(part) + PART_GAP, -PART_GAP);
  return { parts, width: Math.max(0, width) };
}

const widthOf = ({ text, sample }: LegendPart): number =>
  textWidth(text, { size: SIZES.label }) + (sample === null ? 0 : SAMPLE + 6);

function drawLegend(brush: Brush, { parts, width }: Legend, whole: number, top: number): Markup[] {
  let x = (whole - width) / 2;
  const y = top + LEGEND / 2 - 8;
  return parts.flatMap((part) => {
    const { text, sample } = part;
    const at = x;
    x += widthOf(part) + PART_GAP;
    const line = sample === null ? [] : [lineOf({ x: at, y }, { x: at + SAMPLE, y }, sample)];
    return [
      ...line.map((one) => drawLine(brush, one)),
      element(
        "text",
        {
          x: at + (sample === null ? 0 : SAMPLE + 6),
          y: y + 0.35 * SIZES.label,
          "font-size": SIZES.label,
          ...brush.paint({ fill: "soft" }),
        },
        text,
      ),
    ];
  });
}

function describeGraph(graph: UnitGraph): string {
  const levels = levelsOf(graph);
  const nameOf = (layer: UnitLayer): string =>
    layer.name || layer.functions.map((one) => one.name).join(", ") || `level ${levels.get(layer)}`;
  return graph.layers
    .map((layer) => {
      const units = `${layer.size} unit${layer.size === 1 ? "" : "s"}`;
      if (layer.isGiven) return `${nameOf(layer)}: ${units}, given.`;
      const from = new Set(layer.wires.map((wires) => nameOf(graph.layerOf(wires.from[0] as number))));
      const f = layer.functions.map((one) => `, ${one.name}${one.isTogether ? " of all" : ""}`).join("");
      return `${nameOf(layer)}: ${units} from ${[...from].join(" and ")}${f}.`;
    })
    .join(" ");
}

registerStyle("units", { options: ["mostUnits", "values"], render });
