// The lecture's notation: variables are circles, functions are blocks with a rounded side, costs are squares.
import { kindOf } from "../nn/show.js";
import { checkFlag } from "../options.js";
import { type Diagram, isFunction, withStates } from "./diagram.js";
import { render } from "./render.js";
import { type DrawRequest, registerStyle } from "./style.js";
import type { Drawing } from "./svg.js";
import { checkModel, NO_TARGETS, readArguments, traceScene } from "./trace-model.js";
import { describeDiagram } from "./words.js";

declare module "./style.js" {
  interface Styles {
    block: true;
  }
  interface DrawOptions {
    /**
     * Whether the states z₁, z₂, … between functions are drawn as circles; otherwise their shapes stand at the edges.
     * Default: whether there are at most 16 functions.
     */
    readonly states?: boolean;
  }
}

/** Functions of a diagram that still has its states. */
const MOST_FUNCTIONS = 16;

/** The diagram with or without its states, as the option says. */
export function readStates(where: string, diagram: Diagram, states: unknown): Diagram {
  const isShown =
    states === undefined
      ? diagram.nodes.filter(isFunction).length <= MOST_FUNCTIONS
      : checkFlag(where, "states", states);
  return isShown ? withStates(diagram) : diagram;
}

function drawBlocks({ where, model, input, options }: DrawRequest): Drawing {
  const module = checkModel(where, model);
  const scene = { model: module, input: readArguments(where, input), targets: NO_TARGETS, terms: [] };
  const flow = traceScene(where, { ...scene, open: options.open });
  const diagram = readStates(where, flow.diagram, options.states);
  return render(where, diagram, options.direction, {
    title: `Block diagram of ${kindOf(module)}`,
    description: describeDiagram(diagram, options.direction),
  });
}

registerStyle("block", { options: ["states"], render: drawBlocks });
