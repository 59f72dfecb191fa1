// A diagram that grows: its nodes, edges and frames.
import type { Storage } from "../tensor/storage.js";
import type { Diagram, DiagramEdge, DiagramGroup, DiagramNode } from "./diagram.js";
import { hang, ownerOf, type Parameters } from "./parameters.js";

export class DiagramBuilder {
  readonly nodes: DiagramNode[] = [];
  readonly #groups: DiagramGroup[] = [];
  /** By their ends and what flows, in their order. */
  readonly #edges = new Map<string, DiagramEdge>();
  readonly #into = new Map<string, string[]>();
  readonly #numbers = new Map<Storage | undefined, number>();
  #lastNode = 0;

  add(node: Omit<DiagramNode, "id" | "group" | "parameters">, group: string | null): string {
    const id = `n${++this.#lastNode}`;
    this.nodes.push({ ...node, id, group, parameters: [] });
    return id;
  }

  frame(name: string, detail: string | undefined, parent: string | null): string {
    const id = `g${this.#groups.length + 1}`;
    this.#groups.push({ id, kind: "module", name, ...(detail === undefined ? {} : { detail }), parent });
    return id;
  }

  /** An edge, unless it is there. */
  edge(edge: DiagramEdge): void {
    const key = this.#keyOf(edge);
    if (this.#edges.has(key)) return;
    this.#edges.set(key, edge);
    const into = this.#into.get(edge.to) ?? [];
    into.push(key);
    this.#into.set(edge.to, into);
  }

  #keyOf({ from, to, result }: DiagramEdge): string {
    const number = this.#numbers.get(result) ?? this.#numbers.size;
    this.#numbers.set(result, number);
    return `${from} ${to} ${number}`;
  }

  /** Says of each edge to a node how often it is read. */
  countReads(id: string, timesOf: (edge: DiagramEdge) => number): void {
    for (const key of this.#into.get(id) ?? []) {
      const edge = this.#edges.get(key) as DiagramEdge;
      const times = timesOf(edge);
      if (times > 1) this.#edges.set(key, { ...edge, times });
    }
  }

  /**
   * Merges ops into a cost, where all that they give goes to it.
   * @returns the ops that are gone.
   */
  takeIn(cost: string, own: ReadonlySet<string>): string[] {
    const ops = this.nodes.filter(({ id, kind }) => own.has(id) && kind === "op").reverse();
    return ops.flatMap(({ id }) => {
      const edges = [...this.#edges];
      if (!edges.every(([, { from, to }]) => from !== id || to === cost)) return [];
      const touching = edges.filter(([, { from, to }]) => from === id || to === id);
      for (const [key, { to }] of touching) {
        this.#edges.delete(key);
        this.#into.set(
          to,
          (this.#into.get(to) ?? []).filter((other) => other !== key),
        );
      }
      for (const [, { from, to, times: _, ...what }] of touching) {
        if (to === id) this.edge({ from, to: cost, ...what });
      }
      this.nodes.splice(
        this.nodes.findIndex((node) => node.id === id),
        1,
      );
      return [id];
    });
  }

  /** The whole, without given variables that nothing reads. */
  diagram(parameters: Parameters): Diagram {
    this.#place(parameters);
    this.#shorten();
    const edges = [...this.#edges.values()];
    const read = new Set(edges.map(({ from }) => from));
    const nodes = this.nodes.filter(({ id, kind }) => kind !== "observed" || read.has(id));
    return { nodes, edges, groups: this.#groups };
  }

  /** Puts a parameter into the function that reads it. A parameter of several functions gets a node of its own. */
  #place(parameters: Parameters): void {
    const byId = new Map(this.nodes.map((node) => [node.id, node]));
    for (const { readers, held } of parameters.groups()) {
      const only = readers.length === 1 ? byId.get(readers[0] as string) : undefined;
      if (only !== undefined) {
        hang(only, held, only.name);
        continue;
      }
      const owner = ownerOf(held);
      const id = this.add({ kind: "parameter", name: owner }, null);
      hang(this.nodes.at(-1) as DiagramNode, held, owner);
      for (const to of readers) this.edge({ from: id, to, kind: "parameter", shape: [] });
    }
  }

  /** Leaves out of each name what the frames around it say. */
  #shorten(): void {
    const frames = new Map(this.#groups.map((group) => [group.id, group]));
    const whole = new Map(this.#groups.map(({ id, name }) => [id, name]));
    const within = (name: string, group: string | null): string => {
      for (let at = group; at !== null; at = frames.get(at)?.parent ?? null) {
        const prefix = `${whole.get(at)}.`;
        if (name.startsWith(prefix)) return name.slice(prefix.length);
      }
      return name;
    };
    for (const group of this.#groups) group.name = within(group.name, group.parent);
    for (const node of this.nodes) {
      node.name = within(node.name, node.group);
      node.parameters = node.parameters.map((held) => ({ ...held, name: within(held.name, node.group) }));
    }
  }
}
