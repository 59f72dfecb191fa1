// The lines of the weights, between the units that are shown.
import { number } from "./svg.js";
import { SIZES, textWidth } from "./theme.js";
import type { UnitGraph } from "./units-graph.js";
import { type PlacedUnit, type Point, pitchOf, type UnitLayout } from "./units-layout.js";

export interface Line {
  readonly path: string;
  readonly weight: number;
  /** |weight| as a part of the largest that is finite; 1 if it is not finite itself. */
  readonly strength: number;
  /** No weight: see `Wires`. */
  readonly isFixed: boolean;
  /** "" for none. */
  readonly label: string;
}

interface Ends {
  readonly from: Point;
  readonly to: Point;
  readonly weight: number;
  readonly isFixed: boolean;
  readonly what: string;
  /** Whether other levels lie between its ends. */
  readonly skips: boolean;
}

/** Up to this many lines say their weight. */
const FEW_LINES = 400;

/** The strength of lines that are no weights. */
export const FIXED = 0.2;

/** The lines between units that are shown, the strongest last. Weights of 0 have none. */
export function collectLines(graph: UnitGraph, layout: UnitLayout): Line[] {
  const ends = [...endsOf(graph, layout)];
  const most = largestOf(ends) || 1;
  const isFew = ends.length <= FEW_LINES;
  const obstacles = isFew ? obstaclesOf(layout) : [];
  return ends
    .map((end) => ({ end, strength: strengthOf(end, most) }))
    .sort((a, b) => a.strength - b.strength)
    .map(({ end, strength }) => {
      const { from, to, weight, isFixed, what } = end;
      const said = isFixed ? what : `${what}: ${Number(weight.toPrecision(6))}`;
      return {
        path: end.skips && isFew ? around(end, obstacles, layout) : straight(from, to),
        weight,
        strength,
        isFixed,
        label: isFew ? said : "",
      };
    });
}

/** The largest |weight|, of those that are finite; 0 for none. */
export const largestOf = (lines: Iterable<Pick<Line, "weight" | "isFixed">>): number => {
  let most = 0;
  for (const { isFixed, weight } of lines) {
    if (!isFixed && Number.isFinite(weight)) most = Math.max(most, Math.abs(weight));
  }
  return most;
};

/** A weight that is not finite is as strong as the largest. */
const strengthOf = ({ isFixed, weight }: Ends, most: number): number => {
  if (isFixed) return FIXED;
  return Number.isFinite(weight) ? Math.abs(weight) / most : 1;
};

/** One straight line. */
export const lineOf = (from: Point, to: Point, line: Omit<Line, "path" | "label">): Line => ({
  ...line,
  path: straight(from, to),
  label: "",
});

function* endsOf(graph: UnitGraph, { units, layers, ones }: UnitLayout): Generator<Ends> {
  const levels = new Map(layers.map(({ layer, level }) => [layer, level]));
  const nameOf = ({ layer, position }: PlacedUnit): string => `${layer.name || "unit"}[${position}]`;
  for (const to of units.values()) {
    const { layer, position } = to;
    const level = levels.get(layer) as number;
    for (const wires of layer.wires) {
      for (const [unit, weight] of wires.to(position)) {
        const from = units.get(unit);
        if (from === undefined || weight === 0) continue;
        const skips = level - (levels.get(graph.layerOf(unit)) as number) > 1;
        yield { from, to, weight, isFixed: wires.isFixed, what: `${nameOf(from)} → ${nameOf(to)}`, skips };
      }
    }
    const one = ones.get(level);
    const b = layer.bias?.[position] ?? 0;
    if (one === undefined || b === 0) continue;
    yield { from: one, to, weight: b, isFixed: false, what: `bias of ${nameOf(to)}`, skips: false };
  }
}

const pair = ({ x, y }: Point): string => `${number(x)} ${number(y)}`;
const straight = (from: Point, to: Point): string => `M${pair(from)}L${pair(to)}`;

/** What a line goes around: a unit, or a caption. */
interface Obstacle {
  readonly unit: Point | null;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const CLEAR = 3;

function obstaclesOf({ units, ones, layers, radius }: UnitLayout): Obstacle[] {
  const far = radius + CLEAR;
  const box = (unit: Point | null, left: number, right: number, top: number, bottom: number): Obstacle => ({
    unit,
    left,
    right,
    top,
    bottom,
  });
  const circles = [...units.values(), ...ones.values()].map((unit) =>
    box(unit, unit.x - far, unit.x + far, unit.y - far, unit.y + far),
  );
  const texts = layers.flatMap(({ caption }) =>
    caption.map(({ x, y, anchor, text, isBold }) => {
      const width = textWidth(text, { size: SIZES.label, bold: isBold });
      const left = anchor === "end" ? x - width : x - width / 2;
      return box(null, left, left + width, y - SIZES.label * 0.6, y + SIZES.label * 0.6);
    }),
  );
  return [...circles, ...texts];
}

const SAMPLES = 24;
const MOST_BOW = 8;

/** A line that passes units between its ends: straight if it touches none, else the flattest arc that touches least. */
function around({ from, to }: Ends, obstacles: readonly Obstacle[], layout: UnitLayout): string {
  const { radius, width, height } = layout;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const inTheWay = obstacles.filter(({ unit }) => unit !== from && unit !== to);
  // The middle of an arc is half as far from the line as its control point.
  const bent = (bow: number): Point => ({
    x: (from.x + to.x) / 2 - (2 * bow * dy) / length,
    y: (from.y + to.y) / 2 + (2 * bow * dx) / length,
  });
  const touched = (bow: number): number => {
    const middle = bent(bow);
    const met = new Set<Obstacle>();
    let outside = 0;
    for (let i = 1; i < SAMPLES; i++) {
      const t = i / SAMPLES;
      const along = (a: number, b: number, c: number): number =>
        (1 - t) * (1 - t) * a + 2 * t * (1 - t) * b + t * t * c;
      const [x, y] = [along(from.x, middle.x, to.x), along(from.y, middle.y, to.y)];
      if (x < 4 || y < 4 || x > width - 4 || y > height - 4) outside++;
      for (const one of inTheWay) {
        if (x < one.left || x > one.right || y < one.top || y > one.bottom) continue;
        if (one.unit === null || Math.hypot(x - one.unit.x, y - one.unit.y) < radius + CLEAR) met.add(one);
      }
    }
    return met.size + outside;
  };
  // Half way between two units, one side after the other.
  const step = pitchOf(radius) / 2;
  let best = { bow: 0, count: touched(0) };
  for (let k = 1; k <= MOST_BOW && best.count > 0; k++) {
    for (const bow of [k * step, -k * step]) {
      const count = touched(bow);
      if (count < best.count) best = { bow, count };
    }
  }
  return best.bow === 0 ? straight(from, to) : `M${pair(from)}Q${pair(bent(best.bow))} ${pair(to)}`;
}
