// What a layout places.
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";

/** How the outline runs where edges meet it. */
export type Outline = "flat" | "round";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A node to be placed: its whole size with all labels, and the size of the figure in its middle, which edges meet. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly core: Size;
  /** What of its size is empty, above and to the left. */
  readonly blank: { readonly top: number; readonly left: number };
  readonly outline: Outline;
  readonly group: string | null;
}

export interface Link {
  readonly from: string;
  readonly to: string;
  /** The size of its label. */
  readonly label?: Size;
}

export interface Frame {
  readonly id: string;
  readonly parent: string | null;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A way from one figure to another, along the direction. */
export interface Way {
  readonly points: readonly Point[];
  readonly path: string;
  /** The middle of the label, or of the way. */
  readonly middle: Point;
}

export const isHorizontal = (direction: Direction): boolean => direction === "right" || direction === "left";

export interface Placed {
  readonly box: Box;
  readonly center: Point;
}

/** The place of a box without what is empty. */
export function inkOf({ box, center }: Placed): Rect {
  const { width, height, blank } = box;
  const [x, y] = [center.x - width / 2 + blank.left, center.y - height / 2 + blank.top];
  return { x, y, width: width - blank.left, height: height - blank.top };
}
