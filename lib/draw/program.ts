// The style "program": what `compile` made of a function.
import { isCompiled } from "../compiler/compile.js";
import { ArgumentError } from "../errors.js";
import type { ProgramDescription } from "../explain/describe.js";
import { describe } from "../options.js";
import type { TensorTree } from "../tensor/tree.js";
import { arenaPanel } from "./program-arena.js";
import { flowPanel } from "./program-flow.js";
import { bytesText, flopsText, KINDS, type Kind } from "./program-look.js";
import { type Panel, text } from "./program-panel.js";
import { timelinePanel } from "./program-timeline.js";
import { type DrawRequest, registerStyle } from "./style.js";
import { type Brush, type Child, type Drawing, element } from "./svg.js";
import { SIZES, textWidth } from "./theme.js";

declare module "./style.js" {
  interface Styles {
    program: true;
  }
}

const MARGIN = 24;
const HEAD = 52;
const PANEL_HEAD = 46;
const PANEL_GAP = 22;
const LEGEND = 30;
const LEAST_WIDTH = 860;

function render({ where, model, input, options }: DrawRequest): Drawing {
  const program = describeCompiled(where, model, input);
  const timeline = timelinePanel(program);
  const arena = arenaPanel(program);
  const flow = program.instructions.length === 0 ? null : flowPanel(where, program, options.direction);
  return new ProgramDrawing(
    program,
    [timeline, flow, arena].filter((panel) => panel !== null),
  );
}

function describeCompiled(where: string, model: unknown, input: unknown): ProgramDescription {
  if (!isCompiled(model)) {
    throw new ArgumentError(
      `${where}: expected a function that compile gave, got ${describe(model)}; style "block" shows a module`,
    );
  }
  const inputs: readonly unknown[] = input === undefined ? [] : Array.isArray(input) ? input : [input];
  return model.describe(...(inputs as TensorTree[]));
}

class ProgramDrawing implements Drawing {
  readonly width: number;
  readonly height: number;
  readonly title = "Compiled program";
  readonly description: string;
  readonly #facts: string;
  readonly #panels: readonly Panel[];
  readonly #kinds: readonly Kind[];

  constructor(program: ProgramDescription, panels: readonly Panel[]) {
    this.#panels = panels;
    this.#facts = factsOf(program);
    this.#kinds = kindsOf(program);
    this.width = Math.max(LEAST_WIDTH, ...panels.map(({ width = 0 }) => width + 2 * MARGIN));
    const heights = panels.reduce((sum, { height }) => sum + PANEL_HEAD + height + PANEL_GAP, 0);
    this.height = MARGIN + HEAD + (panels.length === 0 ? 0 : LEGEND) + heights;
    this.description = [
      this.#facts,
      ...program.instructions.map((one) => `${one.number}: ${one.text.join(" ")}.`),
    ].join(" ");
  }

  body(brush: Brush): Child[] {
    const inner = this.width - 2 * MARGIN;
    let top = MARGIN + HEAD + LEGEND;
    return [
      text(brush, this.title, { x: MARGIN, y: MARGIN + 14, size: SIZES.title, role: "ink", bold: true }),
      text(brush, this.#facts, { x: MARGIN, y: MARGIN + 36 }),
      ...(this.#panels.length === 0 ? [] : legend(brush, this.#kinds, MARGIN + HEAD)),
      ...this.#panels.map((panel) => {
        const y = top;
        top += PANEL_HEAD + panel.height + PANEL_GAP;
        return element(
          "g",
          { transform: `translate(${MARGIN} ${y.toFixed(2)})` },
          text(brush, panel.title, { x: 0, y: 14, size: SIZES.text, role: "ink", bold: true }),
          text(brush, panel.subtitle, { x: 0, y: 32 }),
          element("g", { transform: `translate(0 ${PANEL_HEAD})` }, ...panel.body(brush, inner)),
        );
      }),
    ];
  }
}

function kindsOf({ instructions, schedule }: ProgramDescription): Kind[] {
  const used = new Set<Kind>(instructions.map(({ kind }) => kind));
  if (schedule.some(({ what }) => what !== "instruction")) used.add("data");
  return (Object.keys(KINDS) as Kind[]).filter((kind) => used.has(kind));
}

function factsOf({ instructions, buffers, arenaBytes, outputs }: ProgramDescription): string {
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const held = (kind: string): number =>
    sum(buffers.filter((buffer) => buffer.kind === kind).map(({ bytes }) => bytes));
  const { length } = instructions;
  return [
    `${length} instruction${length === 1 ? "" : "s"}`,
    flopsText(sum(instructions.map(({ flops }) => flops))),
    `${bytesText(sum(instructions.map(({ bytes }) => bytes)))} moved`,
    `inputs ${bytesText(held("input"))}`,
    `parameters and other state ${bytesText(held("state"))}`,
    `arena ${bytesText(arenaBytes)}`,
    `gives ${outputs.join(", ") || "nothing"}`,
  ].join(" · ");
}

function legend(brush: Brush, kinds: readonly Kind[], y: number): Child[] {
  let x = MARGIN;
  return kinds.flatMap((kind) => {
    const { role, says } = KINDS[kind];
    const at = x;
    x += 18 + textWidth(says, { size: SIZES.label }) + 20;
    return [
      element("rect", {
        x: at,
        y: y - 6,
        width: 12,
        height: 12,
        rx: 3,
        "stroke-width": 1.2,
        "fill-opacity": 0.24,
        ...brush.paint({ fill: role, stroke: role }),
      }),
      text(brush, says, { x: at + 18, y: y + 0.35 * SIZES.label }),
    ];
  });
}

registerStyle("program", { options: [], direction: "down", render });
