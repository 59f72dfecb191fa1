// A diagram as data: what is drawn, before it has a place.
import type { Shape } from "../tensor/shape.js";
import { sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * `observed`: a variable that is given. `computed`: a variable that a function gives. `module`, `op`: functions.
 * `cost`: a function whose scalar result is not drawn. `parameter`: a parameter of several functions. `average`: over
 * the samples of a set.
 */
export type NodeKind = "observed" | "computed" | "module" | "op" | "cost" | "parameter" | "average";

/** A parameter or buffer at the function that it belongs to. */
export interface Held {
  readonly name: string;
  readonly shape: Shape;
  readonly tensor: Tensor;
  /** Whether it is not trained: a buffer, or frozen. */
  readonly isFixed: boolean;
}

export interface DiagramNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** What it is called: "m0", "relu", "x". */
  name: string;
  /** More lines: the class of a module, a weight of a cost. */
  readonly detail?: string;
  /** The parameters that only this function has. */
  parameters: readonly Held[];
  /** The frame that it stands in; null: none. */
  readonly group: string | null;
  /** The shape of a variable. */
  readonly shape?: Shape;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "data" | "parameter";
  /** What flows. */
  readonly shape: Shape;
}

/** A frame around what belongs together: a module that is opened, a player's cost, a set of samples. */
export interface DiagramGroup {
  readonly id: string;
  readonly kind: "module" | "plate";
  name: string;
  readonly detail?: string;
  readonly parent: string | null;
}

export interface Diagram {
  readonly nodes: DiagramNode[];
  readonly edges: DiagramEdge[];
  readonly groups: DiagramGroup[];
}

/** A name with an index, z₁₂. */
export const indexed = (name: string, index: number): string =>
  name + Array.from(String(index), (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");

/** The nodes by id. */
export const nodesById = ({ nodes }: Diagram): ReadonlyMap<string, DiagramNode> =>
  new Map(nodes.map((node) => [node.id, node]));

export const isFunction = ({ kind }: DiagramNode): boolean => kind === "module" || kind === "op";

/**
 * The diagram with a variable z₁, z₂, … after each function whose result goes to a module or a cost, or to several
 * functions. It goes to them from there.
 * @param areAll whether every function whose result goes anywhere gets one.
 */
export function withStates({ nodes, edges, groups }: Diagram, areAll = false): Diagram {
  const kinds = new Map(nodes.map((node) => [node.id, node]));
  const needs = (from: DiagramNode): boolean => {
    const out = edges.filter((edge) => edge.from === from.id && edge.kind === "data");
    const to = out.map((edge) => kinds.get(edge.to) as DiagramNode);
    if (areAll) return isFunction(from) && to.some(({ kind }) => kind !== "computed");
    const isShown = out.length > 1 || to.some(({ kind }) => kind === "module" || kind === "cost");
    return (
      isShown && isFunction(from) && out.every(({ shape }) => sameShape(shape, (out[0] as DiagramEdge).shape))
    );
  };
  const states = new Map<string, DiagramNode>();
  for (const node of nodes) {
    if (!needs(node)) continue;
    const shape = (edges.find((edge) => edge.from === node.id) as DiagramEdge).shape;
    const number = states.size + 1;
    states.set(node.id, {
      id: `z${number}`,
      kind: "computed",
      name: indexed("z", number),
      parameters: [],
      group: node.group,
      shape,
    });
  }
  const moved = edges.map((edge) => {
    const state = edge.kind === "data" ? states.get(edge.from) : undefined;
    return state === undefined ? edge : { ...edge, from: state.id };
  });
  const added = Array.from(states, ([from, { id, shape }]): DiagramEdge => {
    return { from, to: id, kind: "data", shape: shape as Shape };
  });
  const all = nodes.flatMap((node) => {
    const state = states.get(node.id);
    return state === undefined ? [node] : [node, state];
  });
  return { nodes: all, edges: [...added, ...moved], groups };
}
