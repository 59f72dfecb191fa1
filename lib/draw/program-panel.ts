// What the panels of a program's picture have in common.
import { type Brush, type Child, element } from "./svg.js";
import { type Role, SIZES, shortened, textWidth } from "./theme.js";

/** A part of the picture, under a title of its own. */
export interface Panel {
  readonly title: string;
  readonly subtitle: string;
  readonly height: number;
  /** The least width. Default: that of the picture. */
  readonly width?: number;
  /** Its elements, in coordinates of its own. */
  body(brush: Brush, width: number): readonly Child[];
}

export function text(
  brush: Brush,
  words: string,
  {
    x,
    y,
    size = SIZES.label,
    role = "soft",
    anchor = "start",
    bold = false,
  }: {
    readonly x: number;
    readonly y: number;
    readonly size?: number;
    readonly role?: Role;
    readonly anchor?: "start" | "middle" | "end";
    readonly bold?: boolean;
  },
): Child {
  return element(
    "text",
    {
      x,
      y,
      "font-size": size,
      "font-weight": bold ? 600 : undefined,
      "text-anchor": anchor === "start" ? undefined : anchor,
      ...brush.paint({ fill: role }),
    },
    words,
  );
}

export const centred = (brush: Brush, words: string, x: number, y: number, role: Role = "soft"): Child =>
  text(brush, words, { x, y, size: SIZES.small, role, anchor: "middle" });

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly role: Role;
  /** In it, if it fits. */
  readonly label: string;
  /** What a pointer on it shows. */
  readonly says: string;
}

/** An area with a label, drawn so that a tiny one is still seen. */
export function bar(brush: Brush, { x, y, width, height, role, label, says }: Bar): Child {
  const isThin = width < 3 || height < 3;
  const size = SIZES.small;
  const fits = height >= size + 2 && width >= textWidth("0", { size }) + 4;
  const shown = fits ? shortened(label, width - 4, { size }) : "…";
  return element(
    "g",
    {},
    element("title", {}, says),
    element("rect", {
      x,
      y,
      width: Math.max(1, width),
      height: Math.max(1, height),
      rx: isThin ? undefined : 3,
      "fill-opacity": isThin ? undefined : 0.24,
      "stroke-width": isThin ? undefined : 1.2,
      ...brush.paint(isThin ? { fill: role } : { fill: role, stroke: role }),
    }),
    shown === "…" ? null : centred(brush, shown, x + width / 2, y + height / 2 + 0.35 * size, "ink"),
  );
}
