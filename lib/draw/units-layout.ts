// Places of units: a column for each level, long layers shortened, captions before the units.
import type { Direction } from "./style.js";
import { SIZES, shortened, textWidth } from "./theme.js";
import type { UnitGraph, UnitLayer } from "./units-graph.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A unit that is shown; "bias" stands for the constant 1. */
export interface PlacedUnit extends Point {
  readonly layer: UnitLayer;
  /** Its position in the layer. */
  readonly position: number;
}

export interface PlacedLayer {
  readonly layer: UnitLayer;
  readonly level: number;
  readonly caption: readonly PlacedText[];
  /** Where units are left out. */
  readonly dots: readonly Point[];
}

export interface PlacedText extends Point {
  readonly text: string;
  readonly isBold: boolean;
  readonly anchor: "middle" | "end";
}

export interface UnitLayout {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly layers: readonly PlacedLayer[];
  /** By the numbers of the units. */
  readonly units: ReadonlyMap<number, PlacedUnit>;
  /** The constants 1, by the level of the layers whose biases they are multiplied with. */
  readonly ones: ReadonlyMap<number, Point>;
}

export interface UnitLayoutOptions {
  readonly direction: Direction;
  /** A layer with more units is shortened. */
  readonly mostUnits: number;
  readonly radius: number;
}

const LINE = SIZES.label * 1.35;
const MARGIN = 24;
const MOST_CAPTION = 190;
/** Room for the dots, in units. */
const DOTS = 1.4;

/** Positions of the units of a layer that are shown: all of few, else the first and the last. */
export function shownUnits(size: number, most: number): { head: number; tail: number } {
  if (size <= most) return { head: size, tail: 0 };
  const tail = Math.floor(most / 4);
  return { head: Math.max(1, Math.ceil((most * 3) / 8)), tail: Math.max(1, tail) };
}

/** What stands before the units of a layer. */
export function captionOf(layer: UnitLayer, isOutput: boolean): { text: string; isBold: boolean }[] {
  const { name, size, functions, note, isGiven } = layer;
  const what = isGiven ? ["given"] : isOutput ? ["output"] : [];
  const f = functions.map((one) => (one.isTogether ? `${one.name} of all` : one.name)).join(", ");
  const count = [`${size.toLocaleString("en")} unit${size === 1 ? "" : "s"}`, ...what].join(", ");
  return [
    ...(name === "" ? [] : [{ text: name, isBold: true }]),
    ...(f === "" ? [] : [{ text: f, isBold: name === "" }]),
    ...(note === "" ? [] : [{ text: note, isBold: false }]),
    { text: count, isBold: false },
  ];
}

/** The level of each layer: 0 for what is given, else one more than the highest of those that it takes units from. */
export function levelsOf(graph: UnitGraph): Map<UnitLayer, number> {
  const levels = new Map<UnitLayer, number>();
  for (const layer of graph.layers) {
    let level = layer.isGiven ? 0 : 1;
    for (const { from } of layer.wires) {
      let known: UnitLayer | null = null;
      for (let i = 0; i < from.length; i++) {
        const unit = from[i] as number;
        if (known !== null && unit >= known.first && unit < known.first + known.size) continue;
        known = graph.layerOf(unit);
        level = Math.max(level, 1 + (levels.get(known) ?? 0));
      }
    }
    levels.set(layer, level);
  }
  return levels;
}

/** A layer's extent across the direction of the data: its caption, then its units. */
interface Block {
  readonly layer: UnitLayer;
  readonly caption: readonly { text: string; isBold: boolean }[];
  readonly captionWidth: number;
  /** Room for the caption across the direction, and for the units. */
  readonly before: number;
  readonly extent: number;
  readonly head: number;
  readonly tail: number;
}

/** Blocks of one level, and whether a constant 1 stands under them. */
interface Column {
  readonly blocks: readonly Block[];
  readonly hasOne: boolean;
  /** Along the direction. */
  readonly thickness: number;
}

export function layOut(graph: UnitGraph, options: UnitLayoutOptions): UnitLayout {
  const { direction, radius } = options;
  const isHorizontal = direction === "right" || direction === "left";
  const levels = levelsOf(graph);
  const columns = columnsOf(graph, levels, options, isHorizontal);
  const pitch = pitchOf(radius);
  const spans = columns.map((column) => spanOf(column, pitch));
  const before = Math.max(...spans.map((span) => span.before));
  const across = before + Math.max(...spans.map((span) => span.after)) + 2 * MARGIN;
  const most = Math.max(...columns.flatMap(({ blocks }) => blocks.map(({ head, tail }) => head + tail)));
  const gap = Math.min(230, Math.max(90, 60 + 9 * most)) * (isHorizontal ? 1 : 0.75);
  const along =
    MARGIN * 2 + columns.reduce((sum, { thickness }) => sum + thickness, 0) + gap * (columns.length - 1);
  const isBack = direction === "left" || direction === "up";
  const point = (a: number, c: number): Point => {
    const forward = isBack ? along - a : a;
    return isHorizontal ? { x: forward, y: c } : { x: c, y: forward };
  };
  const placer = new Placer(point, radius, isHorizontal);
  let a = MARGIN;
  columns.forEach((column, level) => {
    const span = spans[level] as ReturnType<typeof spanOf>;
    placer.place(column, level, a + column.thickness / 2, MARGIN + before - span.before);
    a += column.thickness + gap;
  });
  const { layers, units, ones } = placer;
  return {
    width: isHorizontal ? along : across,
    height: isHorizontal ? across : along,
    radius,
    layers,
    units,
    ones,
  };
}

