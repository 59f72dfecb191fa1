// The panel of a program's instructions: what each does, what was fused into it, and which values go from one to another.
import type { ProgramDescription } from "../explain/describe.js";
import { format, type Shape } from "../tensor/shape.js";
import type { Box, Link, Way } from "./boxes.js";
import { type Layout, layOut } from "./layout.js";
import { flopsText, type Instruction, KINDS, partsText, timeText } from "./program-look.js";
import { type Panel, text } from "./program-panel.js";
import type { Direction } from "./style.js";
import { type Brush, type Child, element } from "./svg.js";
import { type Role, SIZES, shortened, textWidth } from "./theme.js";

const LINE = 16;
const PAD = 9;
const MOST_TEXT = 300;
/** Lines of parameters and constants in a box. */
const MOST_HELD = 3;

/** Of more, the ways of the values would be a tangle, and finding them takes long. */
const MOST_CARDS = 150;
/** The width of a row of them, and the space between two. */
const ROW = 1800;
const SPACE = 12;

interface Row {
  readonly text: string;
  readonly role: Role;
  readonly bold?: boolean;
}

/** An instruction, several that do the same, an input, or what the program gives. */
interface Card {
  readonly id: string;
  readonly rows: readonly Row[];
  readonly says: string;
  /** null: a value, drawn round. */
  readonly kind: Instruction["kind"] | null;
  readonly isGiven: boolean;
}

type Group = readonly [Instruction, ...Instruction[]];

export function flowPanel(where: string, program: ProgramDescription, direction: Direction): Panel {
  const groups = groupsOf(program);
  const cards = cardsOf(program, groups);
  const boxes = cards.map(boxOf);
  const isLarge = cards.length > MOST_CARDS;
  const links = isLarge ? [] : linksOf(program, groups);
  const layout = isLarge ? inRows(boxes) : layOut(where, boxes, links, [], direction);
  const { length } = program.instructions;
  const note = isLarge
    ? `; more than ${MOST_CARDS} boxes are in their order, without the ways of the values`
    : "";
  return {
    title: "Instructions",
    subtitle: `${length} instruction${length === 1 ? "" : "s"}; what was fused into one is joined by +${note}`,
    width: layout.width,
    height: layout.height,
    body: (brush, width) => {
      const shift = (width - layout.width) / 2;
      return [
        arrow(brush),
        element(
          "g",
          { transform: `translate(${shift.toFixed(2)} 0)` },
          ...layout.ways.map((way, i) => wire(brush, way, links[i]?.says ?? "")),
          ...cards.map((card, i) => {
            const { x, y } = layout.centers.get(card.id) as { x: number; y: number };
            const { width: w, height: h } = boxes[i] as Box;
            return drawCard(brush, card, { x: x - w / 2, y: y - h / 2, width: w, height: h });
          }),
        ),
      ];
    },
  };
}

/** Boxes one after the other, as words in lines. */
function inRows(boxes: readonly Box[]): Layout {
  const centers = new Map<string, { x: number; y: number }>();
  let [x, y, high, wide] = [0, 0, 0, 0];
  for (const { id, width, height } of boxes) {
    if (x > 0 && x + width > ROW) [x, y, high] = [0, y + high + SPACE, 0];
    centers.set(id, { x: x + width / 2, y: y + height / 2 });
    high = Math.max(high, height);
    wide = Math.max(wide, x + width);
    x += width + SPACE;
  }
  return { width: wide, height: y + high, centers, ways: [], frames: new Map() };
}

