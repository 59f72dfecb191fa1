// The panel of a program's arena: which temporary lies where, and from which instruction to which.
import type { ProgramDescription } from "../explain/describe.js";
import { format } from "../tensor/shape.js";
import { bytesText, KINDS, ticks } from "./program-look.js";
import { bar, centred, type Panel, text } from "./program-panel.js";
import { type Brush, type Child, element } from "./svg.js";
import { SIZES } from "./theme.js";

const LEFT = 76;
const RIGHT = 14;
const TOP = 8;
const HEIGHT = 260;
const BOTTOM = 40;

export function arenaPanel({ buffers, instructions, arenaBytes }: ProgramDescription): Panel | null {
  const placed = buffers.filter(({ place }) => place !== null);
  if (placed.length === 0 || arenaBytes === 0) return null;
  const total = placed.reduce((sum, { bytes }) => sum + bytes, 0);
  const makers = new Map(instructions.flatMap((one) => one.writes.map((name) => [name, one] as const)));
  const bottom = TOP + HEIGHT;
  return {
    title: "Arena",
    subtitle: `${placed.length} temporar${placed.length === 1 ? "y" : "ies"} of ${bytesText(total)} in ${bytesText(arenaBytes)}; each from the instruction that writes it to the last that reads it`,
    height: bottom + BOTTOM,
    body: (brush, width) => {
      const column = (width - LEFT - RIGHT) / instructions.length;
      const x = (instruction: number): number => LEFT + instruction * column;
      const y = (offset: number): number => TOP + (offset / arenaBytes) * HEIGHT;
      return [
        element("rect", {
          x: LEFT,
          y: TOP,
          width: width - LEFT - RIGHT,
          height: HEIGHT,
          ...brush.paint({ fill: "group" }),
        }),
        ...byteAxis(brush, arenaBytes, y, width),
        ...numberAxis(brush, instructions.length, x, column, bottom),
        ...placed.map(({ name, shape, dtype, bytes, place }) => {
          const { offset, first, last } = place as NonNullable<typeof place>;
          const end = Math.min(last + 1, instructions.length);
          const until = last === instructions.length ? "the end" : last;
          return bar(brush, {
            x: x(first) + 1,
            y: y(offset),
            width: x(end) - x(first) - 2,
            height: (bytes / arenaBytes) * HEIGHT,
            role: KINDS[makers.get(name)?.kind ?? "call"].role,
            label: `${name} ${format(shape)}`,
            says: `${name} ${format(shape)} ${dtype}: ${bytes.toLocaleString("en")} bytes at ${offset.toLocaleString("en")}, from instruction ${first} to ${until}`,
          });
        }),
      ];
    },
  };
}

function byteAxis(brush: Brush, most: number, y: (offset: number) => number, width: number): Child[] {
  return ticks(most, 5, 2).flatMap((offset) => [
    element("path", {
      d: `M${LEFT} ${y(offset).toFixed(2)}H${width - RIGHT}`,
      "stroke-width": 1,
      ...brush.paint({ stroke: "grid" }),
    }),
    text(brush, bytesText(offset), {
      x: LEFT - 8,
      y: y(offset) + 0.35 * SIZES.small,
      size: SIZES.small,
      anchor: "end",
    }),
  ]);
}

function numberAxis(
  brush: Brush,
  count: number,
  x: (instruction: number) => number,
  column: number,
  bottom: number,
): Child[] {
  const every = ticks(count - 1, Math.min(count, 24)).filter(Number.isInteger);
  return [
    ...every.map((number) => centred(brush, String(number), x(number) + column / 2, bottom + 14)),
    centred(brush, "instruction", (x(0) + x(count)) / 2, bottom + 30),
  ];
}