/** From the middle of a unit to that of the next. */
export const pitchOf = (radius: number): number => 2 * radius + 12;

function columnsOf(
  graph: UnitGraph,
  levels: ReadonlyMap<UnitLayer, number>,
  { mostUnits, radius }: UnitLayoutOptions,
  isHorizontal: boolean,
): Column[] {
  const outputs = new Set(graph.outputs.map((unit) => graph.layerOf(unit)));
  const columns: Block[][] = [];
  for (const layer of graph.layers) {
    const level = levels.get(layer) as number;
    const block = blockOf(layer, captionOf(layer, outputs.has(layer)), mostUnits, radius, isHorizontal);
    const column = columns[level] ?? [];
    column.push(block);
    columns[level] = column;
  }
  return columns.map((blocks, level) => {
    const captions = isHorizontal
      ? blocks.map(({ captionWidth }) => captionWidth)
      : blocks.map(({ caption }) => caption.length * LINE);
    return {
      blocks,
      hasOne: (columns[level + 1] ?? []).some(({ layer }) => layer.bias !== null),
      thickness: Math.max(2 * radius, ...captions),
    };
  });
}

function blockOf(
  layer: UnitLayer,
  caption: ReturnType<typeof captionOf>,
  mostUnits: number,
  radius: number,
  isHorizontal: boolean,
): Block {
  const lines = caption.map(({ text, isBold }) => ({
    text: shortened(text, MOST_CAPTION, { size: SIZES.label, bold: isBold }),
    isBold,
  }));
  const captionWidth = Math.max(
    ...lines.map(({ text, isBold }) => textWidth(text, { size: SIZES.label, bold: isBold })),
  );
  const { head, tail } = shownUnits(layer.size, mostUnits);
  const units = head + tail + (tail > 0 ? DOTS - 1 : 0);
  return {
    layer,
    caption: lines,
    captionWidth,
    before: (isHorizontal ? lines.length * LINE : captionWidth) + 10,
    extent: (units - 1) * pitchOf(radius) + 2 * radius,
    head,
    tail,
  };
}

/** Between the blocks of a column, beside their captions. */
const BETWEEN = 14;

/** How far a column reaches from the axis to both sides: its units are in the middle, captions beside them. */
function spanOf({ blocks, hasOne }: Column, pitch: number): { before: number; after: number } {
  const [first] = blocks as [Block];
  const whole = blocks.reduce(
    (sum, { before, extent }) => sum + before + extent,
    (blocks.length - 1) * BETWEEN,
  );
  const middle = first.before + (whole - first.before) / 2;
  return { before: middle, after: whole - middle + (hasOne ? pitch * 1.25 : 0) };
}

class Placer {
  readonly layers: PlacedLayer[] = [];
  readonly units = new Map<number, PlacedUnit>();
  readonly ones = new Map<number, Point>();
  readonly #point: (a: number, c: number) => Point;
  readonly #radius: number;
  readonly #isHorizontal: boolean;

  constructor(point: (a: number, c: number) => Point, radius: number, isHorizontal: boolean) {
    this.#point = point;
    this.#radius = radius;
    this.#isHorizontal = isHorizontal;
  }

  /** @param a the column's middle along the direction. @param start where it begins across. */
  place({ blocks, hasOne }: Column, level: number, a: number, start: number): void {
    const pitch = pitchOf(this.#radius);
    let c = start;
    for (const block of blocks) {
      const { layer, head, tail } = block;
      const caption = this.#caption(block, a, c);
      c += block.before;
      const at = (slot: number): number => c + this.#radius + slot * pitch;
      const put = (position: number, slot: number): void => {
        this.units.set(layer.first + position, { layer, position, ...this.#point(a, at(slot)) });
      };
      for (let i = 0; i < head; i++) put(i, i);
      for (let i = 0; i < tail; i++) put(layer.size - tail + i, head + DOTS - 1 + i);
      const dots = tail === 0 ? [] : [-0.2, 0, 0.2].map((d) => this.#point(a, at(head - 1 + DOTS / 2 + d)));
      this.layers.push({ layer, level, caption, dots });
      c += block.extent + BETWEEN;
    }
    if (hasOne) this.ones.set(level + 1, this.#point(a, c - BETWEEN + pitch * 1.25 - this.#radius));
  }

  #caption({ caption, before, captionWidth }: Block, a: number, c: number): PlacedText[] {
    return caption.map(({ text, isBold }, line) => {
      if (this.#isHorizontal) {
        const { x, y } = this.#point(a, c + (line + 0.5) * LINE);
        return { text, isBold, x, y, anchor: "middle" };
      }
      const { x, y } = this.#point(a, c + captionWidth);
      const up = (line - (caption.length - 1) / 2) * LINE;
      return { text, isBold, x: Math.min(x, c + before), y: y + up, anchor: "end" };
    });
  }
}
