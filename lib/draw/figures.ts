// The figures of the lecture's notation with their text: circles, blocks with a rounded side, squares.
import { format } from "../tensor/shape.js";
import { type Box, isHorizontal, type Rect } from "./boxes.js";
import type { DiagramNode, Held } from "./diagram.js";
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";
import { type Brush, type Child, element, number } from "./svg.js";
import { type Role, SIZES, shortened, textWidth } from "./theme.js";

/** A line of text below a variable or within a function. */
export interface Note {
  readonly text: string;
  readonly role: Role;
}

const RADIUS = 20;
const LINE = { [SIZES.title]: 22, [SIZES.text]: 18, [SIZES.label]: 16, [SIZES.small]: 15 } as const;
const CHIP = 20;
/** Between a variable and the text beside it. */
const BESIDE = 5;
/** Parameters that are shown at one function. */
const MOST_HELD = 6;
const MOST_TEXT = 240;

interface Line {
  readonly text: string;
  /** In full, where the text is shortened. */
  readonly whole: string;
  readonly size: keyof typeof LINE;
  readonly bold?: boolean;
  readonly role: Role;
  /** A parameter, which has a ground of its own. */
  readonly chip?: "trained" | "fixed";
}

/** A node with its text and its size. */
export interface Figure {
  readonly node: DiagramNode;
  /** Within the figure. */
  readonly lines: readonly Line[];
  /** Beside it: below, or on its right where the diagram goes up or down. */
  readonly beside: readonly Line[];
  readonly core: { readonly width: number; readonly height: number };
  /** How far the rounded side stands out. */
  readonly bulge: number;
  readonly box: Box;
}

const lineOf = (text: string, size: keyof typeof LINE, role: Role, more: Partial<Line> = {}): Line => {
  const bold = more.bold ?? false;
  return { ...more, text: shortened(text, MOST_TEXT, { size, bold }), whole: text, size, role };
};

const widthOf = ({ text, size, bold = false, chip }: Line): number =>
  textWidth(text, { size, bold }) + (chip === undefined ? 0 : 16);

const heightOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { size, chip }) => sum + (chip === undefined ? LINE[size] : CHIP), 0);

function heldLines(held: readonly Held[]): Line[] {
  const shown = held.slice(0, held.length > MOST_HELD ? MOST_HELD - 1 : MOST_HELD);
  const rest = held.length - shown.length;
  const lines = shown.map(({ name, shape, isFixed }) =>
    lineOf(`${name} ${format(shape)}`, SIZES.small, "ink", { chip: isFixed ? "fixed" : "trained" }),
  );
  return rest === 0 ? lines : [...lines, lineOf(`and ${rest} more`, SIZES.small, "soft")];
}

/** Names of ops that have a sign. */
const SIGNS: Readonly<Record<string, string>> = {
  add: "+",
  sub: "−",
  mul: "×",
  div: "÷",
  matmul: "·",
  neg: "−",
};

function linesIn(node: DiagramNode, notes: readonly Note[]): Line[] {
  const own = notes.map(({ text, role }) => lineOf(text, SIZES.label, role));
  const { kind, name, detail } = node;
  const details = (detail?.split("\n") ?? []).map((text) => lineOf(text, SIZES.label, "soft"));
  switch (kind) {
    case "observed":
    case "computed":
      return [lineOf(name, SIZES.title, "ink")];
    case "op":
      return [
        Object.hasOwn(SIGNS, name)
          ? lineOf(SIGNS[name] as string, SIZES.title, "ink")
          : lineOf(name, SIZES.text, "ink"),
        ...heldLines(node.parameters),
        ...own,
      ];
    case "parameter":
      return [
        ...(name === "" ? [] : [lineOf(name, SIZES.text, "ink", { bold: true })]),
        ...node.parameters.map((held) => lineOf(`${held.name} ${format(held.shape)}`, SIZES.small, "ink")),
      ];
    default:
      return [
        lineOf(name, SIZES.text, "ink", { bold: true }),
        ...details,
        ...heldLines(node.parameters),
        ...own,
      ];
  }
}

export const isVariable = ({ kind }: DiagramNode): boolean => kind === "observed" || kind === "computed";

export function figureOf(node: DiagramNode, notes: readonly Note[], direction: Direction): Figure {
  const lines = linesIn(node, notes);
  const text = { width: Math.max(...lines.map(widthOf)), height: heightOf(lines) };
  const shape =
    node.shape === undefined || node.shape.length === 0
      ? []
      : [lineOf(format(node.shape), SIZES.small, "soft")];
  const own = notes.map(({ text: words, role }) => lineOf(words, SIZES.label, role));
  const beside = isVariable(node) ? [...shape, ...own] : [];
  const { core, bulge } = sizeOf(node, text, direction);
  const size = { width: Math.max(0, ...beside.map(widthOf)), height: heightOf(beside) };
  const isBelow = isHorizontal(direction);
  const blank = {
    top: isBelow && beside.length > 0 ? size.height + BESIDE : 0,
    left: isBelow ? 0 : size.width + BESIDE,
  };
  const box: Box = {
    id: node.id,
    width: isBelow ? Math.max(core.width, size.width) : core.width + 2 * blank.left,
    height: isBelow ? core.height + 2 * blank.top : Math.max(core.height, size.height),
    core,
    blank,
    outline: isVariable(node) || node.kind === "parameter" ? "round" : "flat",
    group: node.group,
  };
  return { node, lines, beside, core, bulge, box };
}

