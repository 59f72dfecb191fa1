// From a recorded run to a diagram: which function's result goes to which.
import type { Composition, RandomSource, RecordedWithin, Stretch } from "../context/trace.js";
import { instructionName } from "../native/instructions.js";
import type { AnyModule } from "../nn/module.js";
import { type ModuleCall, type RecordedRun, tensorsIn } from "../nn/record.js";
import { kindOf } from "../nn/show.js";
import { type Shape, sameShape, type TensorSpec } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Diagram, Held } from "./diagram.js";
import { DiagramBuilder } from "./diagram-builder.js";
import { type Happening, happeningsOf } from "./happenings.js";
import { Parameters } from "./parameters.js";
import { type Source, Sources } from "./sources.js";

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

class FlowBuilder {
  readonly origins = new Map<string, Origin>();
  readonly givenAt = new Map<string, number>();
  readonly reads = new Map<string, Read[]>();
  readonly gives = new Map<string, Tensor[]>();
  readonly #run: RecordedRun<unknown>;
  readonly #options: FlowOptions;
  readonly #diagram = new DiagramBuilder();
  readonly #parameters = new Parameters();
  readonly #sources: Sources;
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
    this.#sources = new Sources(run.views);
    this.#names = new Map(options.modules.map(([name, module]) => [module, name]));
    for (const [name, module] of options.modules) this.#parameters.addModule(name, module);
    for (const [name, tensor] of options.tensors ?? []) this.#parameters.add(name, tensor);
  }

  run(): void {
    for (const [i, { name, tensor }] of this.#options.given.entries()) {
      const id = this.#diagram.add({ kind: "observed", name, ...specOf(tensor) }, null);
      this.givenAt.set(id, i);
      this.#give(id, tensor);
    }
    this.#walk(
      {
        begin: 0,
        end: this.#run.instructions.length,
        within: happeningsOf(this.#run, this.#options.sections),
      },
      null,
    );
    this.#results();
  }

  #hasResults = false;

  #results(): void {
    if (this.#hasResults) return;
    this.#hasResults = true;
    for (const { name, tensor } of this.#options.results) {
      const from = this.#sources.of(tensor);
      const id = this.#diagram.add({ kind: "computed", name, ...specOf(tensor) }, null);
      if (from !== undefined) {
        const source = this.#inShape(from, tensor, null);
        this.#noteRead(id, source.node, tensor);
        this.#edge(source, id, tensor.shape);
      }
      this.#give(id, tensor);
    }
  }

  diagram(): Diagram {
    return this.#diagram.diagram(this.#parameters);
  }

  heldByNode(): Map<string, Held[]> {
    return this.#parameters.byReader();
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
      this.#walk(one, isWhole ? group : this.#diagram.frame(name, detail, group));
      this.#opening = outer;
      return;
    }
    const id = this.#diagram.add(
      { kind: "module", name, ...(detail === undefined ? {} : { detail }) },
      group,
    );
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
    const id = this.#diagram.add({ kind: "op", name }, group);
    this.origins.set(id, { kind: "composition", composition });
    this.#closed(id, one, { inputs, outputs: [output], group });
  }

  /** A frame with a cost at its end, which takes in the ops that lead to nothing but it. */
  #player(section: Section, one: Happening, group: string | null): void {
    const { name, detail } = section;
    const frame = this.#diagram.frame(name, undefined, group);
    const before = this.#diagram.nodes.length;
    this.#walk(one, frame);
    const { output } = section;
    const source = output === null ? undefined : this.#sources.of(output);
    const id = this.#diagram.add(
      { kind: "cost", name: "C", ...(detail === undefined ? {} : { detail }) },
      frame,
    );
    this.origins.set(id, { kind: "section", section });
    if (source !== undefined && output !== null) this.#edge(source, id, output.shape);
    const own = new Set(this.#diagram.nodes.slice(before, -1).map((node) => node.id));
    for (const op of this.#diagram.takeIn(id, own)) this.#parameters.move(op, id);
  }

  #titleOf({ name, module }: ModuleCall): [name: string, detail?: string] {
    const kind = kindOf(module);
    return name === "" ? [kind] : [name, kind];
  }

  #cost(section: Section, one: Happening, group: string | null): void {
    const { name, detail } = section;
    const id = this.#diagram.add({ kind: "cost", name, ...(detail === undefined ? {} : { detail }) }, group);
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
    const id = this.#diagram.add(
      { kind: "op", name: applied?.op.name ?? instructionName(instruction) },
      group,
    );
    const isFirst = written.every((tensor) => this.#sources.of(tensor) === undefined);
    this.origins.set(id, { kind: "instruction", recorded, isFirst });
    const read = operands.filter((operand) => operand !== null && !written.includes(operand)) as Tensor[];
    for (const operand of read) this.#read(id, operand, group);
    this.#diagram.countReads(id, ({ result }) => read.filter(({ storage }) => storage === result).length);
    for (const tensor of results) this.#write(id, tensor);
  }

  /** @param group the frame in which another shape of a value is shown as an op; undefined: nowhere. */
  #read(id: string, tensor: Tensor, group?: string | null): void {
    const source = this.#sources.of(tensor);
    if (source !== undefined) {
      if (source.node === id) return;
      const from = this.#inShape(source, tensor, group);
      this.#noteRead(id, from.node, tensor);
      this.#edge(from, id, tensor.shape);
    } else {
      this.#parameters.read(id, tensor);
    }
  }

  #inShape(source: Source, tensor: Tensor, group: string | null | undefined): Source {
    if (group === undefined || sameShape(source.shape, tensor.shape)) return source;
    const node = this.#diagram.add({ kind: "op", name: "reshape" }, group);
    this.origins.set(node, { kind: "reshape", to: tensor });
    this.#noteRead(node, source.node, tensor);
    this.gives.set(node, [tensor]);
    this.#edge(source, node, source.shape);
    return this.#sources.reshape(node, tensor);
  }

  #edge({ node: from, dtype, result }: Source, to: string, shape: Shape): void {
    this.#diagram.edge({ from, to, kind: "data", shape, dtype, result });
  }

  #noteRead(id: string, from: string, tensor: Tensor): void {
    this.reads.set(id, [...(this.reads.get(id) ?? []), { from, tensor }]);
  }

  #give(node: string, tensor: Tensor): void {
    this.#noteGiven(node, tensor);
    this.#sources.give(node, tensor);
  }

  #write(node: string, tensor: Tensor): void {
    this.#noteGiven(node, tensor);
    this.#sources.write(node, tensor);
  }

  #noteGiven(node: string, tensor: Tensor): void {
    this.gives.set(node, [...(this.gives.get(node) ?? []), tensor]);
  }
}

const specOf = ({ shape, dtype }: Tensor): TensorSpec => ({ shape, dtype });
