// The panel of a program's threads: a lane for each, in which its pieces of work stand one after the other.
import type { ProgramDescription } from "../explain/describe.js";
import { KINDS, type Kind, ticks, timeText } from "./program-look.js";
import { bar, centred, type Panel, text } from "./program-panel.js";
import { type Piece, timelineOf, type Work } from "./program-work.js";
import { type Brush, type Child, element } from "./svg.js";
import { SIZES, textWidth } from "./theme.js";

const LANE = 30;
const LANE_GAP = 6;
const LEFT = 76;
const RIGHT = 14;
const TOP = 22;
const BOTTOM = 30;
/** Lanes that are shown: of more threads the first and the last. */
const MOST_LANES = 12;

/** What stands in the bar of a piece of work. */
function nameOf({ what, number, forms }: Work): string {
  if (what === "gather") return `x${number}`;
  if (what === "note") return "note";
  return forms < 0 ? String(number) : `${number}, next ${forms}`;
}

function tell({ work, start, end, thread }: Piece, { instructions }: ProgramDescription): string {
  const how = { together: "by all threads", byRows: "each its rows", alone: `by thread ${thread}` }[
    work.work
  ];
  const instruction = instructions[work.number];
  const what =
    work.what === "gather"
      ? `gather the samples of x${work.number}`
      : work.what === "note"
        ? "note what the step gives"
        : `${work.number}: ${instruction?.text.join(" ") ?? ""}`;
  return `${what} (${how}, ${timeText(end - start)})`;
}

const kindOf = ({ what, number }: Work, { instructions }: ProgramDescription): Kind =>
  what === "instruction" ? (instructions[number]?.kind ?? "call") : "data";

export function timelinePanel(program: ProgramDescription): Panel | null {
  const timeline = timelineOf(program);
  const { threads } = program;
  if (timeline.pieces.length === 0) return null;
  const isShort = threads > MOST_LANES;
  const shown = isShort
    ? [...Array.from({ length: MOST_LANES - 2 }, (_, thread) => thread), threads - 1]
    : Array.from({ length: threads }, (_, thread) => thread);
  const laneOf = (thread: number): number => (isShort && thread === threads - 1 ? MOST_LANES - 1 : thread);
  const lanes = isShort ? MOST_LANES : threads;
  const bottom = TOP + lanes * (LANE + LANE_GAP) - LANE_GAP;
  const { nanoseconds, phases } = timeline;
  const where =
    program.batch === 0
      ? "a run"
      : `one step of a loop of ${program.batch.toLocaleString("en")} samples a step`;
  const waits = phases.length - 1;
  const barriers = threads === 1 ? "" : `, ${waits} barrier${waits === 1 ? "" : "s"} within`;
  const onThreads = threads === 1 ? "one thread" : `${threads} threads`;
  return {
    title: "Threads",
    subtitle: `${where} on ${onThreads}: about ${timeText(nanoseconds)}, as estimated${barriers}`,
    height: bottom + BOTTOM,
    body: (brush, width) => {
      const scale = (width - LEFT - RIGHT) / nanoseconds;
      const x = (time: number): number => LEFT + time * scale;
      const y = (thread: number): number => TOP + laneOf(thread) * (LANE + LANE_GAP);
      return [
        ...shown.flatMap((thread) => lane(brush, `thread ${thread}`, y(thread), width)),
        ...(isShort ? [dots(brush, y(MOST_LANES - 2))] : []),
        ...axis(brush, nanoseconds, x, bottom),
        ...timeline.pieces
          .filter(({ thread }) => shown.includes(thread))
          .map((piece) =>
            bar(brush, {
              x: x(piece.start),
              y: y(piece.thread) + 3,
              width: (piece.end - piece.start) * scale,
              height: LANE - 6,
              role: KINDS[kindOf(piece.work, program)].role,
              label: nameOf(piece.work),
              says: tell(piece, program),
            }),
          ),
        ...(threads === 1 ? [] : barrierLines(brush, phases, x, bottom)),
      ];
    },
  };
}

function lane(brush: Brush, name: string, y: number, width: number): Child[] {
  return [
    element("rect", {
      x: LEFT,
      y,
      width: width - LEFT - RIGHT,
      height: LANE,
      rx: 4,
      ...brush.paint({ fill: "group" }),
    }),
    text(brush, name, { x: LEFT - 10, y: y + LANE / 2 + 0.35 * SIZES.label, anchor: "end" }),
  ];
}

const dots = (brush: Brush, y: number): Child =>
  text(brush, "…", { x: LEFT - 10, y: y + LANE / 2, anchor: "end" });

function axis(brush: Brush, most: number, x: (time: number) => number, bottom: number): Child[] {
  return ticks(most, 8).flatMap((time) => [
    element("path", {
      d: `M${x(time).toFixed(2)} ${TOP - 4}V${bottom + 4}`,
      "stroke-width": 1,
      ...brush.paint({ stroke: "grid" }),
    }),
    centred(brush, timeText(time), x(time), bottom + 18),
  ]);
}

/** The end of each phase, and the number of the phase where there is room for it. */
function barrierLines(
  brush: Brush,
  phases: readonly number[],
  x: (time: number) => number,
  bottom: number,
): Child[] {
  if (phases.length === 1) return [];
  return phases.flatMap((end, phase) => {
    const begin = phases[phase - 1] ?? 0;
    const label = `phase ${phase + 1}`;
    const short = String(phase + 1);
    const room = x(end) - x(begin) - 6;
    const fits = [label, short].find((one) => textWidth(one, { size: SIZES.small }) <= room);
    return [
      phase === phases.length - 1
        ? null
        : element("path", {
            d: `M${x(end).toFixed(2)} ${TOP - 8}V${bottom + 4}`,
            "stroke-width": 1.5,
            "stroke-dasharray": "4 3",
            ...brush.paint({ stroke: "ink" }),
          }),
      fits === undefined ? null : centred(brush, fits, (x(begin) + x(end)) / 2, TOP - 10),
    ];
  });
}
