// A diagram as data: what is drawn, before it has a place.
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import { sameShape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * `observed`: a variable that is given. `computed`: a variable that a function gives. `module`, `op`: functions.
 * `cost`: a function whose scalar result is not drawn. `parameter`: a parameter of several functions. `sum`: of
 * costs, over targets or over the samples of a set.
 */
export type NodeKind = "observed" | "computed" | "module" | "op" | "cost" | "parameter" | "sum";

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
  /** The modules whose trained parameters these are, by their names in the model. Default: none. */
  layers?: readonly string[];
  /** The frame that it stands in; null: none. */
  readonly group: string | null;
  /** The shape of a variable. */
  readonly shape?: Shape;
  /** The dtype of a variable. */
  readonly dtype?: DType | undefined;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "data" | "parameter";
  /** What flows. */
  readonly shape: Shape;
  readonly dtype?: DType;
  /** The memory of what flows: which of several results of a function it is. */
  readonly result?: Storage;
  /** How often the op reads it: twice in x·x. Default: once. */
  readonly times?: number;
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
export const nodesById = ({ nodes }: Pick<Diagram, "nodes">): ReadonlyMap<string, DiagramNode> =>
  new Map(nodes.map((node) => [node.id, node]));

export const isFunction = ({ kind }: DiagramNode): boolean => kind === "module" || kind === "op";

/**
 * The diagram with a variable z₁, z₂, … after each function whose result goes to a module or a cost, or to several
 * functions. It goes to them from there. Each of several results has a variable of its own.
 * @param areAll whether every result of a function that goes anywhere gets one.
 */
export function withStates({ nodes, edges, groups }: Diagram, areAll = false): Diagram {
  const byId = nodesById({ nodes });
  /** @param out the edges of one result. */
  const needs = (out: readonly DiagramEdge[], isOneOfSeveral: boolean): boolean => {
    const to = out.map((edge) => byId.get(edge.to) as DiagramNode);
    const isComputedWith = to.some(({ kind }) => kind !== "computed");
    if (areAll) return isComputedWith;
    const isShown =
      out.length > 1 ||
      (isOneOfSeveral && isComputedWith) ||
      to.some(({ kind }) => kind === "module" || kind === "cost");
    return isShown && out.every(({ shape }) => sameShape(shape, (out[0] as DiagramEdge).shape));
  };
  const added: DiagramEdge[] = [];
  const moved = new Map<DiagramEdge, string>();
  const all = nodes.flatMap((node) => {
    if (!isFunction(node)) return [node];
    const results = resultsOf(node.id, edges);
    const states = results
      .filter((out) => needs(out, results.length > 1))
      .map((out): DiagramNode => {
        const first = out[0] as DiagramEdge;
        const number = added.length + 1;
        const id = `z${number}`;
        added.push({ ...first, to: id, times: 1 });
        for (const edge of out) moved.set(edge, id);
        const { shape, dtype } = first;
        return {
          id,
          kind: "computed",
          name: indexed("z", number),
          parameters: [],
          group: node.group,
          shape,
          dtype,
        };
      });
    return [node, ...states];
  });
  const rest = edges.map((edge) => ({ ...edge, from: moved.get(edge) ?? edge.from }));
  return { nodes: all, edges: [...added, ...rest], groups };
}

/** The edges of each result of a function. */
export function resultsOf(id: string, edges: readonly DiagramEdge[]): DiagramEdge[][] {
  const found = new Map<Storage | undefined, DiagramEdge[]>();
  for (const edge of edges) {
    if (edge.from !== id || edge.kind !== "data") continue;
    const own = found.get(edge.result) ?? [];
    own.push(edge);
    found.set(edge.result, own);
  }
  return [...found.values()];
}