/** Consecutive instructions that count something, one number each, for the same readers. */
function groupsOf({ instructions, buffers }: ProgramDescription): Group[] {
  const bytes = new Map(buffers.map((buffer) => [buffer.name, buffer.bytes]));
  const readersOf = (one: Instruction): string =>
    instructions
      .filter((other) => other !== one && other.reads.some((name) => one.writes.includes(name)))
      .map(({ number }) => number)
      .join(",");
  const isTiny = (one: Instruction): boolean =>
    one.kind === "call" && [...one.reads, ...one.writes].every((name) => (bytes.get(name) ?? 0) <= 8);
  const groups: [Instruction, ...Instruction[]][] = [];
  for (const one of instructions) {
    const last = groups.at(-1);
    const isSame =
      last !== undefined &&
      isTiny(one) &&
      isTiny(last[0]) &&
      one.name === last[0].name &&
      one.reads.every((name) => one.writes.includes(name)) &&
      last[0].reads.every((name) => last[0].writes.includes(name)) &&
      readersOf(one) === readersOf(last[0]);
    if (isSame) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

const idOf = ([first]: Group): string => `i${first.number}`;

function cardsOf(program: ProgramDescription, groups: readonly Group[]): Card[] {
  const shapes = new Map(program.buffers.map(({ name, shape }) => [name, withShape(name, shape)]));
  const kinds = new Map(program.buffers.map(({ name, kind }) => [name, kind]));
  const named = (name: string): string => shapes.get(name) ?? name;
  const inputs = program.buffers
    .filter(({ kind }) => kind === "input")
    .map(({ name }) => value(`in ${name}`, named(name), `input ${named(name)}`, true));
  const outputs = [...new Set(program.outputs)].map((name) =>
    value(`out ${name}`, named(name), `the program gives ${named(name)}`, false),
  );
  const instructions = groups.map((group): Card => {
    const [first] = group;
    const last = group.at(-1) as Instruction;
    const numbers = group.length === 1 ? `${first.number}` : `${first.number}–${last.number}`;
    const times = group.length === 1 ? "" : ` · ${group.length} times`;
    const held = [
      ...new Set(group.flatMap((one) => one.reads.filter((name) => !isMoving(kinds.get(name))))),
    ].filter((name) => !group.some((one) => one.writes.includes(name)));
    const results = group.flatMap(({ writes }) => writes);
    const flops = group.reduce((sum, one) => sum + one.flops, 0);
    const time = group.reduce((sum, one) => sum + one.nanoseconds, 0);
    return {
      id: idOf(group),
      kind: first.kind,
      isGiven: false,
      says: group.flatMap((one) => one.text).join("\n"),
      rows: [
        { text: `${numbers}  ${partsText(first)}${times}`, role: "ink", bold: true },
        { text: `→ ${few(results.map(named), 2)}`, role: "ink" },
        ...(held.length === 0
          ? []
          : [{ text: `with ${few(held.map(named), MOST_HELD)}`, role: "soft" as const }]),
        { text: `${flopsText(flops)}, ${timeText(time)}`, role: "soft" },
      ],
    };
  });
  return [...inputs, ...instructions, ...outputs];
}

const withShape = (name: string, shape: Shape): string =>
  shape.length === 0 ? name : `${name} ${format(shape)}`;

const isMoving = (kind: string | undefined): boolean => kind === "input" || kind === "temporary";

function few(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(", ");
  return names.length <= most ? shown : `${shown}, … ${names.length - most} more`;
}

const value = (id: string, name: string, says: string, isGiven: boolean): Card => ({
  id,
  rows: [{ text: name, role: "ink" }],
  says,
  kind: null,
  isGiven,
});

/** From the instruction that wrote a value last to each that reads it, and from inputs and to results. */
function linksOf(
  program: ProgramDescription,
  groups: readonly Group[],
): (Link & { readonly says: string })[] {
  const links = new Map<string, Link & { says: string }>();
  const connect = (from: string, to: string, name: string): void => {
    if (from === to) return;
    const known = links.get(`${from}>${to}`);
    if (known === undefined) links.set(`${from}>${to}`, { from, to, says: name });
    else known.says += `, ${name}`;
  };
  const writers = new Map<string, string>();
  for (const { name, kind } of program.buffers) if (kind === "input") writers.set(name, `in ${name}`);
  for (const group of groups) {
    for (const { reads, writes } of group) {
      for (const name of reads) {
        const from = writers.get(name);
        if (from !== undefined) connect(from, idOf(group), name);
      }
      for (const name of writes) writers.set(name, idOf(group));
    }
  }
  for (const name of program.outputs) {
    const from = writers.get(name);
    if (from !== undefined) connect(from, `out ${name}`, name);
  }
  return [...links.values()];
}

const NOTHING = { top: 0, left: 0 } as const;

const styleOf = ({ bold = false }: Row) => ({ size: bold ? SIZES.text : SIZES.label, bold });

function boxOf(card: Card): Box {
  const { id, rows, kind } = card;
  const widths = rows.map((row) => Math.min(MOST_TEXT, textWidth(row.text, styleOf(row))));
  const size = {
    width: Math.max(...widths) + 2 * PAD + (kind === null ? 10 : 0),
    height: rows.length * LINE + 2 * PAD - 4,
  };
  return { id, ...size, core: size, blank: NOTHING, outline: kind === null ? "round" : "flat", group: null };
}

function drawCard(
  brush: Brush,
  card: Card,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): Child {
  const { rows, kind, says, isGiven } = card;
  const ground =
    kind === null
      ? element("rect", {
          x,
          y,
          width,
          height,
          rx: height / 2,
          "stroke-width": 1.5,
          ...brush.paint({ fill: isGiven ? "observed" : "computed", stroke: "ink" }),
        })
      : [
          element("rect", { x, y, width, height, rx: 6, ...brush.paint({ fill: "page" }) }),
          element("rect", {
            x,
            y,
            width,
            height,
            rx: 6,
            "stroke-width": 1.5,
            "fill-opacity": 0.14,
            ...brush.paint({ fill: KINDS[kind].role, stroke: KINDS[kind].role }),
          }),
        ];
  return element(
    "g",
    { "data-node": card.id },
    element("title", {}, says),
    ...[ground].flat(),
    ...rows.map((row, i) => {
      const style = styleOf(row);
      return text(brush, shortened(row.text, MOST_TEXT, style), {
        x: x + width / 2,
        y: y + PAD - 2 + (i + 0.5) * LINE + 0.35 * style.size,
        anchor: "middle",
        role: row.role,
        ...style,
      });
    }),
  );
}

function arrow(brush: Brush): Child {
  return element(
    "defs",
    {},
    element(
      "marker",
      {
        id: brush.id("arrow"),
        viewBox: "0 0 10 10",
        refX: 9,
        refY: 5,
        markerWidth: 7,
        markerHeight: 7,
        markerUnits: "userSpaceOnUse",
        orient: "auto",
      },
      element("path", { d: "M0 0L10 5L0 10Z", ...brush.paint({ fill: "line" }) }),
    ),
  );
}

const wire = (brush: Brush, { path }: Way, says: string): Child =>
  element(
    "path",
    {
      d: path,
      "stroke-width": 1.4,
      "marker-end": `url(#${brush.id("arrow")})`,
      ...brush.paint({ fill: "none", stroke: "line" }),
    },
    element("title", {}, says),
  );
