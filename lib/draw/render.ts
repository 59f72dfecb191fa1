// A diagram as SVG: its figures, and the edges between them.
import { isHorizontal, type Rect, type Way } from "./boxes.js";
import type { Diagram, DiagramGroup } from "./diagram.js";
import { type Arrow, arrowHead, edgeLabel, edgeMarkup, type Flows, halo, labelsOf } from "./edges.js";
import { figureMarkup, figureOf, type Note } from "./figures.js";
import { FRAME_TITLE, layOut } from "./layout.js";
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";
import { type Brush, type Child, type Drawing, element } from "./svg.js";
import { type Role, SIZES, shortened, textWidth } from "./theme.js";

/** What a style adds to a diagram. */
export interface Extras extends Flows {
  readonly title: string;
  readonly description: string;
  /** Lines at a node. */
  readonly notes?: ReadonlyMap<string, readonly Note[]>;
}

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
