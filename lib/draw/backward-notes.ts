// What the style "backward" writes at each node: gradients, Jacobians and perturbations, their shapes and their numbers.
import { type DType, isFloat } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { counting, TOTAL, type WeightedCost } from "./costs.js";
import {
  type Diagram,
  type DiagramEdge,
  type DiagramNode,
  isFunction,
  nodesById,
  resultsOf,
} from "./diagram.js";
import type { Note } from "./figures.js";
import type { Flow } from "./flow.js";
import { isSmall, matrixLines, rowText, shortNumber } from "./matrix-text.js";
import type { Replay } from "./replay.js";

interface Shown {
  readonly hasValues: boolean;
  readonly isPerturbed: boolean;
  readonly costs: readonly WeightedCost[];
}

/** Of a formula in one line, so that functions stay narrow. */
const MOST_LETTERS = 30;

/** The lines at each node. */
export class Annotations {
  readonly all = new Map<string, Note[]>();
  readonly #flow: Flow;
  readonly #diagram: Diagram;
  readonly #replay: Replay | null;
  readonly #shown: Shown;
  readonly #nodes: ReadonlyMap<string, DiagramNode>;
  /** Nodes that the gradient reaches: it flows from the cost, or from the results. */
  readonly #reached = new Set<string>();
  /** Nodes that a perturbation of the inputs reaches. */
  readonly #moved = new Set<string>();

  constructor(flow: Flow, diagram: Diagram, replay: Replay | null, shown: Shown) {
    this.#flow = flow;
    this.#diagram = diagram;
    this.#replay = replay;
    this.#shown = shown;
    this.#nodes = nodesById(diagram);
    this.#reach();
    for (const node of diagram.nodes) {
      const lines = isFunction(node) ? this.#atFunction(node) : this.#atVariable(node);
      if (lines.length > 0) this.all.set(node.id, lines);
    }
  }

  #reach(): void {
    const { nodes, edges } = this.#diagram;
    const ends = [...counting(this.#shown.costs).keys()];
    const results = nodes.filter(
      ({ id, kind, dtype }) =>
        kind === "computed" && isSmooth({ dtype }) && !edges.some(({ from }) => from === id),
    );
    const back = ends.length > 0 ? ends : results.map(({ id }) => id);
    this.#reached.add(TOTAL);
    for (let id = back.pop(); id !== undefined; id = back.pop()) {
      if (this.#reached.has(id)) continue;
      this.#reached.add(id);
      for (const edge of edges) {
        if (edge.to === id && edge.kind === "data" && isSmooth(edge)) back.push(edge.from);
      }
    }
    const on = nodes
      .filter(({ id, kind }) => kind === "observed" && this.#replay?.changes.has(id))
      .map(({ id }) => id);
    for (let id = on.pop(); id !== undefined; id = on.pop()) {
      const out = edges.filter(({ from }) => from === id);
      if (this.#moved.has(id) || (out.length > 0 && !out.some(isSmooth))) continue;
      this.#moved.add(id);
      for (const edge of out) if (isSmooth(edge)) on.push(edge.to);
    }
  }

  /** Targets are given: nobody asks for the gradient with respect to them. */
  #isTarget(id: string): boolean {
    const readers = this.#diagram.edges
      .filter(({ from }) => from === id)
      .map(({ to }) => this.#nodes.get(to)?.kind);
    return this.#nodes.get(id)?.kind === "observed" && readers.every((kind) => kind === "cost");
  }

  flowsBack(edge: DiagramEdge): boolean {
    const { from, to, kind } = edge;
    return (
      kind === "data" &&
      isSmooth(edge) &&
      this.#reached.has(from) &&
      this.#reached.has(to) &&
      !this.#isTarget(from)
    );
  }

  flowsOn(edge: DiagramEdge): boolean {
    const { from, to } = edge;
    return isSmooth(edge) && this.#moved.has(from) && this.#moved.has(to);
  }

  words(): string {
    const lines = this.#diagram.nodes.flatMap(({ id, name }) => {
      const own = (this.all.get(id) ?? []).map(({ text }) => text);
      return own.length === 0 ? [] : [`At ${name}: ${own.join("; ")}.`];
    });
    return lines.join(" ");
  }

  /** The node of the run for a variable: z₂ stands for the function before it. */
  #source(id: string): string {
    if (this.#flow.gives.has(id)) return id;
    return this.#diagram.edges.find(({ to }) => to === id)?.from ?? id;
  }

  /** The variables that a function gives: one for each result that has one. */
  #outputsOf(id: string): DiagramNode[] {
    return resultsOf(id, this.#diagram.edges).flatMap(([edge]) => {
      const node = edge === undefined ? undefined : this.#nodes.get(edge.to);
      return node?.kind === "computed" && isSmooth(node) ? [node] : [];
    });
  }

