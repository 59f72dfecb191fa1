// The lecture's diagram with what flows back: gradients at the variables, and the two Jacobians of each function.
import { ArgumentError, ShapeError } from "../errors.js";
import { tensorsIn } from "../nn/record.js";
import { kindOf } from "../nn/show.js";
import { checkFlag, checkFunction, describe } from "../options.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { format, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import {
  type Diagram,
  type DiagramEdge,
  type DiagramNode,
  isFunction,
  nodesById,
  resultsOf,
  withStates,
} from "./diagram.js";
import type { Flow } from "./flow.js";
import { isSmall, matrixLines, rowText, shortNumber } from "./matrix-text.js";
import { type Note, render } from "./render.js";
import { Replay } from "./replay.js";
import { type DrawRequest, registerStyle } from "./style.js";
import type { Drawing } from "./svg.js";
import { checkModel, NO_TARGETS, readArguments, type Scene, traceScene } from "./trace-model.js";
import { describeDiagram } from "./words.js";

declare module "./style.js" {
  interface Styles {
    backward: true;
  }
  interface DrawOptions {
    /** Of the style `"backward"`: the cost C(ȳ, y) whose gradient flows. Default: none, and the gradient begins at ȳ. */
    readonly cost?: (y: Tensor, target: Tensor) => Tensor;
    /** Of the style `"backward"`: the target y of the cost. */
    readonly target?: Tensor;
    /**
     * Of the style `"backward"`: whether the numbers of gradients and Jacobians are shown: all numbers of at most 6 × 6,
     * and the norm of longer gradients. Default: true if no variable has more than 6 elements.
     */
    readonly values?: boolean;
    /** Of the style `"backward"`: a change ds of the inputs, in their form, pushed through to each dz and to dC. */
    readonly perturbation?: Tensor | readonly Tensor[];
  }
}

const OPTIONS = ["cost", "target", "values", "perturbation"];
const MOST_ELEMENTS = 6;

function drawBackward({ where, model, input, options }: DrawRequest): Drawing {
  const module = checkModel(where, model);
  const args = readArguments(where, input);
  const { targets, terms, target } = readCost(where, options);
  const scene: Scene = { model: module, input: args, targets, terms, open: options.open };
  const flow = traceScene(where, scene);
  const changes = readPerturbation(where, options.perturbation, args.leaves);
  const diagram = withStates(flow.diagram, true);
  const variables = diagram.nodes.filter(({ shape }) => shape !== undefined);
  const isTiny = variables.every(({ shape }) => sizeOf(shape ?? []) <= MOST_ELEMENTS);
  const hasValues = options.values === undefined ? isTiny : checkFlag(where, "values", options.values);
  const observed = flow.diagram.nodes.filter(({ kind }) => kind === "observed");
  const at = [...args.leaves, ...(target === null ? [] : [target])];
  const given = new Map(
    observed.flatMap(({ id }) => {
      const tensor = at[flow.givenAt.get(id) ?? -1];
      return tensor === undefined ? [] : [[id, tensor] as const];
    }),
  );
  const replay = hasValues || changes !== null ? new Replay(where, flow, module, given) : null;
  const cost = flow.diagram.nodes.find(({ kind }) => kind === "cost");
  if (replay !== null && cost !== undefined) replay.pullBack(cost.id);
  if (replay !== null && changes !== null) {
    const moved = observed.flatMap(({ id }) => {
      const change = changes[flow.givenAt.get(id) ?? -1];
      return change === undefined ? [] : [[id, change] as const];
    });
    replay.pushForward(new Map(moved));
  }
  const notes = new Annotations(flow, diagram, replay, { hasValues, isPerturbed: changes !== null });
  return render(where, diagram, options.direction, {
    title: `${kindOf(module)} with what flows back`,
    description: `${describeDiagram(diagram, options.direction)} ${notes.words()}`,
    notes: notes.all,
    flowsBack: (edge) => notes.flowsBack(edge),
    flowsOn: (edge) => notes.flowsOn(edge),
  });
}

/** @throws ArgumentError */
function readCost(
  where: string,
  { cost, target }: DrawRequest["options"],
): Pick<Scene, "targets" | "terms"> & { readonly target: Tensor | null } {
  if (cost === undefined) {
    if (target === undefined) return { targets: NO_TARGETS, terms: [], target: null };
    throw new ArgumentError(`${where}: expected target only with a cost`);
  }
  checkFunction(where, "cost", cost);
  const y = target === undefined ? null : checkTensor(where, "target", target);
  const run = (output: unknown, targets: readonly Tensor[]): Tensor =>
    cost(output as Tensor, targets[0] as Tensor);
  const reads = (output: unknown, targets: readonly Tensor[]): Tensor[] => [...tensorsIn(output), ...targets];
  const detail = cost.name === "" || cost.name === "cost" ? {} : { detail: cost.name };
  return {
    targets: y === null ? NO_TARGETS : { leaves: [y], names: ["y"] },
    terms: [{ name: "C", ...detail, run, reads }],
    target: y,
  };
}

/** @throws ArgumentError, ShapeError */
function readPerturbation(
  where: string,
  given: unknown,
  inputs: readonly Tensor[],
): readonly Tensor[] | null {
  if (given === undefined) return null;
  const list = Array.isArray(given) ? Array.from(given) : [given];
  if (list.length !== inputs.length) {
    throw new ArgumentError(
      `${where}: expected perturbation to have a tensor for each of ${inputs.length} inputs, got ${describe(given)}`,
    );
  }
  return list.map((one, i) => {
    const change = checkTensor(where, "perturbation", one);
    const { shape, dtype } = inputs[i] as Tensor;
    if (!sameShape(change.shape, shape)) {
      throw new ShapeError(
        `${where}: expected perturbation to have the input's shape ${format(shape)}, got ${format(change.shape)}`,
      );
    }
    if (change.dtype === dtype && isFloat(dtype)) return change;
    throw new ArgumentError(`${where}: expected perturbation and input to be floats of one dtype`);
  });
}

interface Shown {
  readonly hasValues: boolean;
  readonly isPerturbed: boolean;
}

/** The lines at each node. */
class Annotations {
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
    const ends = nodes.filter(({ kind }) => kind === "cost");
    const results = nodes.filter(
      ({ id, kind, dtype }) =>
        kind === "computed" && isSmooth({ dtype }) && !edges.some(({ from }) => from === id),
    );
    const back = (ends.length > 0 ? ends : results).map(({ id }) => id);
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
    const { hasValues, isPerturbed } = this.#shown;
    const source = this.#source(id);
    if (kind === "cost") {
      const change = this.#replay?.changes.get(source);
      const value = hasValues ? this.#replay?.values.get(source) : undefined;
      return [
        ...(value === undefined ? [] : [note(`= ${shortNumber(value.item())}`, "ink")]),
        ...(change === undefined ? [] : [note(`dC = ${shortNumber(change.item())}`, "perturbation")]),
      ];
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
    return [
      note(`∂C/∂${f} ${isSummand ? "+=" : "="} ∂C/∂${g} · ∂${g}/∂${f}`, "gradient"),
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

const note = (text: string, role: Note["role"]): Note => ({ text, role });

registerStyle("backward", { options: OPTIONS, render: drawBackward });
