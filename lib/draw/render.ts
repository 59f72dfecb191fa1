// A diagram as SVG: the figures of the lecture's notation, their text, and the edges between them.
import { format } from "../tensor/shape.js";
import { type Box, isHorizontal, type Rect, type Way } from "./boxes.js";
import type { Diagram, DiagramEdge, DiagramGroup, DiagramNode, Held } from "./diagram.js";
import { FRAME_TITLE, layOut } from "./layout.js";
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";
import { type Brush, type Child, type Drawing, element, number } from "./svg.js";
import { type Role, SIZES, shortened, textWidth } from "./theme.js";

/** A line of text below a variable or within a function. */
export interface Note {
  readonly text: string;
  readonly role: Role;
}

/** What a style adds to a diagram. */
export interface Extras {
  readonly title: string;
  readonly description: string;
  /** Lines at a node. */
  readonly notes?: ReadonlyMap<string, readonly Note[]>;
  /** Whether a gradient flows back along an edge. */
  readonly flowsBack?: (edge: DiagramEdge) => boolean;
  /** Whether a perturbation flows along an edge. */
  readonly flowsOn?: (edge: DiagramEdge) => boolean;
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
interface Figure {
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

const isVariable = ({ kind }: DiagramNode): boolean => kind === "observed" || kind === "computed";

function figureOf(node: DiagramNode, notes: readonly Note[], direction: Direction): Figure {
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

function figureMarkup(figure: Figure, center: Point, direction: Direction, brush: Brush): Child {
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

/** Keeps a text clear of the edges that pass behind it. */
const halo = (ground: Role, brush: Brush, fill: Role) => ({
  ...brush.paint({ fill, stroke: ground }),
  "stroke-width": 4,
  "stroke-linejoin": "round",
  "paint-order": "stroke",
});

function frameMarkup({ id, kind, name }: DiagramGroup, rect: Rect, brush: Brush): Child {
  const outline = element("rect", {
    ...rect,
    rx: 10,
    ...brush.paint({ fill: "group", stroke: "groupLine" }),
    "stroke-dasharray": kind === "plate" ? undefined : "5 4",
  });
  return element("g", { "data-frame": id, "data-name": name }, outline);
}

function frameTitle({ name, detail }: DiagramGroup, rect: Rect, brush: Brush): Child {
  const text = detail === undefined ? name : `${name} · ${detail}`;
  return element(
    "text",
    {
      x: rect.x + 10,
      y: rect.y + FRAME_TITLE - 8,
      "font-size": SIZES.label,
      ...halo("group", brush, "soft"),
    },
    shortened(text, rect.width - 20, { size: SIZES.label }),
    element("title", {}, text),
  );
}

const ARROWS = {
  line: "line",
  gradient: "gradient",
  perturbation: "perturbation",
  parameter: "parameterLine",
} as const;
type Arrow = keyof typeof ARROWS;

function arrowHead(name: Arrow, brush: Brush): Child {
  return element(
    "marker",
    {
      id: brush.id(name),
      viewBox: "0 0 10 10",
      refX: 9,
      refY: 5,
      markerWidth: 8,
      markerHeight: 8,
      markerUnits: "userSpaceOnUse",
      orient: "auto-start-reverse",
    },
    element("path", { d: "M0 1 9.5 5 0 9Z", ...brush.paint({ fill: ARROWS[name] }) }),
  );
}

function edgeMarkup(
  edge: DiagramEdge,
  way: Way,
  direction: Direction,
  brush: Brush,
  extras: Extras,
): Child[] {
  const { from, to, kind } = edge;
  const isParameter = kind === "parameter";
  const stroke = isParameter ? "parameterLine" : "line";
  const forward = element("path", {
    d: way.path,
    "data-edge": `${from} ${to}`,
    ...brush.paint({ fill: "none", stroke }),
    "stroke-width": 1.5,
    "stroke-dasharray": isParameter ? "4 3" : undefined,
    "marker-end": `url(#${brush.id(isParameter ? "parameter" : "line")})`,
  });
  const beside = (offset: number, arrow: Arrow, isBack: boolean): Child =>
    element("path", {
      d: way.path,
      transform: isHorizontal(direction) ? `translate(0 ${offset})` : `translate(${offset} 0)`,
      ...brush.paint({ fill: "none", stroke: ARROWS[arrow] }),
      "stroke-width": 1.5,
      [isBack ? "marker-start" : "marker-end"]: `url(#${brush.id(arrow)})`,
    });
  return [
    forward,
    extras.flowsBack?.(edge) === true ? beside(8, "gradient", true) : null,
    extras.flowsOn?.(edge) === true ? beside(-8, "perturbation", false) : null,
  ].filter((one) => one !== null);
}

/** Words beside the way of an edge. */
function edgeLabel(text: string, { x, y }: Point, ground: Role, direction: Direction, brush: Brush): Child {
  const isAbove = isHorizontal(direction);
  return element(
    "text",
    {
      x: isAbove ? x : x + 7,
      y: isAbove ? y - 6 : y + SIZES.small * 0.35,
      "text-anchor": isAbove ? "middle" : "start",
      "font-size": SIZES.small,
      ...halo(ground, brush, "soft"),
    },
    text,
  );
}

/** The shape that an edge tells: where no variable at either end does, and no other edge from there. And "×2". */
function labelsOf(edges: readonly DiagramEdge[], nodes: ReadonlyMap<string, DiagramNode>): (string | null)[] {
  const told = new Set<string>();
  return edges.map(({ kind, from, to, shape, times = 1 }) => {
    const ends = [nodes.get(from), nodes.get(to)] as [DiagramNode, DiagramNode];
    const often = times > 1 ? `×${times}` : null;
    if (kind === "parameter" || shape.length === 0 || ends.some(isVariable)) return often;
    const label = format(shape);
    const key = `${from} ${label}`;
    if (told.has(key)) return often;
    told.add(key);
    return often === null ? label : `${label} ${often}`;
  });
}

/**
 * Draws a diagram.
 * @throws PackageError without `@dagrejs/dagre`
 */
export function render(where: string, diagram: Diagram, direction: Direction, extras: Extras): Drawing {
  const { nodes, edges, groups } = diagram;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const figures = nodes.map((node) => figureOf(node, extras.notes?.get(node.id) ?? [], direction));
  const labels = labelsOf(edges, byId);
  const links = edges.map(({ from, to }, i) => {
    const label = labels[i] ?? null;
    if (label === null) return { from, to };
    // It stands beside the way, which is the middle of its place.
    const width = textWidth(label, { size: SIZES.small });
    const size = isHorizontal(direction)
      ? { width: width + 10, height: 36 }
      : { width: 2 * width + 18, height: 18 };
    return { from, to, label: size };
  });
  const layout = layOut(
    where,
    figures.map(({ box }) => box),
    links,
    groups,
    direction,
  );
  const arrows: Arrow[] = [
    "line",
    ...(edges.some(({ kind }) => kind === "parameter") ? (["parameter"] as const) : []),
    ...(edges.some((edge) => extras.flowsBack?.(edge)) ? (["gradient"] as const) : []),
    ...(edges.some((edge) => extras.flowsOn?.(edge)) ? (["perturbation"] as const) : []),
  ];
  const depth = (group: DiagramGroup): number => {
    const parent = groups.find(({ id }) => id === group.parent);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  const outerFirst = [...groups].sort((a, b) => depth(a) - depth(b));
  const groundAt = ({ x, y }: Point): Role =>
    [...layout.frames.values()].some(
      (frame) => x > frame.x && x < frame.x + frame.width && y > frame.y && y < frame.y + frame.height,
    )
      ? "group"
      : "page";
  return {
    width: layout.width,
    height: layout.height,
    title: extras.title,
    description: extras.description,
    body: (brush) => [
      element("defs", {}, ...arrows.map((name) => arrowHead(name, brush))),
      ...outerFirst.flatMap((group) => {
        const rect = layout.frames.get(group.id);
        return rect === undefined ? [] : [frameMarkup(group, rect, brush)];
      }),
      ...edges.flatMap((edge, i) => edgeMarkup(edge, layout.ways[i] as Way, direction, brush, extras)),
      ...outerFirst.flatMap((group) => {
        const rect = layout.frames.get(group.id);
        return rect === undefined ? [] : [frameTitle(group, rect, brush)];
      }),
      ...labels.flatMap((label, i) =>
        label === null
          ? []
          : [
              edgeLabel(
                label,
                (layout.ways[i] as Way).middle,
                groundAt((layout.ways[i] as Way).middle),
                direction,
                brush,
              ),
            ],
      ),
      ...figures.map((figure) =>
        figureMarkup(figure, layout.centers.get(figure.node.id) as Point, direction, brush),
      ),
    ],
  };
}