function sizeOf(
  node: DiagramNode,
  text: { readonly width: number; readonly height: number },
  direction: Direction,
): { core: { width: number; height: number }; bulge: number } {
  if (isVariable(node)) {
    const height = 2 * RADIUS;
    return { core: { width: Math.max(height, text.width + 22), height }, bulge: 0 };
  }
  if (node.kind === "parameter") {
    return { core: { width: text.width + 28, height: text.height + 14 }, bulge: 0 };
  }
  if (node.kind === "cost") {
    const side = Math.max(text.height + 16, 46);
    return { core: { width: Math.max(side, text.width + 20), height: side }, bulge: 0 };
  }
  const [along, across] = isHorizontal(direction)
    ? [text.width + 20, Math.max(text.height + 14, 34)]
    : [text.height + 14, Math.max(text.width + 24, 44)];
  const bulge = Math.min(24, Math.max(10, across * 0.22));
  const length = along + bulge;
  return {
    core: isHorizontal(direction) ? { width: length, height: across } : { width: across, height: length },
    bulge,
  };
}

/** A block whose side in the direction is rounded. */
function domePath({ x, y, width, height }: Rect, bulge: number, direction: Direction): string {
  const [r, b] = [x + width, y + height];
  const n = number;
  switch (direction) {
    case "right":
      return `M${n(x)} ${n(y)}H${n(r - bulge)}A${n(bulge)} ${n(height / 2)} 0 0 1 ${n(r - bulge)} ${n(b)}H${n(x)}Z`;
    case "left":
      return `M${n(r)} ${n(y)}H${n(x + bulge)}A${n(bulge)} ${n(height / 2)} 0 0 0 ${n(x + bulge)} ${n(b)}H${n(r)}Z`;
    case "down":
      return `M${n(x)} ${n(y)}V${n(b - bulge)}A${n(width / 2)} ${n(bulge)} 0 0 0 ${n(r)} ${n(b - bulge)}V${n(y)}Z`;
    case "up":
      return `M${n(x)} ${n(b)}V${n(y + bulge)}A${n(width / 2)} ${n(bulge)} 0 0 1 ${n(r)} ${n(y + bulge)}V${n(b)}Z`;
  }
}

interface Look {
  readonly fill: Role;
  readonly stroke: Role;
}

const LOOKS: Readonly<Record<DiagramNode["kind"], Look>> = {
  observed: { fill: "observed", stroke: "ink" },
  computed: { fill: "computed", stroke: "ink" },
  module: { fill: "block", stroke: "blockLine" },
  op: { fill: "block", stroke: "blockLine" },
  cost: { fill: "cost", stroke: "costLine" },
  parameter: { fill: "parameter", stroke: "parameterLine" },
  sum: { fill: "cost", stroke: "costLine" },
};

function outlineOf({ node, core, bulge }: Figure, center: Point, direction: Direction, brush: Brush): Child {
  const { width, height } = core;
  const rect: Rect = { x: center.x - width / 2, y: center.y - height / 2, width, height };
  const paint = { ...brush.paint(LOOKS[node.kind]), "stroke-width": 1.5 };
  if (isVariable(node) && width === height) {
    return element("circle", { cx: center.x, cy: center.y, r: width / 2, ...paint });
  }
  if (isVariable(node)) return element("rect", { ...rect, rx: height / 2, ...paint });
  if (node.kind === "parameter") return element("rect", { ...rect, rx: 14, ...paint });
  if (node.kind === "cost") return element("rect", { ...rect, ...paint });
  return element("path", { d: domePath(rect, bulge, direction), ...paint });
}

/** Lines of text under each other, from `top` on, around `x` or from there on. */
function textOf(
  lines: readonly Line[],
  x: number,
  top: number,
  brush: Brush,
  anchor: "middle" | "start" = "middle",
): Child[] {
  let y = top;
  return lines.flatMap((line): Child[] => {
    const { text, whole, size, bold, role, chip } = line;
    const height = chip === undefined ? LINE[size] : CHIP;
    const middle = y + height / 2;
    y += height;
    const label = element(
      "text",
      {
        x,
        y: middle + size * 0.35,
        "text-anchor": anchor,
        "font-size": size,
        "font-weight": bold === true ? 600 : undefined,
        ...brush.paint({ fill: role }),
      },
      text,
      whole === text ? null : element("title", {}, whole),
    );
    if (chip === undefined) return [label];
    const width = widthOf(line);
    const ground = element("rect", {
      x: x - width / 2,
      y: middle - CHIP / 2 + 1.5,
      width,
      height: CHIP - 3,
      rx: 5,
      ...brush.paint({ fill: chip === "trained" ? "parameter" : "page", stroke: "parameterLine" }),
      "stroke-dasharray": chip === "trained" ? undefined : "3 2",
    });
    return [ground, label];
  });
}

export function figureMarkup(figure: Figure, center: Point, direction: Direction, brush: Brush): Child {
  const { node, lines, beside, core, bulge } = figure;
  const shift = { right: [-1, 0], left: [1, 0], down: [0, -1], up: [0, 1] } as const;
  const [dx, dy] = shift[direction];
  const x = center.x + dx * bulge * 0.3;
  const y = center.y + dy * bulge * 0.3 - heightOf(lines) / 2;
  const { layers } = node;
  // For a page that shows what happens in these modules: their names, and the middle of the top edge.
  const place =
    layers === undefined
      ? {}
      : {
          "data-layers": JSON.stringify(layers),
          "data-top": `${number(center.x)} ${number(center.y - core.height / 2)}`,
        };
  return element(
    "g",
    { "data-node": node.id, "data-kind": node.kind, "data-name": node.name, ...place },
    outlineOf(figure, center, direction, brush),
    ...textOf(lines, x, y, brush),
    ...(isHorizontal(direction)
      ? textOf(beside, center.x, center.y + core.height / 2 + BESIDE - 1, brush)
      : textOf(beside, center.x + core.width / 2 + BESIDE, center.y - heightOf(beside) / 2, brush, "start")),
  );
}
