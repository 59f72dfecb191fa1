// The edges of a diagram: what flows along them, and the words beside them.
import { format } from "../tensor/shape.js";
import { isHorizontal, type Way } from "./boxes.js";
import type { DiagramEdge, DiagramNode } from "./diagram.js";
import { isVariable } from "./figures.js";
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";
import { type Brush, type Child, element } from "./svg.js";
import { type Role, SIZES } from "./theme.js";

/** What flows along an edge besides the data. */
export interface Flows {
  /** Whether a gradient flows back along an edge. */
  readonly flowsBack?: (edge: DiagramEdge) => boolean;
  /** Whether a perturbation flows along an edge. */
  readonly flowsOn?: (edge: DiagramEdge) => boolean;
}

/** The look of a text that hides the edges behind it: an outline in the colour of the background. */
export const halo = (ground: Role, brush: Brush, fill: Role) => ({
  ...brush.paint({ fill, stroke: ground }),
  "stroke-width": 4,
  "stroke-linejoin": "round",
  "paint-order": "stroke",
});

const ARROWS = {
  line: "line",
  gradient: "gradient",
  perturbation: "perturbation",
  parameter: "parameterLine",
} as const;
export type Arrow = keyof typeof ARROWS;

export function arrowHead(name: Arrow, brush: Brush): Child {
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

export function edgeMarkup(
  edge: DiagramEdge,
  way: Way,
  direction: Direction,
  brush: Brush,
  { flowsBack, flowsOn }: Flows,
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
    flowsBack?.(edge) === true ? beside(8, "gradient", true) : null,
    flowsOn?.(edge) === true ? beside(-8, "perturbation", false) : null,
  ].filter((one) => one !== null);
}

/** Words beside the way of an edge. */
export function edgeLabel(
  text: string,
  { x, y }: Point,
  ground: Role,
  direction: Direction,
  brush: Brush,
): Child {
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
export function labelsOf(
  edges: readonly DiagramEdge[],
  nodes: ReadonlyMap<string, DiagramNode>,
): (string | null)[] {
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
