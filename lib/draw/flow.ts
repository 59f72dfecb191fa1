// From a recorded run to a diagram: which function's result goes to which.
import type { Composition, RandomSource, RecordedWithin, Stretch } from "../context/trace.js";
import { instructionName } from "../native/instructions.js";
import type { AnyModule } from "../nn/module.js";
import { bufferSlotsOf, slotsOf } from "../nn/named.js";
import { type ModuleCall, type RecordedRun, tensorsIn } from "../nn/record.js";
import { kindOf } from "../nn/show.js";
import type { DType } from "../tensor/dtype.js";
import { type Shape, sameShape, type TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { layerOf } from "../train/gradient-norms.js";
import type { Diagram, DiagramEdge, DiagramGroup, DiagramNode, Held } from "./diagram.js";

/** How far a module is opened. */
export type Opening = "closed" | "parts" | "ops";

/** A part of a run that is no module's call. */
export interface Section extends Stretch {
  readonly name: string;
  readonly detail?: string;
  /** `cost`: drawn as one square. `player`: a frame, with the cost of a player at its end. */
  readonly kind: "cost" | "player";
  readonly inputs: readonly Tensor[];
  readonly output: Tensor | null;
  /** Computes it again, with other tensors in the places of those of the run. */
  readonly replay?: (of: (tensor: Tensor) => Tensor) => Tensor;
}

/** A variable that is given. */
export interface Given {
  readonly name: string;
  readonly tensor: Tensor;
}

export interface FlowOptions {
  /** How far the call is opened. */
  readonly openingOf: (call: ModuleCall) => Opening;
  /** Given variables; those that nothing reads are not drawn unless `isShown`. */
  readonly given: readonly Given[];
  /** Variables that are the results, and go on from the end of the outermost call. */
  readonly results: readonly Given[];
  readonly sections: readonly Section[];
  /** The modules with the names that they have in the run. */
  readonly modules: readonly (readonly [name: string, module: AnyModule])[];
  /** Parameters of no module. Default: none. */
  readonly tensors?: readonly (readonly [name: string, tensor: Tensor])[];
}

/** What happens in a run, as a tree: calls, sections, and between them instructions. */
interface Happening extends Stretch {
  readonly call?: ModuleCall;
  readonly section?: Section;
  readonly composition?: Composition;
  readonly within: Happening[];
}

export interface Flow {
  readonly diagram: Diagram;
  /** The call, section or instruction that a node stands for. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Which of the given variables a node is. */
  readonly givenAt: ReadonlyMap<string, number>;
  /** What each node reads of others, as the run had it. */
  readonly reads: ReadonlyMap<string, readonly Read[]>;
  /** What each node gives, as the run had it. */
  readonly gives: ReadonlyMap<string, readonly Tensor[]>;
  /** The parameters and buffers that each node reads. */
  readonly held: ReadonlyMap<string, readonly Held[]>;
  /** What the run draws random numbers from. */
  readonly sources: readonly RandomSource[];
}

export interface Read {
  readonly from: string;
  readonly tensor: Tensor;
}

export type Origin =
  | { readonly kind: "call"; readonly call: ModuleCall }
  | { readonly kind: "section"; readonly section: Section }
  /** `isFirst`: what it writes had no values before. */
  | { readonly kind: "instruction"; readonly recorded: RecordedWithin; readonly isFirst: boolean }
  | { readonly kind: "composition"; readonly composition: Composition }
  | { readonly kind: "reshape"; readonly to: Tensor };

export function flowOf(run: RecordedRun<unknown>, options: FlowOptions): Flow {
  const flow = new FlowBuilder(run, options);
  flow.run();
  const diagram = flow.diagram();
  const { origins, givenAt, reads, gives } = flow;
  const drawn = run.instructions.flatMap((recorded) => recorded.drawn?.source ?? []);
  return { diagram, origins, givenAt, reads, gives, held: flow.heldByNode(), sources: [...new Set(drawn)] };
}

/** What a function whose inside is not shown takes and gives, and the frame in which it stands. */
interface Outside {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly group: string | null;
}

/** Where a value came from. */
interface Source {
  readonly node: string;
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly result?: Storage;
  /** How much was given before. */
  readonly order: number;
}

class FlowBuilder {
  readonly origins = new Map<string, Origin>();
  readonly givenAt = new Map<string, number>();
  readonly reads = new Map<string, Read[]>();
  readonly gives = new Map<string, Tensor[]>();
  readonly #run: RecordedRun<unknown>;
  readonly #options: FlowOptions;
  readonly #nodes: DiagramNode[] = [];
  readonly #edges: DiagramEdge[] = [];
  readonly #groups: DiagramGroup[] = [];
  /** The last function that gave a tensor, the last that wrote its memory, and the last that gave any view of it. */
  readonly #byTensor = new Map<Tensor, Source>();
  readonly #byWrite = new Map<Storage, Source>();
  readonly #byStorage = new Map<Storage, Source>();
  /** Parameters and buffers, by memory, and the functions that read them. */
  readonly #held = new Map<Storage, Held>();
  readonly #readers = new Map<Storage, string[]>();
  readonly #names: ReadonlyMap<AnyModule, string>;
  /** Where generators keep how far they are: no variables of the model. */
  readonly #states: ReadonlySet<Storage | undefined>;

  constructor(run: RecordedRun<unknown>, options: FlowOptions) {
    this.#run = run;
    this.#options = options;
    // The state is the first operand of an instruction that draws.
    this.#states = new Set(
      run.instructions.flatMap(({ drawn, operands }) => (drawn ? [operands[0]?.storage] : [])),
    );
    this.#names = new Map(options.modules.map(([name, module]) => [module, name]));
    for (const [name, module] of options.modules) this.#hold(name, module);
    for (const [name, tensor] of options.tensors ?? []) {
      this.#held.set(tensor.storage, { name, shape: tensor.shape, tensor, isFixed: false });
    }
  }

  #hold(prefix: string, module: AnyModule): void {
    const slots = [
      ...Array.from(slotsOf(module), ({ name, parameter }) => ({
        name,
        held: parameter,
        isFixed: !parameter.requiresGrad,
      })),
      ...Array.from(bufferSlotsOf(module), ({ name, buffer }) => ({ name, held: buffer, isFixed: true })),
    ];
    for (const { name, held, isFixed } of slots) {
      if (this.#held.has(held.storage)) continue;
      const whole = prefix === "" ? name : `${prefix}.${name}`;
      this.#held.set(held.storage, { name: whole, shape: held.shape, tensor: held, isFixed });
    }
  }

  run(): void {
    for (const [i, { name, tensor }] of this.#options.given.entries()) {
      const id = this.#add({ kind: "observed", name, ...specOf(tensor) }, null);
      this.givenAt.set(id, i);
      this.#give(id, tensor);
    }
    this.#walk({ begin: 0, end: this.#run.instructions.length, within: this.#tree() }, null);
    this.#results();
  }

  #hasResults = false;

  #results(): void {
    if (this.#hasResults) return;
    this.#hasResults = true;
    for (const { name, tensor } of this.#options.results) {
      const from = this.#sourceOf(tensor);
      const id = this.#add({ kind: "computed", name, ...specOf(tensor) }, null);
      if (from !== undefined) {
        const source = this.#inShape(from, tensor, null);
        this.#noteRead(id, source.node, tensor);
        this.#edge(source, id, tensor.shape);
      }
      this.#give(id, tensor);
    }
  }

  diagram(): Diagram {
    this.#placeParameters();
    this.#shorten();
    const read = new Set(this.#edges.map(({ from }) => from));
    const nodes = this.#nodes.filter(({ id, kind }) => kind !== "observed" || read.has(id));
    return { nodes, edges: this.#edges, groups: this.#groups };
  }

  /** Calls, sections and compositions as a tree, from their depths. */
  #tree(): Happening[] {
    const all: Happening[] = [
      ...this.#run.calls.map((call) => ({ ...pick(call), call, within: [] })),
      ...this.#options.sections.map((section) => ({ ...pick(section), section, within: [] })),
      ...this.#run.compositions.map((one) => ({ ...pick(one), composition: one, within: [] })),
    ].sort((a, b) => a.order - b.order);
    const roots: Happening[] = [];
    const above: Happening[] = [];
    for (const one of all) {
      while (above.length > 0 && (above.at(-1) as Happening).depth >= one.depth) above.pop();
      (above.at(-1)?.within ?? roots).push(one);
      above.push(one);
    }
    return roots;
  }

  /** The instructions of a stretch that are of nothing within it, and what is within, in order. */
  #walk({ begin, end, within }: Pick<Happening, "begin" | "end" | "within">, group: string | null): void {
    let at = begin;
    const until = (stop: number): void => {
      for (; at < stop; at++) this.#instruction(this.#run.instructions[at] as RecordedWithin, group);
    };
    for (const one of within) {
      until(one.begin);
      this.#happening(one, group);
      at = Math.max(at, one.end);
    }
    until(end);
  }

  #happening(one: Happening, group: string | null): void {
    const { call, section, composition } = one;
    if (section?.kind === "cost") this.#cost(section, one, group);
    else if (section !== undefined) this.#player(section, one, group);
    else if (call !== undefined) this.#call(call, one, group);
    else if (composition !== undefined) this.#composition(composition, one, group);
    if (call !== undefined && one.depth === 0) this.#results();
  }

  #call(call: ModuleCall, one: Happening, group: string | null): void {
    const [name, detail] = this.#titleOf(call);
    const opening = this.#options.openingOf(call);
    if (opening !== "closed") {
      const isWhole = one.depth === 0 && this.#names.get(call.module) === "";
      const outer = this.#opening;
      this.#opening = opening;
      this.#walk(one, isWhole ? group : this.#frame(name, detail, group));
      this.#opening = outer;
      return;
    }
    const id = this.#add({ kind: "module", name, ...(detail === undefined ? {} : { detail }) }, group);
    this.origins.set(id, { kind: "call", call });
    const { inputs, output } = call;
    this.#closed(id, one, { inputs: tensorsIn(inputs), outputs: tensorsIn(output), group });
  }

  /** How far the innermost call that is shown is opened. */
  #opening: Opening = "parts";

  /** An op that is made of others: one function, unless a module is opened to its ops. */
  #composition(composition: Composition, one: Happening, group: string | null): void {
    const { name, inputs, output, isWhole } = composition;
    if (this.#opening === "ops" && !isWhole) {
      this.#walk(one, group);
      return;
    }
    const id = this.#add({ kind: "op", name }, group);
    this.origins.set(id, { kind: "composition", composition });
    this.#closed(id, one, { inputs, outputs: [output], group });
  }

  /** A frame with a cost at its end, which takes in the ops that lead to nothing but it. */
  #player(section: Section, one: Happening, group: string | null): void {
    const { name, detail } = section;
    const frame = this.#frame(name, undefined, group);
    const before = this.#nodes.length;
    this.#walk(one, frame);
    const { output } = section;
    const source = output === null ? undefined : this.#sourceOf(output);
    const id = this.#add({ kind: "cost", name: "C", ...(detail === undefined ? {} : { detail }) }, frame);
    this.origins.set(id, { kind: "section", section });
    if (source !== undefined && output !== null) this.#edge(source, id, output.shape);
    this.#takeIn(id, new Set(this.#nodes.slice(before, -1).map((node) => node.id)));
  }

  /** Merges ops into a cost, where all that they give goes to it. */
  #takeIn(cost: string, own: ReadonlySet<string>): void {
    const ops = this.#nodes.filter(({ id, kind }) => own.has(id) && kind === "op").reverse();
    for (const { id } of ops) {
      const out = this.#edges.filter(({ from }) => from === id);
      if (!out.every(({ to }) => to === cost)) continue;
      const into = this.#edges.filter(({ to }) => to === id);
      this.#edges.splice(
        0,
        this.#edges.length,
        ...this.#edges.filter(({ from, to }) => from !== id && to !== id),
      );
      for (const { from, ...rest } of into) this.#edge({ node: from, ...rest }, cost, rest.shape);
      this.#nodes.splice(
        this.#nodes.findIndex((node) => node.id === id),
        1,
      );
      for (const [storage, readers] of this.#readers) {
        const others = readers.map((reader) => (reader === id ? cost : reader));
        this.#readers.set(storage, [...new Set(others)]);
      }
    }
  }

  #titleOf({ name, module }: ModuleCall): [name: string, detail?: string] {
    const kind = kindOf(module);
    return name === "" ? [kind] : [name, kind];
  }

  #cost(section: Section, one: Happening, group: string | null): void {
    const { name, detail } = section;
    const id = this.#add({ kind: "cost", name, ...(detail === undefined ? {} : { detail }) }, group);
    this.origins.set(id, { kind: "section", section });
    const outputs = section.output === null ? [] : [section.output];
    // A cost may leave some of the model's outputs alone.
    const operands = this.#run.instructions
      .slice(one.begin, one.end)
      .flatMap((recorded) => recorded.operands);
    const memory = new Set([...outputs, ...operands].map((tensor) => tensor?.storage));
    const read = section.inputs.filter(({ storage }) => memory.has(storage));
    this.#closed(id, one, { inputs: read.length === 0 ? section.inputs : read, outputs, group });
  }

  /** A function whose inside is not shown. */
  #closed(id: string, { begin, end }: Stretch, { inputs, outputs, group }: Outside): void {
    for (const tensor of inputs) this.#read(id, tensor, group);
    const seen = new Set(inputs.map(({ storage }) => storage));
    const written: Tensor[] = [];
    for (const recorded of this.#run.instructions.slice(begin, end)) {
      for (const operand of recorded.operands) {
        if (operand === null || seen.has(operand.storage) || recorded.written.includes(operand)) continue;
        seen.add(operand.storage);
        this.#read(id, operand);
      }
      for (const own of recorded.written) {
        seen.add(own.storage);
        written.push(own);
      }
    }
    for (const tensor of written) this.#write(id, tensor);
    // What it gives, after what it wrote on the way.
    this.gives.set(id, []);
    for (const tensor of outputs) this.#give(id, tensor);
  }

  #instruction(recorded: RecordedWithin, group: string | null): void {
    const { applied, instruction, operands, written } = recorded;
    const results = written.filter(({ storage }) => storage.isSymbolic && !this.#states.has(storage));
    if (results.length === 0) return;
    const id = this.#add({ kind: "op", name: applied?.op.name ?? instructionName(instruction) }, group);
    const isFirst = written.every((tensor) => this.#sourceOf(tensor) === undefined);
    this.origins.set(id, { kind: "instruction", recorded, isFirst });
    const read = operands.filter((operand) => operand !== null && !written.includes(operand)) as Tensor[];
    for (const operand of read) this.#read(id, operand, group);
    for (const [i, edge] of this.#edges.entries()) {
      if (edge.to !== id) continue;
      const times = read.filter(({ storage }) => storage === edge.result).length;
      if (times > 1) this.#edges[i] = { ...edge, times };
    }
    for (const tensor of results) this.#write(id, tensor);
  }

  /** @param group the frame in which another shape of a value is shown as an op; undefined: nowhere. */
  #read(id: string, tensor: Tensor, group?: string | null): void {
    const source = this.#sourceOf(tensor);
    if (source !== undefined) {
      if (source.node === id) return;
      const from = this.#inShape(source, tensor, group);
      this.#noteRead(id, from.node, tensor);
      this.#edge(from, id, tensor.shape);
    } else if (this.#held.has(tensor.storage)) {
      const readers = this.#readers.get(tensor.storage) ?? [];
      if (!readers.includes(id)) readers.push(id);
      this.#readers.set(tensor.storage, readers);
    }
  }

  #inShape(source: Source, tensor: Tensor, group: string | null | undefined): Source {
    if (group === undefined || sameShape(source.shape, tensor.shape)) return source;
    const node = this.#add({ kind: "op", name: "reshape" }, group);
    this.origins.set(node, { kind: "reshape", to: tensor });
    this.#noteRead(node, source.node, tensor);
    this.gives.set(node, [tensor]);
    this.#edge(source, node, source.shape);
    const reshaped = { node, ...specOf(tensor), result: tensor.storage, order: this.#given++ };
    this.#byTensor.set(tensor, reshaped);
    return reshaped;
  }

  #edge({ node: from, dtype, result }: Omit<Source, "order">, to: string, shape: Shape): void {
    const isThere = this.#edges.some(
      (edge) => edge.from === from && edge.to === to && edge.result === result,
    );
    if (isThere) return;
    const what = { ...(dtype && { dtype }), ...(result && { result }) };
    this.#edges.push({ from, to, kind: "data", shape, ...what });
  }

  #noteRead(id: string, from: string, tensor: Tensor): void {
    this.reads.set(id, [...(this.reads.get(id) ?? []), { from, tensor }]);
  }

  heldByNode(): Map<string, Held[]> {
    const found = new Map<string, Held[]>();
    for (const [storage, readers] of this.#readers) {
      const held = this.#held.get(storage) as Held;
      for (const id of readers) found.set(id, [...(found.get(id) ?? []), held]);
    }
    return found;
  }

  /** What gave it or the tensor that it is a view of, or what has written its memory since. */
  #sourceOf(tensor: Tensor): Source | undefined {
    let given = this.#byTensor.get(tensor);
    for (let base = this.#run.views.get(tensor); given === undefined && base !== undefined; ) {
      given = this.#byTensor.get(base);
      base = this.#run.views.get(base);
    }
    const written = this.#byWrite.get(tensor.storage);
    if (given === undefined) return written ?? this.#byStorage.get(tensor.storage);
    return written !== undefined && written.order > given.order ? written : given;
  }

  #given = 0;

  #give(node: string, tensor: Tensor): Source {
    this.gives.set(node, [...(this.gives.get(node) ?? []), tensor]);
    const source = { node, ...specOf(tensor), result: tensor.storage, order: this.#given++ };
    this.#byTensor.set(tensor, source);
    this.#byStorage.set(tensor.storage, source);
    return source;
  }

  #write(node: string, tensor: Tensor): void {
    this.#byWrite.set(tensor.storage, this.#give(node, tensor));
  }

  #frame(name: string, detail: string | undefined, parent: string | null): string {
    const id = `g${this.#groups.length + 1}`;
    this.#groups.push({ id, kind: "module", name, ...(detail === undefined ? {} : { detail }), parent });
    return id;
  }

  #lastNode = 0;

  #add(node: Omit<DiagramNode, "id" | "group" | "parameters">, group: string | null): string {
    const id = `n${++this.#lastNode}`;
    this.#nodes.push({ ...node, id, group, parameters: [] });
    return id;
  }

  /** Parameters at the one function that reads them; those of several as nodes of their own. */
  #placeParameters(): void {
    const groups = new Map<string, { readers: readonly string[]; held: Held[] }>();
    for (const [storage, readers] of this.#readers) {
      const key = readers.join(" ");
      const group = groups.get(key) ?? { readers, held: [] };
      group.held.push(this.#held.get(storage) as Held);
      groups.set(key, group);
    }
    for (const { readers, held } of groups.values()) {
      const only = readers.length === 1 ? this.#nodes.find(({ id }) => id === readers[0]) : undefined;
      if (only === undefined) this.#share(held, readers);
      else this.#hang(only, held, only.name);
    }
  }

  #hang(node: DiagramNode, held: readonly Held[], owner: string): void {
    node.parameters = shortNames(held, owner);
    const trained = held.filter(({ isFixed }) => !isFixed);
    if (trained.length > 0) node.layers = [...new Set(trained.map(({ name }) => layerOf(name)))];
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
    for (const node of this.#nodes) {
      node.name = within(node.name, node.group);
      node.parameters = node.parameters.map((held) => ({ ...held, name: within(held.name, node.group) }));
    }
  }

  #share(held: readonly Held[], readers: readonly string[]): void {
    const owner = commonPrefix(held.map(({ name }) => name.split(".").slice(0, -1))).join(".");
    const id = this.#add({ kind: "parameter", name: owner }, null);
    this.#hang(this.#nodes.at(-1) as DiagramNode, held, owner);
    for (const to of readers) this.#edges.push({ from: id, to, kind: "parameter", shape: [] });
  }
}

const specOf = ({ shape, dtype }: Tensor): TensorSpec => ({ shape, dtype });

const pick = ({ begin, end, order, depth }: Stretch): Stretch => ({
  begin,
  end,
  order,
  depth,
});

function commonPrefix(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  const end = first.findIndex((part, i) => others.some((list) => list[i] !== part));
  return end < 0 ? [...first] : first.slice(0, end);
}

/** "m0.weight" at the module m0: "weight". */
const shortNames = (held: readonly Held[], owner: string): Held[] =>
  held.map((one) => ({
    ...one,
    name: one.name.startsWith(`${owner}.`) ? one.name.slice(owner.length + 1) : one.name,
  }));