  #atVariable({ id, name, kind, shape }: DiagramNode): Note[] {
    const { hasValues, isPerturbed, costs } = this.#shown;
    if (kind === "sum") return this.#atNumber(name, (of) => this.#weighted(of), null);
    const source = this.#source(id);
    if (kind === "cost") {
      const { weight = null } = costs.find(({ node }) => node.id === id) ?? {};
      return this.#atNumber(name, (of) => of.get(source)?.item(), weight);
    }
    if (shape === undefined) return [];
    const size = sizeOf(shape);
    const value = hasValues ? this.#replay?.values.get(source) : undefined;
    const lines =
      value === undefined || !isSmall(1, size) ? [] : [note(`${name} = ${rowText(value)}`, "ink")];
    if (this.#reached.has(id) && !this.#isTarget(id)) {
      const gradient = hasValues ? this.#replay?.gradients.get(source) : undefined;
      lines.push(note(`∂C/∂${name} [1 × ${size}]`, "gradient"));
      if (gradient !== undefined) lines.push(note(`= ${rowText(gradient)}`, "gradient"));
    }
    const change = isPerturbed ? this.#replay?.changes.get(source) : undefined;
    if (change !== undefined) {
      lines.push(note(`d${name} [${size} × 1]`, "perturbation"));
      lines.push(note(`= ${rowText(change)}`, "perturbation"));
    }
    return lines;
  }

  /**
   * The lines at a cost, or at the sum of the costs.
   * @param of finds the node's number in a map of all nodes. @param weight the weight of the cost in the sum.
   */
  #atNumber(
    name: string,
    of: (all: ReadonlyMap<string, Tensor>) => number | undefined,
    weight: number | null,
  ): Note[] {
    if (this.#replay === null) return weight === null ? [] : [note(slopeOf(name, weight), "gradient")];
    const { values, changes } = this.#replay;
    const [value, change] = [this.#shown.hasValues ? of(values) : undefined, of(changes)];
    return [
      ...(value === undefined ? [] : [note(`= ${shortNumber(value)}`, "ink")]),
      ...(weight === null ? [] : [note(slopeOf(name, weight), "gradient")]),
      ...(change === undefined ? [] : [note(`d${name} = ${shortNumber(change)}`, "perturbation")]),
    ];
  }

  /** Σ wᵢ·aᵢ over the costs that count and have a number; undefined if none has. */
  #weighted(all: ReadonlyMap<string, Tensor>): number | undefined {
    const own = [...counting(this.#shown.costs)].flatMap(([id, weight]) => {
      const number = all.get(id)?.item();
      return number === undefined ? [] : [weight * number];
    });
    return own.length === 0 ? undefined : own.reduce((sum, one) => sum + one);
  }

  #atFunction({ id }: DiagramNode): Note[] {
    return this.#outputsOf(id).flatMap((output) => this.#derivatives(id, output));
  }

  #derivatives(id: string, { name: g, shape }: DiagramNode): Note[] {
    const rows = sizeOf(shape ?? []);
    const inputs = this.#diagram.edges.filter(
      (edge) => edge.to === id && edge.kind === "data" && isSmooth(edge),
    );
    const states = inputs.flatMap(({ from, shape }) => {
      const f = this.#nodes.get(from)?.name ?? "";
      const columns = sizeOf(shape);
      return [
        note(`∂${g}/∂${f} [${rows} × ${columns}]`, "ink"),
        ...this.#numbers(rows, columns, (replay) => replay.jacobian(id, this.#source(from))),
        ...this.#product(id, g, f, rows, columns, this.#readers(from) > 1),
        ...this.#push(from, g, f, rows, columns),
      ];
    });
    const held = (this.#flow.held.get(id) ?? []).filter(({ isFixed }) => !isFixed);
    const weights = held.flatMap(({ tensor, name }) => {
      const w = name.split(".").at(-1) ?? name;
      return [
        note(`∂${g}/∂${w} [${rows} × ${tensor.size}]`, "ink"),
        ...this.#numbers(rows, tensor.size, (replay) => replay.weightJacobian(id, tensor)),
        ...this.#product(id, g, w, rows, tensor.size, this.#users(tensor) > 1),
      ];
    });
    return [...states, ...weights];
  }

  /** A Jacobian's rows, where they are few and short. */
  #numbers(rows: number, columns: number, matrix: (replay: Replay) => Tensor): Note[] {
    if (!this.#shown.hasValues || this.#replay === null || !isSmall(rows, columns)) return [];
    return matrixLines(matrix(this.#replay), rows, columns).map((line) => note(line, "soft"));
  }

  #readers(id: string): number {
    return this.#diagram.edges.filter((edge) => edge.from === id && isSmooth(edge)).length;
  }

  /** Number of functions that have a parameter. */
  #users(parameter: Tensor): number {
    const all = [...this.#flow.held.values()];
    return all.filter((held) => held.some(({ tensor }) => tensor === parameter)).length;
  }

  /** The row vector's product with a Jacobian. @param isSummand whether other functions add to the same gradient. */
  #product(id: string, g: string, f: string, rows: number, columns: number, isSummand: boolean): Note[] {
    if (!this.#reached.has(id)) return [];
    const [left, right] = [`∂C/∂${f}`, `${isSummand ? "+=" : "="} ∂C/∂${g} · ∂${g}/∂${f}`];
    const isLong = left.length + right.length > MOST_LETTERS;
    return [
      ...(isLong ? [left, right] : [`${left} ${right}`]).map((text) => note(text, "gradient")),
      note(`[1 × ${columns}] = [1 × ${rows}]·[${rows} × ${columns}]`, "gradient"),
    ];
  }

  /** The Jacobian's product with a perturbation. */
  #push(from: string, g: string, f: string, rows: number, columns: number): Note[] {
    if (!this.#moved.has(from)) return [];
    return [
      note(`d${g} = ∂${g}/∂${f} · d${f}`, "perturbation"),
      note(`[${rows} × 1] = [${rows} × ${columns}]·[${columns} × 1]`, "perturbation"),
    ];
  }
}

/** Whether derivatives with respect to it exist: it is no integer and no bool. */
const isSmooth = ({ dtype }: { readonly dtype?: DType | undefined }): boolean =>
  dtype === undefined || isFloat(dtype);

const slopeOf = (cost: string, weight: number): string => `∂C/∂${cost} = ${shortNumber(weight)}`;

const note = (text: string, role: Note["role"]): Note => ({ text, role });
